/*
 * A disclaimer within one text part: its characters in the part's charset,
 * its lines as the part's (RFC 3676 for format=flowed), its place in HTML.
 */
#include "gateway/mail/mime_write_stamp.h"

#include <inttypes.h>

#include "gateway/mail/charset.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_write_html.h"
#include "gateway/mail/utf8.h"

#define UTF8 TEXT("utf-8")
#define BYTE_ORDER_MARK TEXT("\xef\xbb\xbf")
#define PIECE_ROOM(len) ((len) * 10 + 64)
/* Decoded, no more than the encoded form; in UTF-8, three times that. */
#define CONTENT_ROOM(len) ((len) * 3 + 64)

struct work {
	const struct mime_part *part;
	const struct mime_write_stamp *stamp;
	bool is_html;
	struct buffer content;	/* of the part, decoded */
	struct buffer lines;	/* the stamp as the part writes lines */
	struct buffer piece;	/* the same in the part's charset */
	struct text charset;	/* now; empty: as before */
};

/* ---- the part ---- */

static struct text
charset_of(const struct mime_part *part)
{
	struct text charset = text_trim(mime_part_parameter(part, "charset"));

	return charset.len > 0 ? charset : TEXT("us-ascii");
}

/* A signature over the text as it stands. */
static bool
is_armoured(struct text content)
{
	return text_find(content, TEXT("-----BEGIN PGP ")) < content.len;
}

static int
take_content(struct work *work)
{
	unsigned int odd = 0;

	if (!mime_write_is_clear(work->part))
		return ERROR_REFUSED;
	if (mime_decode(work->part, &work->content, &odd) != 0)
		return ERROR_LIMIT;
	return odd != 0 || is_armoured(buffer_text(&work->content)) ?
	    ERROR_REFUSED : 0;
}

/* The part in UTF-8, where that loses nothing. */
static int
convert_content(struct work *work)
{
	struct buffer utf8;
	bool invalid = false;
	int error;

	buffer_init(&utf8, CONTENT_ROOM(buffer_len(&work->content)));
	error = charset_to_utf8(charset_of(work->part),
	    buffer_text(&work->content), &utf8, &invalid);
	if (error == ERROR_NOT_FOUND || (error == 0 && invalid))
		error = ERROR_REFUSED;
	if (error != 0) {
		buffer_clear(&utf8);
		return error;
	}
	buffer_clear(&work->content);
	work->content = utf8;
	work->charset = UTF8;
	return 0;
}

/* ---- the stamp ---- */

/* How the content ends its lines; a base64 text may do so by LF. */
static struct text
line_end_of(struct text content)
{
	if (text_find(content, TEXT("\r\n")) == content.len &&
	    text_find_byte(content, '\n') < content.len)
		return TEXT("\n");
	return TEXT("\r\n");
}

/*
 * RFC 3676 4.1 to 4.4: no line of ours flows into the next, none looks like
 * a quotation.
 */
static int
add_flowed(struct text line, struct buffer *out)
{
	int error = 0;

	if (!text_equal(line, TEXT("-- ")))
		while (line.len > 0 && line.data[line.len - 1] == ' ')
			line.len--;
	if (text_starts(line, TEXT(" ")) || text_starts(line, TEXT(">")) ||
	    text_starts(line, TEXT("From ")))
		error = buffer_add_text(out, TEXT(" "));
	return error == 0 ? buffer_add_text(out, line) : error;
}

static int
write_lines(struct work *work)
{
	struct text rest = work->is_html ? work->stamp->html :
	    work->stamp->text;
	struct text end = line_end_of(buffer_text(&work->content));
	bool is_flowed = !work->is_html && text_equal_nocase(
	    mime_part_parameter(work->part, "format"), TEXT("flowed"));
	int error = 0;

	while (rest.len > 0 && error == 0) {
		struct text line = text_slice(rest, 0, text_find(rest,
		    TEXT("\r\n")));

		rest = text_skip(rest, line.len + 2);
		error = is_flowed ? add_flowed(line, &work->lines) :
		    buffer_add_text(&work->lines, line);
		if (error == 0)
			error = buffer_add_text(&work->lines, end);
	}
	return error;
}

