/*
 * The visible text of HTML, in one pass.
 */
#include "gateway/mail/html_text.h"

#include <stdint.h>
#include <string.h>

#include "gateway/mail/fill_private.h"
#include "gateway/mail/html_entity.h"
#include "gateway/mail/utf8.h"

#define TAG_NAME_MAX 16
#define BEGINNING 1024

/* Elements that stand in lines of their own. */
static const char *const blocks[] = { "address", "article", "aside",
	"blockquote", "body", "br", "caption", "center", "dd", "details",
	"dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption",
	"figure", "footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5",
	"h6", "head", "header", "hr", "html", "legend", "li", "main", "menu",
	"nav", "ol", "optgroup", "option", "p", "pre", "section", "summary",
	"table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title",
	"tr", "ul" };
/* Their content is not shown. */
static const char *const hidden[] = { "script", "style" };

struct reader {
	struct text rest;
	struct buffer *out;
	/* Bytes that may yet be read in vain for a closing quote or tag. */
	size_t patience;
	bool has_no_end;	/* no ">" in what is left */
	bool has_no_comment_end;	/* no "-->" */
	bool is_gap;		/* white space came last */
};

/* ---- characters ---- */

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

enum look {
	LOOK_VISIBLE,
	LOOK_SPACE,
	LOOK_INVISIBLE,		/* takes no room on the page */
};

/* Rising. */
static const struct {
	uint32_t first;
	uint32_t last;
	enum look look;
} looks[] = {
	{ 0xa0, 0xa0, LOOK_SPACE },
	{ 0xad, 0xad, LOOK_INVISIBLE },		/* soft hyphen */
	{ 0x34f, 0x34f, LOOK_INVISIBLE },
	{ 0x61c, 0x61c, LOOK_INVISIBLE },	/* direction */
	{ 0x115f, 0x1160, LOOK_INVISIBLE },	/* fillers */
	{ 0x1680, 0x1680, LOOK_SPACE },
	{ 0x17b4, 0x17b5, LOOK_INVISIBLE },
	{ 0x180b, 0x180f, LOOK_INVISIBLE },
	{ 0x2000, 0x200a, LOOK_SPACE },
	{ 0x200b, 0x200f, LOOK_INVISIBLE },	/* joiners, direction */
	{ 0x2028, 0x2029, LOOK_SPACE },
	{ 0x202a, 0x202e, LOOK_INVISIBLE },
	{ 0x202f, 0x202f, LOOK_SPACE },
	{ 0x205f, 0x205f, LOOK_SPACE },
	{ 0x2060, 0x206f, LOOK_INVISIBLE },
	{ 0x3000, 0x3000, LOOK_SPACE },
	{ 0x3164, 0x3164, LOOK_INVISIBLE },
	{ 0xfe00, 0xfe0f, LOOK_INVISIBLE },	/* variants */
	{ 0xfeff, 0xfeff, LOOK_INVISIBLE },
	{ 0xffa0, 0xffa0, LOOK_INVISIBLE },
	{ 0x1bca0, 0x1bca3, LOOK_INVISIBLE },
	{ 0x1d173, 0x1d17a, LOOK_INVISIBLE },
	{ 0xe0000, 0xe0fff, LOOK_INVISIBLE },	/* tags */
};

static enum look
look_of(uint32_t point)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks) &&
	    point >= looks[i].first; i++)
		if (point <= looks[i].last)
			return looks[i].look;
	return LOOK_VISIBLE;
}

static struct text
utf8_of(uint32_t point, char bytes[4])
{
	if (point < 0x80) {
		bytes[0] = (char)point;
		return text_of(bytes, 1);
	}
	if (point < 0x800) {
		bytes[0] = (char)(0xc0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3f));
		return text_of(bytes, 2);
	}
	if (point < 0x10000) {
		bytes[0] = (char)(0xe0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (point & 0x3f));
		return text_of(bytes, 3);
	}
	bytes[0] = (char)(0xf0 | point >> 18);
	bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (point & 0x3f));
	return text_of(bytes, 4);
}

