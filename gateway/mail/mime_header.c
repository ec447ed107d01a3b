/*
 * Header fields as people read them (RFC 2047, RFC 5322 2.2.3).
 */
#include "gateway/mail/mime_header.h"

#include <stdbool.h>

#include "gateway/mail/base64.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/fill_private.h"
#include "gateway/mail/quoted_printable.h"
#include "gateway/mail/utf8.h"

#define CHARSET_LEN_MAX 64	/* with its language (RFC 2231 5) */

/* "=?charset?encoding?text?=" */
struct encoded_word {
	struct text charset;
	struct text text;
	size_t len;
	bool is_base64;
};

struct header_reader {
	struct buffer *out;
	struct buffer run;	/* bytes of adjacent words, in one charset */
	struct text charset;	/* of the run */
	bool was_word;		/* an encoded word came last */
	bool has_no_end;	/* no "?=" in what is left */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

/* RFC 5322 2.2.3: a line end before white space goes; others are spaces. */
static void
unfold(struct text value, struct buffer *out)
{
	for (size_t at = 0; at < value.len; at++) {
		size_t next = at;
		char c = value.data[at];
		while (next < value.len && is_line_end(value.data[next]))
			next++;
		if (next > at) {
			bool folded = next < value.len &&
				is_blank(value.data[next]);
			at = next - 1;
			if (folded)
				continue;
			c = ' ';
		}
		require(buffer_add_byte(out, c) == 0);
	}
}

/* CR, LF and NUL that were encoded or raw: spaces. */
static void
make_one_line(struct buffer *out, size_t from)
{
	for (size_t at = out->start + from; at < out->end; at++)
		if (out->bytes[at] == '\0' || is_line_end(out->bytes[at]))
			out->bytes[at] = ' ';
}

static int
flush_run(struct header_reader *reader)
{
	struct text bytes = buffer_text(&reader->run);
	size_t before = buffer_len(reader->out);
	bool unused;
	int error;

	if (bytes.len == 0)
		return 0;
	error = charset_to_utf8(reader->charset, bytes, reader->out, &unused);
	if (error == ERROR_NOT_FOUND)
		error = charset_guess(bytes, reader->out);
	make_one_line(reader->out, before);
	buffer_reset(&reader->run);
	return error;
}

static int
add_raw(struct header_reader *reader, struct text raw)
{
	size_t before;
	int error = flush_run(reader);

	if (error != 0)
		return error;
	before = buffer_len(reader->out);
	error = charset_guess(raw, reader->out);
	make_one_line(reader->out, before);
	return error;
}

/* At "=?". */
static bool
word_parse(struct header_reader *reader, struct text t,
	struct encoded_word *out)
{
	struct text rest = text_skip(t, 2);
	size_t len = text_find_byte(text_slice(rest, 0, CHARSET_LEN_MAX + 1),
		'?');
	char encoding;

	if (len == 0 || len > CHARSET_LEN_MAX || rest.len < len + 3)
		return false;
	/* RFC 2231 5: charset*language */
	out->charset = text_slice(rest, 0, len);
	out->charset.len = text_find_byte(out->charset, '*');
	for (size_t i = 0; i < out->charset.len; i++)
		if (out->charset.data[i] <= ' ')
			return false;
	encoding = text_lower_byte(rest.data[len + 1]);
	if ((encoding != 'b' && encoding != 'q') || rest.data[len + 2] != '?')
		return false;
	rest = text_skip(rest, len + 3);
	len = text_find(rest, TEXT("?="));
	if (len == rest.len) {
		reader->has_no_end = true;
		return false;
	}
	out->is_base64 = encoding == 'b';
	out->text = text_slice(rest, 0, len);
	out->len = (size_t)(rest.data - t.data) + len + 2;
	return true;
}

/*
 * Bytes of adjacent words in one charset are joined before they are
 * converted: many writers cut characters in two.
 */
static int
add_word(struct header_reader *reader, const struct encoded_word *word)
{
	unsigned int unused;
	int error = 0;

	if (!text_equal_nocase(word->charset, reader->charset))
		error = flush_run(reader);
	reader->charset = word->charset;
	if (error != 0)
		return error;
	return word->is_base64 ?
		base64_decode_lenient(word->text, &reader->run, &unused) :
		quoted_printable_decode_word(word->text, &reader->run,
			&unused);
}

/* What stands before a word; between two words white space means nothing. */
static int
add_gap(struct header_reader *reader, struct text gap)
{
	bool is_dropped = reader->was_word && text_trim(gap).len == 0;

	reader->was_word = false;
	return is_dropped || gap.len == 0 ? 0 : add_raw(reader, gap);
}

static int
read_words(struct header_reader *reader, struct text t)
{
	struct encoded_word word;
	size_t from = 0;	/* of what is raw */
	size_t at = 0;
	int error = 0;

	while (error == 0 && !reader->has_no_end) {
		at += text_find(text_skip(t, at), TEXT("=?"));
		if (at >= t.len)
			break;
		if (!word_parse(reader, text_skip(t, at), &word)) {
			at += 2;
			continue;
		}
		error = add_gap(reader, text_slice(t, from, at - from));
		if (error == 0)
			error = add_word(reader, &word);
		reader->was_word = true;
		at += word.len;
		from = at;
	}
	if (error == 0 && from < t.len)
		error = add_raw(reader, text_skip(t, from));
	return error == 0 ? flush_run(reader) : error;
}

int
mime_header_decode(struct text value, struct buffer *out)
{
	struct header_reader reader = { .out = out, .charset = TEXT_EMPTY };
	struct buffer line;
	int error;

	buffer_init(&line, value.len + 1);
	buffer_init(&reader.run, value.len + 1);
	unfold(value, &line);
	error = read_words(&reader, text_trim(buffer_text(&line)));
	buffer_clear(&reader.run);
	buffer_clear(&line);
	return error;
}
