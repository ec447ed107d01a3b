/*
 * One pass over the bytes of a field: a mailbox ends at a comma or semicolon
 * that is not inside of something.
 */
#include "gateway/mail/address_list.h"

#include <stddef.h>

/* One mailbox while it is read. */
struct mailbox {
	struct address_list *list;
	size_t len;
	size_t at_sign;		/* offset of the last "@" plus 1, 0: none */
	size_t comment_depth;
	bool is_quoted;		/* in a quoted string */
	bool is_literal;	/* in [brackets] */
	bool is_angle;		/* in <brackets> */
	bool is_escaped;	/* behind a backslash */
	bool is_over;		/* the address is complete */
	bool is_too_long;
	bool has_gap;		/* white space or a comment came */
};

static void
begin_anew(struct mailbox *box)
{
	box->len = box->at_sign = 0;
	box->is_over = box->is_too_long = box->has_gap = false;
}

static void
keep(struct mailbox *box, char c)
{
	if (box->is_over)
		return;
	if (box->len == sizeof(box->list->address)) {
		box->is_too_long = true;
		return;
	}
	box->list->address[box->len++] = c;
}

static bool
joins(char c)
{
	return c == '@' || c == '.';
}

/* "Joe joe@example.org": what stood before the gap was a name. */
static void
close_gap(struct mailbox *box, char c)
{
	if (!box->has_gap)
		return;
	box->has_gap = false;
	if (box->len == 0 || box->is_over || joins(c) ||
	    joins(box->list->address[box->len - 1]))
		return;
	if (box->at_sign != 0)
		box->is_over = true;
	else
		begin_anew(box);
}

static void
take_in_comment(struct mailbox *box, char c, bool escaped)
{
	if (escaped)
		return;
	if (c == '(')
		box->comment_depth++;
	else if (c == ')')
		box->comment_depth--;
}

static void
take_in_quotes(struct mailbox *box, char c, bool escaped)
{
	keep(box, c);
	if (escaped)
		return;
	if (box->is_quoted && c == '"')
		box->is_quoted = false;
	else if (box->is_literal && c == ']')
		box->is_literal = false;
}

/* In a comment, quoted string or literal: true where the byte was taken. */
static bool
take_enclosed(struct mailbox *box, char c)
{
	bool escaped = box->is_escaped;

	if (box->comment_depth == 0 && !box->is_quoted && !box->is_literal)
		return false;
	/* RFC 5322 3.2.2: folding is no part of what it folds. */
	if (c == '\r' || c == '\n')
		return true;
	box->is_escaped = !escaped && c == '\\';
	if (box->comment_depth > 0)
		take_in_comment(box, c, escaped);
	else
		take_in_quotes(box, c, escaped);
	return true;
}

/* ---- bytes with a meaning of their own ---- */

static void
take_white_space(struct mailbox *box)
{
	box->has_gap = true;
}

static void
take_comment(struct mailbox *box)
{
	box->has_gap = true;
	box->comment_depth = 1;
}

static void
take_angle(struct mailbox *box)
{
	begin_anew(box);
	box->is_angle = true;
}

static void
take_angle_end(struct mailbox *box)
{
	box->is_over = box->is_over || box->is_angle;
	box->is_angle = false;
}

/* The end of a group's name or of a route. */
static void
take_colon(struct mailbox *box)
{
	if (!box->is_over)
		begin_anew(box);
}

static const struct {
	char byte;
	void (*take)(struct mailbox *box);
} specials[] = {
	{ ' ', take_white_space },
	{ '\t', take_white_space },
	{ '\r', take_white_space },
	{ '\n', take_white_space },
	{ '(', take_comment },
	{ '<', take_angle },
	{ '>', take_angle_end },
	{ ':', take_colon },
};

static bool
take_special(struct mailbox *box, char c)
{
	size_t i;

	for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		if (specials[i].byte != c)
			continue;
		specials[i].take(box);
		return true;
	}
	return false;
}

static void
take(struct mailbox *box, char c)
{
	if (take_enclosed(box, c) || take_special(box, c))
		return;
	close_gap(box, c);
	box->is_quoted = c == '"';
	box->is_literal = c == '[';
	keep(box, c);
	if (c == '@' && !box->is_over)
		box->at_sign = box->len;
}

static bool
is_end(const struct mailbox *box, char c)
{
	if (box->comment_depth > 0 || box->is_quoted || box->is_literal)
		return false;
	return (c == ',' && !box->is_angle) || c == ';';
}

/* Read one mailbox off the rest; whether it was an address. */
static bool
read_mailbox(struct address_list *list, struct text *address)
{
	struct mailbox box = { .list = list };
	size_t i;

	for (i = 0; i < list->rest.len; i++) {
		if (is_end(&box, list->rest.data[i]))
			break;
		take(&box, list->rest.data[i]);
	}
	list->rest = text_skip(list->rest, i + 1);
	*address = text_of(list->address, box.len);
	return !box.is_too_long && !box.is_quoted && !box.is_literal &&
	    box.at_sign > 1 && box.at_sign < box.len &&
	    list->address[0] != '@';
}

void
address_list_init(struct address_list *list, struct text value)
{
	list->rest = value;
}

bool
address_list_next(struct address_list *list, struct text *address)
{
	while (list->rest.len > 0) {
		if (read_mailbox(list, address))
			return true;
	}
	return false;
}
