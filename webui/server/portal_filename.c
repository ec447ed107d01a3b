/*
 * File names in an answer: a plain one that everybody understands, and the
 * true one in UTF-8.  portal process.
 */
#include "webui/server/portal_filename.h"

#include <stdbool.h>

#include "gateway/mail/utf8.h"

#define FALLBACK TEXT("attachment")

/* RFC 8187 3.2.1: attr-char. */
static bool
is_plain(uint32_t point)
{
	struct text marks = TEXT("!#$&+-.^_`|~");

	return point < 0x80 && (text_is_alnum((char)point) ||
	    text_find_byte(marks, (char)point) < marks.len);
}

/* Characters that mean something to a file system stay out of both. */
static bool
is_kept(uint32_t point)
{
	struct text marks = TEXT("/\\:*?\"<>|");

	return !utf8_is_unsafe(point) && (point >= 0x80 ||
	    text_find_byte(marks, (char)point) == marks.len);
}

static void
print_encoded(struct text bytes, struct buffer *out)
{
	size_t i;

	for (i = 0; i < bytes.len; i++)
		require(buffer_printf(out, "%%%02X",
		    (unsigned int)(unsigned char)bytes.data[i]) == 0);
}

/* One character of the plain name, or of the encoded one. */
static void
print_character(struct text bytes, uint32_t point, bool encoded,
	struct buffer *out)
{
	if (is_plain(point) || (!encoded && point == ' '))
		require(buffer_add_text(out, bytes) == 0);
	else if (encoded && is_kept(point))
		print_encoded(bytes, out);
	else
		require(buffer_add_byte(out, '_') == 0);
}

static void
print_name(struct text name, bool encoded, struct buffer *out)
{
	struct text rest = text_slice(name, 0, PORTAL_FILENAME_MAX);
	uint32_t point;
	size_t len;

	while (rest.len > 0) {
		len = utf8_next(rest, &point);
		/* Broken, or the character that was cut. */
		if (len == 0) {
			len = 1;
			point = 0;
		}
		print_character(text_slice(rest, 0, len), point, encoded,
		    out);
		rest = text_skip(rest, len);
	}
}

void
portal_filename_print(struct text name, struct buffer *out)
{
	/* No hidden files, no names of dots alone. */
	while (name.len > 0 && (name.data[0] == '.' || name.data[0] == ' '))
		name = text_skip(name, 1);
	if (name.len == 0)
		name = FALLBACK;
	require(buffer_add_text(out, TEXT("attachment; filename=\"")) == 0);
	print_name(name, false, out);
	require(buffer_add_text(out, TEXT("\"; filename*=UTF-8''")) == 0);
	print_name(name, true, out);
}
