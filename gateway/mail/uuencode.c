/*
 * uuencode: lines of a length and groups of four characters, each six bits
 * above the space.
 */
#include "gateway/mail/uuencode.h"

#include <stdbool.h>
#include <stdint.h>

#include "gateway/mail/fill_private.h"

#define LINE_BYTES 63

static bool
take_line(struct text *t, struct text *line)
{
	size_t len = text_find_byte(*t, '\n');

	if (t->len == 0)
		return false;
	*line = text_slice(*t, 0, len);
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	*t = text_skip(*t, len + 1);
	return true;
}

/* "begin 644 name" */
static bool
is_begin(struct text line, struct text *name)
{
	size_t digits = 0;

	if (!text_starts(line, TEXT("begin ")))
		return false;
	line = text_skip(line, 6);
	while (digits < line.len && line.data[digits] >= '0' &&
	    line.data[digits] <= '7')
		digits++;
	if (digits < 3 || digits > 4)
		return false;
	*name = text_trim(text_skip(line, digits));
	return true;
}

/* Behind the end of a line stand the spaces that transport took away. */
static unsigned int
six_bits(struct text line, size_t at, unsigned int *flags)
{
	unsigned int c = at < line.len ? (unsigned char)line.data[at] : ' ';

	if (c < ' ' || c > '`')
		*flags |= UUENCODE_JUNK;
	return (c - ' ') & 63;
}

static int
decode_line(struct text line, struct buffer *out, unsigned int *flags)
{
	uint8_t bytes[LINE_BYTES];
	size_t len = six_bits(line, 0, flags);
	size_t at = 1;

	for (size_t done = 0; done < len; done += 3, at += 4) {
		unsigned int bits = six_bits(line, at, flags) << 18 |
			six_bits(line, at + 1, flags) << 12 |
			six_bits(line, at + 2, flags) << 6 |
			six_bits(line, at + 3, flags);
		bytes[done] = (uint8_t)(bits >> 16);
		bytes[done + 1] = (uint8_t)(bits >> 8);
		bytes[done + 2] = (uint8_t)bits;
	}
	return fill_add(out, text_of(bytes, len));
}

int
uuencode_decode(struct text t, struct buffer *out, struct text *name,
	unsigned int *flags)
{
	struct text line;
	struct text found = TEXT_EMPTY;
	bool has_begun = false;
	int error = 0;

	*flags = 0;
	while (!has_begun && take_line(&t, &line))
		has_begun = is_begin(line, &found);
	if (name != NULL)
		*name = found;
	if (!has_begun) {
		*flags = UUENCODE_NONE;
		return 0;
	}
	while (error == 0 && take_line(&t, &line)) {
		if (text_equal(text_trim(line), TEXT("end")))
			return 0;
		/* An empty line is one of no bytes, too. */
		if (line.len > 0)
			error = decode_line(line, out, flags);
	}
	*flags |= UUENCODE_CUT;
	return error;
}

/* Whether a line holds as many characters as its first one says. */
static bool
is_data(struct text line)
{
	unsigned int unused = 0;
	size_t wanted;

	if (line.len == 0 || (unsigned char)line.data[0] <= ' ' ||
	    (unsigned char)line.data[0] > '`')
		return false;
	wanted = (six_bits(line, 0, &unused) + 2) / 3 * 4;
	/* Some writers leave spaces at the end out, some add a character. */
	return wanted == 0 || (line.len > 1 && line.len - 1 <= wanted + 2);
}

/* Behind the "end" of a block, or before the next "begin". */
static struct text
block_end(struct text t)
{
	struct text line;
	struct text name;
	struct text before = t;

	while (take_line(&t, &line)) {
		if (text_equal(text_trim(line), TEXT("end")))
			return t;
		if (is_begin(line, &name))
			return before;
		before = t;
	}
	return t;
}

int
uuencode_find(struct text *rest, struct text *block, struct text *name)
{
	struct text from = *rest;
	struct text line;

	while (take_line(rest, &line)) {
		struct text next = *rest;
		if (is_begin(line, name) && take_line(&next, &line) &&
		    is_data(line)) {
			*rest = block_end(*rest);
			*block = text_slice(from, 0, from.len - rest->len);
			return 0;
		}
		from = *rest;
	}
	return ERROR_NOT_FOUND;
}