static int
add_gap(struct reader *reader)
{
	bool was_gap = reader->is_gap;

	reader->is_gap = true;
	return was_gap ? 0 : fill_add(reader->out, TEXT(" "));
}

static int
add_point(struct reader *reader, uint32_t point)
{
	char bytes[4];

	enum look look = point < 0x80 && is_space((char)point) ?
		LOOK_SPACE : look_of(point);

	if (look == LOOK_SPACE)
		return add_gap(reader);
	if (look == LOOK_INVISIBLE)
		return 0;
	reader->is_gap = false;
	return fill_add_utf8(reader->out, utf8_of(point, bytes));
}

/* A character beyond ASCII; a broken byte stays as it is. */
static int
take_character(struct reader *reader)
{
	uint32_t point;
	size_t len = utf8_next(reader->rest, &point);
	struct text t = text_slice(reader->rest, 0, len == 0 ? 1 : len);

	reader->rest = text_skip(reader->rest, t.len);
	if (len > 0)
		return add_point(reader, point);
	reader->is_gap = false;
	return fill_add(reader->out, t);
}

static int
take_reference(struct reader *reader)
{
	uint32_t point = '&';
	size_t len = html_entity_take(reader->rest, &point);

	reader->rest = text_skip(reader->rest, len == 0 ? 1 : len);
	return add_point(reader, point);
}

/* ---- tags ---- */

static bool
is_listed(const char *const *list, size_t count, struct text name)
{
	char first = name.len > 0 ? text_lower_byte(name.data[0]) : '\0';

	for (size_t i = 0; i < count; i++)
		if (list[i][0] == first &&
		    text_equal_nocase(name, text_from(list[i])))
			return true;
	return false;
}

/* Where the quote that opens at that place closes; len: nowhere. */
static size_t
quote_end(const struct reader *reader, size_t at)
{
	return at + 1 + text_find_byte(text_skip(reader->rest, at + 1),
		reader->rest.data[at]);
}

static void
lose_patience(struct reader *reader, size_t bytes)
{
	reader->patience -= reader->patience < bytes ? reader->patience :
		bytes;
}

/*
 * Bytes of the tag at the beginning; 0 where it has no end.  A ">" in
 * quotes belongs to a value, unless the quote never closes.
 */
static size_t
tag_len(struct reader *reader)
{
	struct text t = reader->rest;
	size_t at = 1;

	for (; at < t.len && t.data[at] != '>'; at++) {
		size_t end;
		if ((t.data[at] != '"' && t.data[at] != '\'') ||
		    reader->patience == 0)
			continue;
		end = quote_end(reader, at);
		if (end < t.len) {
			at = end;
			continue;
		}
		lose_patience(reader, t.len - at);
	}
	if (at < t.len)
		return at + 1;
	lose_patience(reader, t.len);
	at = text_find_byte(t, '>');
	reader->has_no_end = at == t.len;
	return at == t.len ? 0 : at + 1;
}

/* Behind "</name" where the content of that element ends. */
static void
skip_content(struct reader *reader, struct text name)
{
	struct text t = reader->rest;

	while (t.len > 0) {
		t = text_skip(t, text_find(t, TEXT("</")));
		if (t.len > 0 && text_starts_nocase(text_skip(t, 2), name))
			break;
		t = text_skip(t, 2);
	}
	reader->rest = t;
}

/* "<!-- -->", else up to ">" */
static size_t
declaration_len(struct reader *reader)
{
	size_t end;

	if (reader->has_no_comment_end ||
	    !text_starts(reader->rest, TEXT("<!--")))
		return tag_len(reader);
	end = 2 + text_find(text_skip(reader->rest, 2), TEXT("-->"));
	if (end < reader->rest.len)
		return end + 3;
	/* A comment that is not closed ends with its first ">". */
	reader->has_no_comment_end = true;
	return tag_len(reader);
}

