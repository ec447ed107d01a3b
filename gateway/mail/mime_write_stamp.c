/*
 * Where in a message a disclaimer stands: what a reader shows as its body is
 * found first, then every form of it is changed, or none.
 */
#include "gateway/mail/mime_write_stamp.h"

#include <string.h>

#define NO_PART SIZE_MAX

struct placing {
	struct mime_write *write;
	const struct mime_message *message;
	const struct mime_write_stamp *stamp;
	size_t max;
	size_t *open;		/* multiparts and leaves to be looked at */
	size_t open_count;
	size_t target_count;
	bool has_calendar;
};

/* ---- walking ---- */

static size_t
next_child(const struct mime_message *message, size_t parent, size_t behind)
{
	const struct mime_part *parts = message->parts;
	size_t i;

	for (i = behind + 1; i < message->part_count &&
	    parts[i].depth > parts[parent].depth; i++)
		if (parts[i].parent == parent)
			return i;
	return NO_PART;
}

static bool
is_subtype(const struct mime_part *part, const char *subtype)
{
	return part->is_multipart && text_equal(part->subtype,
	    text_from(subtype));
}

/* Forms of one content, or a content with what belongs to it. */
static bool
is_forms(const struct mime_part *part)
{
	return is_subtype(part, "alternative") || is_subtype(part, "related");
}

static bool
is_sealed(const struct mime_part *part)
{
	return is_subtype(part, "signed") || is_subtype(part, "encrypted");
}

/* A list of parts that are shown one after the other. */
static bool
is_list(const struct mime_part *part)
{
	return part->is_multipart && !is_forms(part) && !is_sealed(part) &&
	    !is_subtype(part, "digest") && !is_subtype(part, "parallel");
}

static bool
is_text(const struct mime_message *message, size_t index)
{
	const struct mime_part *part = &message->parts[index];

	return mime_part_is_leaf(part) &&
	    !mime_write_is_empty(message, index) && !mime_part_is_attachment(part) &&
	    (part->flags & MIME_NO_BOUNDARY) == 0 &&
	    (mime_part_is(part, "text", "plain") ||
	    mime_part_is(part, "text", "html"));
}

static bool
is_calendar(const struct mime_part *part)
{
	return mime_part_is(part, "text", "calendar");
}

/* The first part of a list that is no attachment. */
static size_t
body_of_list(const struct mime_message *message, size_t list)
{
	size_t i = list;

	while ((i = next_child(message, list, i)) != NO_PART)
		if (message->parts[i].is_multipart ||
		    is_text(message, i))
			return i;
	return NO_PART;
}

static bool
has_content_id(const struct mime_part *part, struct text wanted)
{
	const struct mime_field *field = mime_part_field(part, "Content-ID");

	return field != NULL && wanted.len > 0 &&
	    text_equal(text_trim(field->value), wanted);
}

/* RFC 2387 3.2: the part that "start" names, else the first. */
static size_t
root_of_related(const struct mime_message *message, size_t related)
{
	struct text wanted = text_trim(mime_part_parameter(
	    &message->parts[related], "start"));
	size_t i = related;

	while ((i = next_child(message, related, i)) != NO_PART)
		if (has_content_id(&message->parts[i], wanted))
			return i;
	return next_child(message, related, related);
}

/* ---- the forms of the body ---- */

static void
open_part(struct placing *placing, size_t index)
{
	if (index != NO_PART)
		placing->open[placing->open_count++] = index;
}

static int
change_text(struct placing *placing, size_t index)
{
	struct text charset = TEXT_EMPTY;
	struct buffer bytes;
	int error;

	buffer_init(&bytes, placing->max);
	error = mime_write_stamp_text(&placing->message->parts[index],
	    placing->stamp, &bytes, &charset);
	if (error == 0)
		mime_write_body(placing->write, index, &bytes, charset);
	buffer_clear(&bytes);
	placing->target_count++;
	return error;
}

static int
look_at(struct placing *placing, size_t index)
{
	const struct mime_message *message = placing->message;
	const struct mime_part *part = &message->parts[index];
	size_t i = index;

	if (is_text(message, index))
		return change_text(placing, index);
	if (is_sealed(part))
		return ERROR_REFUSED;
	if (is_subtype(part, "alternative"))
		while ((i = next_child(message, index, i)) != NO_PART)
			open_part(placing, i);
	else if (is_subtype(part, "related"))
		open_part(placing, root_of_related(message, index));
	else if (is_list(part))
		open_part(placing, body_of_list(message, index));
	else if (is_calendar(part))
		placing->has_calendar = true;
	return 0;
}

/* ERROR_REFUSED: a form of it cannot be changed, or there is no text. */
static int
change_forms(struct placing *placing, size_t body)
{
	int error = 0;

	open_part(placing, body);
	while (placing->open_count > 0 && error == 0)
		error = look_at(placing,
		    placing->open[--placing->open_count]);
	if (error == 0 && placing->target_count == 0 &&
	    !placing->has_calendar)
		error = ERROR_REFUSED;
	return error;
}

/* ---- the body ---- */

/* A list without any text: an invitation, or nothing but attachments. */
static bool
has_calendar(const struct mime_message *message, size_t list)
{
	size_t i = list;

	while ((i = next_child(message, list, i)) != NO_PART)
		if (is_calendar(&message->parts[i]))
			return true;
	return false;
}

/* Down from list to list; *is_invitation: there is nothing to stamp. */
static size_t
find_body(const struct mime_message *message, bool *is_invitation)
{
	size_t at = 0, below;

	*is_invitation = is_calendar(&message->parts[0]);
	while (is_list(&message->parts[at])) {
		below = body_of_list(message, at);
		if (below == NO_PART) {
			*is_invitation = has_calendar(message, at);
			break;
		}
		at = below;
	}
	return at;
}

/* Forget what was planned for forms of a body of which one refused. */
static int
start_again(struct mime_write *write)
{
	const struct mime_message *message = write->message;
	struct arena *arena = write->arena;

	mime_write_close(write);
	return mime_write_open(write, message, arena);
}

int
mime_write_stamp(struct mime_write *write,
	const struct mime_write_stamp *stamp, size_t max)
{
	struct placing placing = { .write = write,
		.message = write->message, .stamp = stamp, .max = max };
	bool is_invitation = false;
	size_t body = find_body(write->message, &is_invitation);
	int error;

	require(!write->has_changes);
	if (is_invitation)
		return 0;
	placing.open = arena_array(write->arena, write->message->part_count,
	    sizeof(placing.open[0]));
	if (placing.open == NULL)
		return ERROR_LIMIT;
	error = change_forms(&placing, body);
	if (error != ERROR_REFUSED)
		return error;
	error = start_again(write);
	return error == 0 ? mime_write_wrap(write, body,
	    stamp->is_heading ? stamp->text : TEXT_EMPTY,
	    stamp->is_heading ? TEXT_EMPTY : stamp->text) : error;
}