/* Characters that are not ASCII as references: fit for any charset. */
static int
add_references(struct text utf8, struct buffer *out)
{
	int error = 0;

	while (utf8.len > 0 && error == 0) {
		uint32_t point = 0;
		size_t len = utf8_next(utf8, &point);

		if (len == 1)
			error = buffer_add_byte(out, utf8.data[0]);
		else if (len > 1)
			error = buffer_printf(out, "&#%" PRIu32 ";", point);
		utf8 = text_skip(utf8, len == 0 ? 1 : len);
	}
	return error;
}

static int
write_html_piece(struct work *work)
{
	struct text lines = buffer_text(&work->lines);
	struct buffer ascii;
	int error;

	buffer_init(&ascii, PIECE_ROOM(lines.len));
	error = add_references(lines, &ascii);
	if (error == 0)
		error = charset_from_utf8(charset_of(work->part),
		    buffer_text(&ascii), &work->piece);
	buffer_clear(&ascii);
	return error;
}

/*
 * The stamp in the part's charset; where that cannot say it, the part in
 * UTF-8.
 */
static int
write_piece(struct work *work)
{
	struct text lines = buffer_text(&work->lines);
	int error = charset_from_utf8(charset_of(work->part), lines,
	    &work->piece);

	if (error == ERROR_NOT_FOUND && work->is_html)
		error = write_html_piece(work);
	if (error != ERROR_NOT_FOUND)
		return error;
	error = convert_content(work);
	if (error != 0)
		return error;
	/* Now line ends can be told from halves of wide characters. */
	buffer_reset(&work->lines);
	error = write_lines(work);
	return error == 0 ? buffer_add_text(&work->piece,
	    buffer_text(&work->lines)) : error;
}

/* ---- both ---- */

static int
find_places(const struct work *work, struct mime_write_html *out)
{
	struct text content = buffer_text(&work->content);

	if (work->is_html)
		return mime_write_html_scan(content, out);
	*out = (struct mime_write_html){ .bottom = content.len };
	if (text_starts(content, BYTE_ORDER_MARK))
		out->top = BYTE_ORDER_MARK.len;
	return 0;
}

/* Text and stamp with an empty line between them, as long as there is one. */
static int
add_behind(const struct work *work, struct text before, struct text end,
	struct buffer *out)
{
	struct text piece = buffer_text(&work->piece);
	bool is_ended = before.len > 0 &&
	    before.data[before.len - 1] == '\n';
	int error = 0;

	if (before.len > 0 && !work->is_html) {
		error = buffer_add_text(out, end);
		/* What had no line end at its end has none afterwards. */
		if (error == 0 && !is_ended && piece.len >= end.len) {
			error = buffer_add_text(out, end);
			piece.len -= end.len;
		}
	}
	return error == 0 ? buffer_add_text(out, piece) : error;
}

static int
join(const struct work *work, struct buffer *out)
{
	struct text content = buffer_text(&work->content);
	struct text end = line_end_of(content);
	struct mime_write_html places;
	size_t at;
	int error = find_places(work, &places);

	if (error != 0)
		return error;
	at = work->stamp->is_heading ? places.top : places.bottom;
	error = buffer_add_text(out, text_slice(content, 0, at));
	if (error == 0 && work->stamp->is_heading)
		error = buffer_add_text(out, buffer_text(&work->piece));
	else if (error == 0)
		error = add_behind(work, text_slice(content, 0, at), end,
		    out);
	if (error == 0 && work->stamp->is_heading && !work->is_html)
		error = buffer_add_text(out, end);
	return error == 0 ? buffer_add_text(out, text_skip(content, at)) :
	    error;
}

int
mime_write_stamp_text(const struct mime_part *part,
	const struct mime_write_stamp *stamp, struct buffer *out,
	struct text *charset)
{
	struct work work = { .part = part, .stamp = stamp,
		.is_html = mime_part_is(part, "text", "html"),
		.charset = TEXT_EMPTY };
	size_t room = PIECE_ROOM(stamp->text.len + stamp->html.len);
	int error;

	buffer_init(&work.content, CONTENT_ROOM(part->body.len));
	buffer_init(&work.lines, room);
	buffer_init(&work.piece, room);
	error = take_content(&work);
	if (error == 0)
		error = write_lines(&work);
	if (error == 0)
		error = write_piece(&work);
	if (error == 0)
		error = join(&work, out);
	*charset = work.charset;
	buffer_clear(&work.content);
	buffer_clear(&work.lines);
	buffer_clear(&work.piece);
	return error;
}
