/*
 * Filling in.  Everything that is not our own passes html_escape() where the
 * result is HTML.
 */
#include "crypto/secure_envelope_template.h"

#include <string.h>

#include "crypto/secure_envelope_words.h"
#include "gateway/mail/html_escape.h"
#include "gateway/mail/utf8.h"

#define FILLED_MAX (64u * 1024)

static const struct text opening = TEXT_INIT("{{");
static const struct text closing = TEXT_INIT("}}");

static const struct secure_envelope_value *
find_value(const struct secure_envelope_template *fill, struct text name)
{
	for (size_t i = 0; i < fill->count; i++)
		if (text_equal(name, text_from(fill->values[i].name)))
			return &fill->values[i];
	return NULL;
}

/* Up to the next place, and its name; false where there is none. */
static bool
next_place(struct text *rest, struct text *before, struct text *name)
{
	size_t at = text_find(*rest, opening);

	*before = text_slice(*rest, 0, at);
	*rest = text_skip(*rest, at);
	if (rest->len == 0)
		return false;
	*rest = text_skip(*rest, opening.len);
	at = text_find(*rest, closing);
	require(at < rest->len);
	*name = text_slice(*rest, 0, at);
	*rest = text_skip(*rest, at + closing.len);
	return true;
}

int
secure_envelope_template_text(const struct secure_envelope_template *fill,
	struct text pattern, struct buffer *out)
{
	struct text before = TEXT_EMPTY;
	struct text name = TEXT_EMPTY;
	int error = 0;

	while (error == 0 && next_place(&pattern, &before, &name)) {
		const struct secure_envelope_value *value = find_value(fill,
			name);
		require(value != NULL);
		error = buffer_add_text(out, before);
		if (error == 0)
			error = buffer_add_text(out, value->text);
	}
	return error != 0 ? error : buffer_add_text(out, before);
}

/* HTML 13.1.4: a file of ASCII holds every character. */
static int
add_ascii(struct text escaped, struct buffer *out)
{
	uint32_t point = 0;
	int error = 0;

	while (error == 0 && escaped.len > 0) {
		size_t len = utf8_next(escaped, &point);
		require(len > 0);
		error = len == 1 ? buffer_add_byte(out, escaped.data[0]) :
			buffer_printf(out, "&#%u;", point);
		escaped = text_skip(escaped, len);
	}
	return error;
}

static int
escape(struct text plain, struct buffer *out)
{
	struct buffer escaped;
	int error;

	buffer_init(&escaped, FILLED_MAX);
	error = html_escape(plain, &escaped);
	if (error == 0)
		error = add_ascii(buffer_text(&escaped), out);
	buffer_clear(&escaped);
	return error;
}

/* In bytes of the line that out ends with. */
static size_t
column(const struct buffer *out)
{
	struct text t = buffer_text(out);
	const char *end = t.len == 0 ? NULL : memrchr(t.data, '\n', t.len);

	return end == NULL ? t.len : t.len - (size_t)(end + 1 - t.data);
}

/* Spaces become line ends where the line would be too long. */
static int
add_wrapped(struct text line, struct buffer *out)
{
	size_t at = column(out);
	struct text word;
	bool is_first = true;
	int error = 0;

	while (error == 0 && text_split(&line, ' ', &word)) {
		bool fits = at + 1 + word.len <= SECURE_ENVELOPE_COLUMNS;
		if (!is_first) {
			error = buffer_add_text(out, fits ? TEXT(" ") :
				TEXT("\r\n"));
			at = fits ? at + 1 : 0;
		}
		if (error == 0)
			error = buffer_add_text(out, word);
		at += word.len;
		is_first = false;
	}
	return error;
}

static int
add_filled(const struct secure_envelope_template *fill, struct text pattern,
	struct buffer *out)
{
	struct buffer plain;
	struct buffer escaped;
	int error;

	buffer_init(&plain, FILLED_MAX);
	buffer_init(&escaped, FILLED_MAX);
	error = secure_envelope_template_text(fill, pattern, &plain);
	if (error == 0 && fill->is_html) {
		error = escape(buffer_text(&plain), &escaped);
		if (error == 0)
			error = add_wrapped(buffer_text(&escaped), out);
	} else if (error == 0) {
		error = add_wrapped(buffer_text(&plain), out);
	}
	buffer_clear(&plain);
	buffer_clear(&escaped);
	return error;
}

/* Lines of our own, LF or CRLF, with the ends that mail has. */
static int
add_lines(struct text lines, struct buffer *out)
{
	int error = 0;

	while (error == 0 && lines.len > 0) {
		size_t len = text_find_byte(lines, '\n');
		bool has_cr = len > 0 && lines.data[len - 1] == '\r';
		error = buffer_add_text(out, text_slice(lines, 0,
			has_cr ? len - 1 : len));
		if (error == 0 && len < lines.len)
			error = buffer_add_text(out, TEXT("\r\n"));
		lines = text_skip(lines, len + 1);
	}
	return error;
}

static int
add_place(const struct secure_envelope_template *fill, struct text name,
	struct buffer *out)
{
	const struct secure_envelope_value *value = find_value(fill, name);
	struct text itself = TEXT_EMPTY;
	char place[64];

	if (value == NULL) {
		require(secure_envelope_word(name, &itself));
		return add_filled(fill, itself, out);
	}
	if (value->is_raw)
		return add_lines(value->text, out);
	/* A value alone, by the same way. */
	itself = text_of(place, opening.len + name.len + closing.len);
	require(itself.len <= sizeof(place));
	memcpy(place, opening.data, opening.len);
	memcpy(place + opening.len, name.data, name.len);
	memcpy(place + opening.len + name.len, closing.data, closing.len);
	return add_filled(fill, itself, out);
}

int
secure_envelope_template_fill(const struct secure_envelope_template *fill,
	struct text pattern, struct buffer *out)
{
	struct text before = TEXT_EMPTY;
	struct text name = TEXT_EMPTY;
	int error = 0;

	while (error == 0 && next_place(&pattern, &before, &name)) {
		error = add_lines(before, out);
		if (error == 0)
			error = add_place(fill, name, out);
	}
	return error != 0 ? error : add_lines(before, out);
}
