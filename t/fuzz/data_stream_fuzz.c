/*
 * mail/data_stream and mail/data_encode: any cutting of the input gives the
 * same content, faults and end; the end is the first CRLF.CRLF; what the
 * encoder writes is read back as the same content, and as one message.
 */
#include <string.h>

#include "gateway/base/buffer.h"
#include "gateway/mail/data_encode.h"
#include "gateway/mail/data_stream.h"

#define CONTENT_MAX (4u * 1024u * 1024u)
#define LINE_MAX_FUZZ 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives the bytes of input that were used. */
static size_t
decode(struct data_stream *stream, enum data_stream_kind kind,
	struct text input, size_t step, struct buffer *content)
{
	size_t at = 0;

	buffer_init(content, CONTENT_MAX);
	data_stream_init(stream, kind, LINE_MAX_FUZZ, false);
	while (at < input.len && !stream->is_ended) {
		struct text part = text_slice(input, at, step);
		struct text rest = part;
		struct text piece;

		while (data_stream_next(stream, &rest, &piece))
			require(buffer_add_text(content, piece) == 0);
		at += part.len - rest.len;
	}
	if (kind == DATA_STREAM_CHUNKS)
		data_stream_finish(stream);
	return at;
}

static void
compare(struct text input, enum data_stream_kind kind)
{
	struct data_stream whole;
	struct data_stream cut;
	struct buffer one;
	size_t used = decode(&whole, kind, input, SIZE_MAX, &one);

	for (size_t step = 1; step < 4; step++) {
		struct buffer other;
		require(decode(&cut, kind, input, step, &other) == used);
		require(whole.is_ended == cut.is_ended);
		require(whole.faults == cut.faults);
		require(whole.faults != 0 ||
			text_equal(buffer_text(&one), buffer_text(&other)));
		buffer_clear(&other);
	}
	if (kind == DATA_STREAM_CHUNKS) {
		require(used == input.len);
	} else if (text_starts(input, TEXT(".\r\n"))) {
		require(whole.is_ended && used == 3);
	} else {
		size_t end = text_find(input, TEXT("\r\n.\r\n"));
		require(whole.is_ended == (end < input.len));
		require(!whole.is_ended || used == end + 5);
	}
	buffer_clear(&one);
}

static int
encode(struct text body, size_t step, struct buffer *wire)
{
	struct data_encode encoder;
	struct text piece;
	int error = ERROR_AGAIN;

	buffer_init(wire, CONTENT_MAX);
	data_encode_init(&encoder);
	for (size_t at = 0; at < body.len && error == ERROR_AGAIN;) {
		struct text part = text_slice(body, at, step);
		at += part.len;
		while ((error = data_encode_next(&encoder, &part, &piece)) ==
		    0)
			require(buffer_add_text(wire, piece) == 0);
	}
	if (error != ERROR_AGAIN && body.len > 0)
		return error;
	error = data_encode_finish(&encoder, &piece);
	if (error == 0)
		require(buffer_add_text(wire, piece) == 0);
	return error;
}

static void
round_trip(struct text body)
{
	struct data_stream stream;
	struct buffer wire;
	struct buffer wire_cut;
	struct buffer back;
	int error = encode(body, SIZE_MAX, &wire);

	require(encode(body, 1, &wire_cut) == error);
	(void)decode(&stream, DATA_STREAM_CHUNKS, body, SIZE_MAX, &back);
	uint32_t raw = stream.faults &
		(DATA_STREAM_BARE_CR | DATA_STREAM_BARE_LF);
	require((raw != 0) == (error != 0));
	uint32_t faults = stream.faults;
	buffer_clear(&back);
	if (error == 0) {
		struct text sent = buffer_text(&wire);
		require(text_equal(sent, buffer_text(&wire_cut)));
		require(decode(&stream, DATA_STREAM_DOTS, sent, SIZE_MAX,
			&back) == sent.len);
		require(stream.is_ended && stream.faults == faults);
		struct text got = buffer_text(&back);
		require(faults != 0 || text_starts(got, body));
		struct text more = text_skip(got, body.len);
		require(faults != 0 || more.len == 0 ||
			text_equal(more, TEXT("\r\n")));
		buffer_clear(&back);
	}
	buffer_clear(&wire);
	buffer_clear(&wire_cut);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(data, size);

	compare(input, DATA_STREAM_DOTS);
	compare(input, DATA_STREAM_CHUNKS);
	round_trip(input);
	return 0;
}
