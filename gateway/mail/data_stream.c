/*
 * The content of a message as it comes in.
 *
 * Content is never copied: runs of whole lines are given out as they lie in
 * the input, cut only where a stuffed dot is left out.  Neither needs
 * anything to be held back between two inputs: only the CR behind a dot
 * stays in, and what follows it is either the end or a fault.
 */
#include "gateway/mail/data_stream.h"

#include <string.h>

#include "gateway/mail/data_line_private.h"

enum state {
	LINE_START,	/* at the beginning, or behind CRLF */
	IN_LINE,
	AFTER_CR,
	AFTER_DOT,	/* behind a dot at the start of a line */
	AFTER_DOT_CR,
};

struct fault_row {
	uint32_t fault;
	const char *words;
};

/* Worst first: what smuggles mail before what merely breaks it. */
static const struct fault_row fault_rows[] = {
	{ DATA_STREAM_BARE_LF,
		"Line feed without carriage return in message" },
	{ DATA_STREAM_BARE_CR,
		"Carriage return without line feed in message" },
	{ DATA_STREAM_NUL, "NUL byte in message" },
	{ DATA_STREAM_LONG_LINE, "Line too long in message" },
};

void
data_stream_init(struct data_stream *stream, enum data_stream_kind kind,
	uint32_t line_max, bool nul_allowed)
{
	require(line_max <= DATA_STREAM_LINE_MAX);
	*stream = (struct data_stream){ .kind = (uint8_t)kind,
		.line_max = line_max, .nul_allowed = nul_allowed,
		.state = LINE_START };
}

static void
count_line(struct data_stream *stream, size_t len)
{
	if (len > stream->line_max - stream->line_len) {
		stream->faults |= DATA_STREAM_LONG_LINE;
		stream->line_len = stream->line_max;
	} else {
		stream->line_len += (uint32_t)len;
	}
}

static void
bare_cr(struct data_stream *stream)
{
	stream->faults |= DATA_STREAM_BARE_CR;
	count_line(stream, 1);
	stream->state = IN_LINE;
}

static void
end_line(struct data_stream *stream)
{
	stream->line_len = 0;
	stream->state = LINE_START;
}

static void
apply_line(struct data_stream *stream, const struct data_line *line)
{
	count_line(stream, line->text_len);
	if (line->has_bare_cr)
		stream->faults |= DATA_STREAM_BARE_CR;
	if (!line->has_lf) {
		stream->state = line->has_cr ? AFTER_CR : IN_LINE;
	} else if (line->has_cr) {
		end_line(stream);
	} else {
		/* RFC 5321 2.3.8: this ends no line, nor does a dot behind. */
		stream->faults |= DATA_STREAM_BARE_LF;
		count_line(stream, 1);
		stream->state = IN_LINE;
	}
}

/*
 * Content at the beginning of input: as far as no dot starts a line.  Its
 * length, above 0 unless the state alone moved on.
 */
static size_t
read_run(struct data_stream *stream, struct text input)
{
	bool dots = stream->kind == DATA_STREAM_DOTS;
	size_t at = 0;

	if (stream->state == AFTER_CR && input.data[0] == '\n') {
		end_line(stream);
		at = 1;
	} else if (stream->state == AFTER_CR) {
		bare_cr(stream);
	}
	while (at < input.len && !(dots && stream->state == LINE_START &&
	    input.data[at] == '.')) {
		struct data_line line = data_line_find(input.data + at,
			input.len - at);
		apply_line(stream, &line);
		at += line.len;
	}
	if (!stream->nul_allowed && at > 0 &&
	    memchr(input.data, '\0', at) != NULL)
		stream->faults |= DATA_STREAM_NUL;
	return at;
}

/*
 * What belongs to the framing at the beginning of input: a dot that starts
 * a line, and CRLF behind it.  True where the state moved.
 */
static bool
read_framing(struct data_stream *stream, struct text *input)
{
	char c = input->data[0];

	if (stream->kind == DATA_STREAM_CHUNKS)
		return false;
	if (stream->state == LINE_START && c == '.') {
		stream->state = AFTER_DOT;
	} else if (stream->state == AFTER_DOT && c == '\r') {
		stream->state = AFTER_DOT_CR;
	} else if (stream->state == AFTER_DOT_CR && c == '\n') {
		stream->is_ended = true;
	} else if (stream->state == AFTER_DOT_CR) {
		bare_cr(stream);
		return true;
	} else {
		return false;
	}
	*input = text_skip(*input, 1);
	return true;
}

bool
data_stream_next(struct data_stream *stream, struct text *input,
	struct text *piece)
{
	while (input->len > 0 && !stream->is_ended) {
		if (read_framing(stream, input))
			continue;
		size_t len = read_run(stream, *input);
		*piece = text_slice(*input, 0, len);
		*input = text_skip(*input, len);
		if (len > 0 && stream->faults == 0) {
			stream->size += len;
			return true;
		}
	}
	return false;
}

void
data_stream_finish(struct data_stream *stream)
{
	if (stream->state == AFTER_CR)
		bare_cr(stream);
}

void
data_stream_explain(const struct data_stream *stream, struct reason *why)
{
	size_t at = 0;

	require(stream->faults != 0);
	while ((stream->faults & fault_rows[at].fault) == 0)
		at++;
	reason_set_reply(why, 550, 5, 6, 0, "%s", fault_rows[at].words);
}
