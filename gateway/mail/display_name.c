/*
 * Display names: one pass over the bytes of a field.
 */
#include "gateway/mail/display_name.h"

/* Where a byte stands. */
struct place {
	size_t comment_depth;
	bool is_quoted;
	bool is_angle;
	bool is_escaped;	/* behind a backslash */
};

void
display_name_init(struct display_name *name)
{
	buffer_init(&name->phrase, DISPLAY_NAME_MAX);
	buffer_init(&name->comment, DISPLAY_NAME_MAX);
}

void
display_name_clear(struct display_name *name)
{
	buffer_clear(&name->phrase);
	buffer_clear(&name->comment);
}

/* What does not fit is nothing that anybody reads. */
static void
keep(struct buffer *out, char c)
{
	(void)!buffer_add_byte(out, c);
}

/* Marks and their meaning; true where the byte was one. */
static bool
take_mark(struct place *place, char c)
{
	if (place->is_escaped)
		return false;
	if (c == '\\' && (place->is_quoted || place->comment_depth > 0)) {
		place->is_escaped = true;
		return true;
	}
	if (place->is_quoted || (c == '"' && place->comment_depth == 0)) {
		if (c == '"')
			place->is_quoted = !place->is_quoted;
		return c == '"';
	}
	if (c == '(')
		return place->comment_depth++ == 0;
	if (c == ')' && place->comment_depth > 0)
		return --place->comment_depth == 0;
	if (place->comment_depth > 0 || (c != '<' && c != '>'))
		return false;
	place->is_angle = c == '<';
	return true;
}

static bool
is_end(const struct place *place, char c)
{
	if (place->is_quoted || place->comment_depth > 0 || place->is_angle)
		return false;
	return c == ',' || c == ';' || c == ':';
}

bool
display_name_next(struct text *rest, struct display_name *name)
{
	struct place place = { .comment_depth = 0 };
	size_t i;

	buffer_reset(&name->phrase);
	buffer_reset(&name->comment);
	if (rest->len == 0)
		return false;
	for (i = 0; i < rest->len; i++) {
		char c = rest->data[i];

		if (is_end(&place, c))
			break;
		/* RFC 5322 2.2.3: a fold is its white space. */
		if (c == '\r' || c == '\n' || take_mark(&place, c))
			continue;
		place.is_escaped = false;
		if (place.comment_depth > 0)
			keep(&name->comment, c);
		else if (!place.is_angle)
			keep(&name->phrase, c);
	}
	*rest = text_skip(*rest, i + 1);
	return true;
}