static int
take_tag(struct reader *reader)
{
	struct text t = reader->rest;
	bool is_end = t.len > 1 && t.data[1] == '/';
	struct text name = text_skip(t, is_end ? 2 : 1);
	size_t len = 0;
	size_t whole;

	while (len < TAG_NAME_MAX && len < name.len &&
	    text_is_alnum(name.data[len]))
		len++;
	name.len = len;
	if (reader->has_no_end || (len == 0 && (t.len < 2 ||
	    memchr("!?", t.data[1], 2) == NULL)))
		whole = 0;
	else
		whole = len > 0 ? tag_len(reader) : declaration_len(reader);
	if (whole == 0) {
		reader->rest = text_skip(t, 1);
		return add_point(reader, '<');
	}
	reader->rest = text_skip(t, whole);
	if (!is_end && is_listed(hidden, sizeof(hidden) / sizeof(*hidden),
	    name))
		skip_content(reader, name);
	if (!is_listed(blocks, sizeof(blocks) / sizeof(*blocks), name))
		return 0;
	reader->is_gap = true;
	return fill_add(reader->out, TEXT("\n"));
}

/* ---- the whole ---- */

/* Characters that stand for themselves. */
static int
take_run(struct reader *reader)
{
	size_t len = 0;

	while (len < reader->rest.len) {
		char c = reader->rest.data[len];
		if (c == '<' || c == '&' || (c & 0x80) != 0 ||
		    (is_space(c) && (c != ' ' ||
		    (len > 0 ? reader->rest.data[len - 1] == ' ' :
		    reader->is_gap))))
			break;
		len++;
	}
	if (len == 0)
		return 0;
	reader->is_gap = reader->rest.data[len - 1] == ' ';
	int error = fill_add(reader->out, text_slice(reader->rest, 0, len));
	reader->rest = text_skip(reader->rest, len);
	return error;
}

int
html_text(struct text html, struct buffer *out)
{
	struct reader reader = { .rest = html, .out = out,
		.patience = html.len, .is_gap = true };
	int error = 0;

	while (error == 0 && reader.rest.len > 0) {
		char c = reader.rest.data[0];
		if (c == '<') {
			error = take_tag(&reader);
		} else if (c == '&') {
			error = take_reference(&reader);
		} else if ((c & 0x80) != 0) {
			error = take_character(&reader);
		} else if (is_space(c) && (c != ' ' || reader.is_gap)) {
			reader.rest = text_skip(reader.rest, 1);
			error = add_gap(&reader);
		} else {
			error = take_run(&reader);
		}
	}
	return error;
}

bool
html_text_is_html(struct text t)
{
	static const struct text beginnings[] = { TEXT_INIT("html"),
		TEXT_INIT("!doctype html"), TEXT_INIT("head"),
		TEXT_INIT("body"), TEXT_INIT("script"), TEXT_INIT("table"),
		TEXT_INIT("div"), TEXT_INIT("meta"), TEXT_INIT("iframe"),
		TEXT_INIT("style"), TEXT_INIT("title"), TEXT_INIT("a href") };

	t = text_slice(t, 0, BEGINNING);
	for (;;) {
		t = text_skip(t, text_find_byte(t, '<'));
		if (t.len == 0)
			return false;
		t = text_skip(t, 1);
		for (size_t i = 0; i < sizeof(beginnings) /
		    sizeof(*beginnings); i++)
			if (text_starts_nocase(t, beginnings[i]))
				return true;
	}
}

int
html_text_strip(struct text utf8, struct buffer *out, bool *changed)
{
	int error = 0;

	*changed = false;
	while (error == 0 && utf8.len > 0) {
		uint32_t point = 0;
		size_t len = 0;
		size_t one = 0;
		enum look look = LOOK_VISIBLE;
		while (len < utf8.len && look == LOOK_VISIBLE) {
			len += one;
			struct text rest = text_skip(utf8, len);
			one = rest.len > 0 && (rest.data[0] & 0x80) != 0 ?
				utf8_next(rest, &point) : 0;
			look = one > 0 ? look_of(point) : LOOK_VISIBLE;
			one = one == 0 && rest.len > 0 ? 1 : one;
		}
		error = fill_add_utf8(out, text_slice(utf8, 0, len));
		*changed = *changed || len < utf8.len;
		if (error == 0 && look == LOOK_SPACE)
			error = fill_add(out, TEXT(" "));
		utf8 = text_skip(utf8, len + one);
	}
	return error;
}
