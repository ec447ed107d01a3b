/*
 * Changes to a text of message filters.  The text is a row of slots, each
 * with the loose lines in front of its filter; loose lines keep their slot,
 * a filter takes its own comment along.
 */
#include "policy/filter_script_edit.h"

#include <string.h>

/* ---- which, and where ---- */

static int
not_found(struct reason *why, const char *what, struct text word)
{
	reason_set(why, "there is no %s \"%.*s\"", what,
	    TEXT_ARG(text_slice(word, 0, 80)));
	return ERROR_NOT_FOUND;
}

static bool
is_number(struct text word)
{
	return word.len > 0 && text_is_digit(word.data[0]);
}

static int
parse_numbers(const struct filter_script *script, struct text which,
	struct filter_range *out, struct reason *why)
{
	size_t dash = text_find_byte(which, '-');
	uint64_t first = 0, last = 0;
	int error = text_parse_u64(text_slice(which, 0, dash), script->count,
	    &first);

	last = first;
	if (error == 0 && dash < which.len)
		error = text_parse_u64(text_skip(which, dash + 1),
		    script->count, &last);
	if (error == 0 && first > 0 && first <= last) {
		*out = (struct filter_range){ (size_t)first - 1,
			(size_t)last };
		return 0;
	}
	reason_set(why, "\"%.*s\" is no number from 1 to %zu and no such "
	    "range", TEXT_ARG(text_slice(which, 0, 40)), script->count);
	return ERROR_NOT_FOUND;
}

int
filter_range_parse(const struct filter_script *script, struct text which,
	struct filter_range *out, struct reason *why)
{
	size_t at;

	if (script->count == 0) {
		reason_set(why, "there are no message filters");
		return ERROR_NOT_FOUND;
	}
	if (is_number(which))
		return parse_numbers(script, which, out, why);
	*out = (struct filter_range){ 0, script->count };
	if (text_equal_nocase(which, TEXT("all")))
		return 0;
	at = filter_script_find(script, which);
	*out = (struct filter_range){ at, at + 1 };
	return at < script->count ? 0 : not_found(why, "filter", which);
}

int
filter_place_parse(const struct filter_script *script, struct text where,
	const struct filter_range *moved, size_t *place, struct reason *why)
{
	uint64_t number = 0;

	*place = script->count;
	if (text_equal_nocase(where, TEXT("last")))
		return 0;
	if (!is_number(where)) {
		*place = filter_script_find(script, where);
		return *place < script->count ? 0 :
		    not_found(why, "filter", where);
	}
	if (text_parse_u64(where, script->count + 1, &number) != 0 ||
	    number == 0) {
		reason_set(why, "there is no place %.*s: 1 to %zu, a name or "
		    "\"last\"", TEXT_ARG(text_slice(where, 0, 40)),
		    script->count + 1);
		return ERROR_NOT_FOUND;
	}
	*place = (size_t)number - 1;
	/* What it leaves behind moves up. */
	if (moved != NULL && *place > moved->first)
		*place += moved->end - moved->first;
	if (*place > script->count)
		*place = script->count;
	return 0;
}

/* ---- writing ---- */

/* On a line of its own. */
static int
add(struct buffer *out, struct text piece)
{
	struct text so_far = buffer_text(out);
	int error = 0;

	if (piece.len > 0 && so_far.len > 0 &&
	    so_far.data[so_far.len - 1] != '\n')
		error = buffer_add_byte(out, '\n');
	return error == 0 ? buffer_add_text(out, piece) : error;
}

static bool
is_blank(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (strchr(" \t\r\n", t.data[i]) == NULL)
			return false;
	return true;
}

static bool
is_in(struct filter_range range, size_t index)
{
	return index >= range.first && index < range.end;
}

int
filter_script_insert(const struct filter_script *script, size_t place,
	struct text added, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < script->count && error == 0; i++) {
		/* The lines at the top of the file stay there. */
		if (i == place && i > 0)
			error = add(out, added);
		if (error == 0)
			error = add(out, script->filters[i].before);
		if (error == 0 && i == place && i == 0)
			error = add(out, added);
		if (error == 0)
			error = add(out, script->filters[i].body);
	}
	if (error == 0 && script->count == 0)
		error = add(out, script->behind);
	if (error == 0 && place >= script->count)
		error = add(out, added);
	return error == 0 && script->count > 0 ? add(out, script->behind) :
	    error;
}

int
filter_script_delete(const struct filter_script *script,
	struct filter_range range, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < script->count && error == 0; i++) {
		const struct filter_script_filter *one = &script->filters[i];

		if (!is_in(range, i) || !is_blank(one->before))
			error = add(out, one->before);
		if (error == 0 && !is_in(range, i))
			error = add(out, one->body);
	}
	return error == 0 ? add(out, script->behind) : error;
}

/* The filter that gets the slot, once the range stands before place. */
static size_t
moved_to(struct filter_range range, size_t place, size_t slot)
{
	size_t len = range.end - range.first;

	if (place < range.first && slot >= place && slot < range.end)
		return slot < place + len ? range.first + (slot - place) :
		    slot - len;
	if (place > range.end && slot >= range.first && slot < place)
		return slot < place - len ? slot + len :
		    range.first + (slot - (place - len));
	return slot;
}

int
filter_script_move(const struct filter_script *script,
	struct filter_range range, size_t place, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < script->count && error == 0; i++) {
		error = add(out, script->filters[i].before);
		if (error == 0)
			error = add(out, script->filters[
			    moved_to(range, place, i)].body);
	}
	return error == 0 ? add(out, script->behind) : error;
}

static int
add_activated(const struct filter_script_filter *filter, bool is_active,
	struct buffer *out)
{
	int error = add(out, text_slice(filter->body, 0, filter->sign));

	if (error == 0)
		error = buffer_add_byte(out, is_active ? ':' : '!');
	return error == 0 ? buffer_add_text(out, text_skip(filter->body,
	    filter->sign + 1)) : error;
}

int
filter_script_activate(const struct filter_script *script,
	struct filter_range range, bool is_active, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < script->count && error == 0; i++) {
		const struct filter_script_filter *one = &script->filters[i];

		error = add(out, one->before);
		if (error == 0)
			error = is_in(range, i) ?
			    add_activated(one, is_active, out) :
			    add(out, one->body);
	}
	return error == 0 ? add(out, script->behind) : error;
}
