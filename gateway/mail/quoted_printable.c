/*
 * Quoted-printable.  What lies between two "=" is taken in one piece when it
 * is read.
 */
#include "gateway/mail/quoted_printable.h"

#include <stdbool.h>

#include "gateway/base/hex.h"
#include "gateway/mail/fill_private.h"
#include "gateway/mail/utf8.h"

/* At "=" with what follows in the line: one byte, or the "=" itself. */
static size_t
decode_quote(struct text t, uint8_t *byte, unsigned int *flags)
{
	if (hex_decode(text_slice(t, 1, 2), byte, 1) == 0)
		return 3;
	*byte = '=';
	*flags |= QUOTED_PRINTABLE_JUNK;
	return 1;
}

/* A line without its end and without white space before that. */
static int
decode_line(struct text line, struct buffer *out, unsigned int *flags)
{
	int error = 0;

	if (!utf8_is_ascii(line))
		*flags |= QUOTED_PRINTABLE_JUNK;
	while (error == 0 && line.len > 0) {
		size_t len = text_find_byte(line, '=');
		uint8_t byte;
		error = fill_add(out, text_slice(line, 0, len));
		line = text_skip(line, len);
		if (error != 0 || line.len == 0)
			break;
		line = text_skip(line, decode_quote(line, &byte, flags));
		error = fill_add(out, text_of(&byte, 1));
	}
	return error;
}

static struct text
trim_end(struct text line)
{
	while (line.len > 0 && (line.data[line.len - 1] == ' ' ||
	    line.data[line.len - 1] == '\t'))
		line.len--;
	return line;
}

/* How many bytes of line end a line has. */
static size_t
end_len(struct text line)
{
	if (line.len == 0 || line.data[line.len - 1] != '\n')
		return 0;
	return line.len > 1 && line.data[line.len - 2] == '\r' ? 2 : 1;
}

int
quoted_printable_decode(struct text t, struct buffer *out,
	unsigned int *flags)
{
	int error = 0;

	*flags = 0;
	while (error == 0 && t.len > 0) {
		struct text whole = text_slice(t, 0,
			text_find_byte(t, '\n') + 1);
		size_t end = end_len(whole);
		/* RFC 2045 6.7 (3): white space at the end is transport's. */
		struct text line = trim_end(text_slice(whole, 0,
			whole.len - end));
		struct text line_end = text_skip(whole, whole.len - end);
		/* (5): "=" at the end of a line joins it with the next. */
		if (line.len > 0 && line.data[line.len - 1] == '=') {
			line.len--;
			line_end = TEXT_EMPTY;
		} else if (end == 0 && line.len > 1 &&
		    line.data[line.len - 2] == '=') {
			*flags |= QUOTED_PRINTABLE_CUT;
		}
		error = decode_line(line, out, flags);
		if (error == 0)
			error = fill_add(out, line_end);
		t = text_skip(t, whole.len);
	}
	return error;
}

int
quoted_printable_decode_word(struct text t, struct buffer *out,
	unsigned int *flags)
{
	int error = 0;

	*flags = 0;
	while (error == 0 && t.len > 0) {
		size_t len = text_find_byte(t, '_');
		error = decode_line(text_slice(t, 0, len), out, flags);
		t = text_skip(t, len);
		if (error == 0 && t.len > 0)
			error = fill_add(out, TEXT(" "));
		t = text_skip(t, 1);
	}
	return error;
}

/* ---- writing ---- */

#define COLUMNS_MAX 76		/* RFC 2045 6.7 (5), with the "=" */

struct line_writer {
	struct buffer *out;
	size_t column;
	int error;
};

/* A character, or "=XX", which stays in one line. */
static void
put(struct line_writer *writer, const char *bytes, size_t len)
{
	if (writer->error == 0 && writer->column + len > COLUMNS_MAX - 1) {
		writer->error = buffer_add_text(writer->out, TEXT("=\r\n"));
		writer->column = 0;
	}
	if (writer->error == 0)
		writer->error = buffer_add(writer->out, bytes, len);
	writer->column += len;
}

static void
put_quoted(struct line_writer *writer, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)c;
	const char quoted[3] = { '=', digits[byte >> 4], digits[byte & 15] };

	put(writer, quoted, sizeof(quoted));
}

static bool
is_quoted_first(struct text line)
{
	return text_starts(line, TEXT(".")) ||
	    text_starts(line, TEXT("From ")) ||
	    text_starts(line, TEXT("--"));
}

static void
encode_line(struct line_writer *writer, struct text line)
{
	size_t i;

	for (i = 0; i < line.len && writer->error == 0; i++) {
		char c = line.data[i];
		bool is_blank = c == ' ' || c == '\t';
		bool is_plain = c > ' ' && c <= '~' && c != '=';

		/* A soft line end makes a beginning of its own. */
		if (i > 0 && writer->column + 1 > COLUMNS_MAX - 1 &&
		    is_quoted_first(text_skip(line, i)))
			is_plain = false;
		if (i == 0 && is_quoted_first(line))
			is_plain = false;
		if (is_plain || (is_blank && i + 1 < line.len))
			put(writer, &c, 1);
		else
			put_quoted(writer, c);
	}
}

int
quoted_printable_encode(struct text t, struct buffer *out)
{
	struct line_writer writer = { .out = out };
	size_t before = buffer_len(out);

	while (t.len > 0 && writer.error == 0) {
		struct text line = text_slice(t, 0, text_find(t,
		    TEXT("\r\n")));

		encode_line(&writer, line);
		t = text_skip(t, line.len);
		if (t.len == 0 || writer.error != 0)
			break;
		writer.error = buffer_add_text(out, TEXT("\r\n"));
		writer.column = 0;
		t = text_skip(t, 2);
	}
	if (writer.error != 0)
		buffer_truncate(out, before);
	return writer.error;
}
