/*
 * A message with its changes: replaced ranges of its bytes, in order.
 */
#include "gateway/mail/mime_write_private.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

#define EOL TEXT("\r\n")
#define FIELDS_MAX 4096		/* of a part that we make */
#define NO_PART SIZE_MAX

/* One range of the message with what stands there instead. */
struct edit {
	size_t start;
	size_t len;
	size_t order;		/* of edits at one place */
	struct buffer with;
};

/* Finishing. */
struct finish {
	const struct mime_write *write;
	const struct mime_message *message;
	size_t *next;		/* sibling, or NO_PART */
	size_t *previous;
	bool *is_dead;		/* below something that goes */
	bool *is_trailing;	/* removed like all behind it */
	struct edit *edits;
	size_t count;
	size_t room;
	size_t max;		/* bytes of one edit */
};

/* ---- edits ---- */

static size_t
offset_of(const struct finish *finish, const char *at)
{
	return (size_t)(at - finish->message->bytes.data);
}

static size_t
start_of(const struct finish *finish, size_t index)
{
	return offset_of(finish, finish->message->parts[index].header.data);
}

static size_t
end_of(const struct finish *finish, size_t index)
{
	const struct mime_part *part = &finish->message->parts[index];

	return offset_of(finish, part->body.data) + part->body.len;
}

/* What stands in place of [start, end): to be filled in. */
static struct buffer *
add_edit(struct finish *finish, size_t start, size_t end)
{
	struct edit *edit;

	require(start <= end && end <= finish->message->bytes.len);
	if (finish->count == finish->room) {
		finish->room = finish->room == 0 ? 16 : 2 * finish->room;
		finish->edits = memory_resize(finish->edits, finish->room,
		    sizeof(finish->edits[0]));
	}
	edit = &finish->edits[finish->count];
	*edit = (struct edit){ .start = start, .len = end - start,
		.order = finish->count++ };
	buffer_init(&edit->with, finish->max);
	return &edit->with;
}

/* A whole part of plain text. */
static int
add_text_part(struct text utf8, struct buffer *out)
{
	struct buffer body;
	int error;

	buffer_init(&body, utf8.len * 4 + 64);
	error = mime_write_text(utf8, out, &body);
	if (error == 0)
		error = buffer_add_text(out, EOL);
	if (error == 0)
		error = buffer_add_text(out, buffer_text(&body));
	buffer_clear(&body);
	return error;
}

/* A message's own header keeps all but what is said about the content. */
static int
add_root_text(const struct mime_part *part, struct text utf8,
	struct buffer *out)
{
	static const struct text version = TEXT_INIT("MIME-Version: 1.0\r\n");
	struct buffer fields, body;
	int error;

	buffer_init(&fields, FIELDS_MAX);
	buffer_init(&body, utf8.len * 4 + 64);
	error = mime_write_text(utf8, &fields, &body);
	if (error == 0)
		error = mime_write_header(part, true,
		    (const struct mime_write_field[]){
		    { "MIME-Version", version },
		    { "Content-Type", buffer_text(&fields) } }, 2, out);
	if (error == 0)
		error = buffer_add_text(out, buffer_text(&body));
	if (error == 0)
		error = buffer_add_text(out, EOL);
	buffer_clear(&fields);
	buffer_clear(&body);
	return error;
}

static int
finish_replace(struct finish *finish, size_t index, struct text utf8)
{
	struct buffer *with = add_edit(finish, start_of(finish, index),
	    end_of(finish, index));

	return mime_write_is_root(finish->message, index) ?
	    add_root_text(&finish->message->parts[index], utf8, with) :
	    add_text_part(utf8, with);
}

static int
finish_body(struct finish *finish, size_t index)
{
	return mime_write_part(finish->message, index,
	    &finish->write->changes[index], add_edit(finish,
	    start_of(finish, index), end_of(finish, index)));
}

/*
 * With the delimiter behind it; a run of removed parts at the end with the
 * one before it.
 */
static int
finish_remove(struct finish *finish, size_t index)
{
	size_t previous = finish->previous[index];

	if (!finish->is_trailing[index]) {
		(void)add_edit(finish, start_of(finish, index),
		    start_of(finish, finish->next[index]));
		return 0;
	}
	if (previous == NO_PART)
		return finish_replace(finish, index, TEXT_EMPTY);
	/* What comes before may be kept, changed or the text that stays. */
	(void)add_edit(finish, end_of(finish, previous),
	    end_of(finish, index));
	return 0;
}

static int
finish_unsign(struct finish *finish, size_t index)
{
	static const char *const dropped[] = { "protocol", "micalg", NULL };
	const struct mime_part *part = &finish->message->parts[index];
	struct buffer type;
	size_t start = start_of(finish, index);
	int error;

	buffer_init(&type, part->header.len * 3 + FIELDS_MAX);
	error = mime_write_type(part, TEXT("multipart"), TEXT("mixed"),
	    TEXT_EMPTY, dropped, &type);
	if (error == 0)
		error = mime_write_header(part, false,
		    &(struct mime_write_field){ "Content-Type",
		    buffer_text(&type) }, 1, add_edit(finish, start,
		    start + part->header.len));
	buffer_clear(&type);
	return error;
}

/* ---- wrapping ---- */

/* RFC 2045 6.4: what a part in it declares, a multipart declares too. */
static int
add_multipart(const struct mime_part *part, const char *boundary,
	struct buffer *out)
{
	static const char *const encodings[] = {
		[MIME_ENCODING_8BIT] = "8bit",
		[MIME_ENCODING_BINARY] = "binary",
	};
	int error = buffer_printf(out, "Content-Type: multipart/mixed;\r\n"
	    "\tboundary=\"%s\"\r\n", boundary);

	if (error != 0 || (part->encoding != MIME_ENCODING_8BIT &&
	    part->encoding != MIME_ENCODING_BINARY))
		return error;
	return buffer_printf(out, "Content-Transfer-Encoding: %s\r\n",
	    encodings[part->encoding]);
}

/* From the outer header to where the wrapped part begins. */
static int
add_opening(const char *boundary, struct text before, struct buffer *out)
{
	int error = 0;

	if (before.len > 0) {
		error = buffer_printf(out, "--%s\r\n", boundary);
		if (error == 0)
			error = add_text_part(before, out);
		if (error == 0)
			error = buffer_add_text(out, EOL);
	}
	return error == 0 ? buffer_printf(out, "--%s\r\n", boundary) : error;
}

static int
open_root(struct finish *finish, size_t index, const char *boundary,
	struct text before)
{
	const struct mime_part *part = &finish->message->parts[index];
	size_t start = start_of(finish, index);
	struct buffer *out = add_edit(finish, start,
	    start + part->header.len);
	struct buffer type;
	int error;

	buffer_init(&type, FIELDS_MAX);
	error = add_multipart(part, boundary, &type);
	if (error == 0)
		error = mime_write_header(part, true,
		    (const struct mime_write_field[]){
		    { "MIME-Version", TEXT("MIME-Version: 1.0\r\n") },
		    { "Content-Type", buffer_text(&type) } }, 2, out);
	buffer_clear(&type);
	if (error == 0)
		error = add_opening(boundary, before, out);
	if (error == 0)
		error = mime_write_content_fields(part, out);
	return error == 0 ? buffer_add_text(out, EOL) : error;
}

static int
open_child(struct finish *finish, size_t index, const char *boundary,
	struct text before)
{
	size_t start = start_of(finish, index);
	struct buffer *out = add_edit(finish, start, start);
	int error = add_multipart(&finish->message->parts[index], boundary,
	    out);

	if (error == 0)
		error = buffer_add_text(out, EOL);
	return error == 0 ? add_opening(boundary, before, out) : error;
}

static int
finish_wrap(struct finish *finish, size_t index)
{
	const struct mime_write_change *change =
	    &finish->write->changes[index];
	char boundary[MIME_WRITE_BOUNDARY_SIZE];
	size_t end = end_of(finish, index);
	struct buffer *out;
	int error = mime_write_boundary(finish->message->bytes, boundary);

	if (error == 0)
		error = mime_write_is_root(finish->message, index) ?
		    open_root(finish, index, boundary, change->before) :
		    open_child(finish, index, boundary, change->before);
	if (error != 0)
		return error;
	out = add_edit(finish, end, end);
	if (change->behind.len > 0) {
		error = buffer_printf(out, "\r\n--%s\r\n", boundary);
		if (error == 0)
			error = add_text_part(change->behind, out);
	}
	if (error == 0)
		error = buffer_printf(out, "\r\n--%s--", boundary);
	/* A message ends with its last line. */
	return error == 0 && mime_write_is_root(finish->message, index) ?
	    buffer_add_text(out, EOL) : error;
}

/* ---- all of it ---- */

/* Who stands beside whom, and what goes with what. */
static int
find_siblings(struct finish *finish, struct arena *arena)
{
	const struct mime_message *message = finish->message;
	const struct mime_write_change *changes = finish->write->changes;
	size_t i, count = message->part_count;
	size_t *last = arena_array(arena, count, sizeof(*last));

	finish->next = arena_array(arena, count, sizeof(size_t));
	finish->previous = arena_array(arena, count, sizeof(size_t));
	finish->is_dead = arena_array(arena, count, sizeof(bool));
	finish->is_trailing = arena_array(arena, count, sizeof(bool));
	if (last == NULL || finish->next == NULL ||
	    finish->previous == NULL || finish->is_dead == NULL ||
	    finish->is_trailing == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < count; i++) {
		size_t parent = message->parts[i].parent;
		uint8_t above = changes[parent].kind;

		last[i] = finish->next[i] = finish->previous[i] = NO_PART;
		if (i == 0)
			continue;
		finish->is_dead[i] = finish->is_dead[parent] ||
		    above == MIME_WRITE_REPLACE || above == MIME_WRITE_REMOVE;
		finish->previous[i] = last[parent];
		if (last[parent] != NO_PART)
			finish->next[last[parent]] = i;
		last[parent] = i;
	}
	for (i = count; i-- > 0;)
		finish->is_trailing[i] =
		    changes[i].kind == MIME_WRITE_REMOVE &&
		    (finish->next[i] == NO_PART ||
		    finish->is_trailing[finish->next[i]]);
	return 0;
}

static int
finish_part(struct finish *finish, size_t index)
{
	const struct mime_write_change *change =
	    &finish->write->changes[index];

	switch ((enum mime_write_kind)change->kind) {
	case MIME_WRITE_KEEP:
		return 0;
	case MIME_WRITE_BODY:
		return finish_body(finish, index);
	case MIME_WRITE_REPLACE:
		return finish_replace(finish, index, change->before);
	case MIME_WRITE_REMOVE:
		return finish_remove(finish, index);
	case MIME_WRITE_WRAP:
		return finish_wrap(finish, index);
	case MIME_WRITE_UNSIGN:
		return finish_unsign(finish, index);
	}
	return 0;
}

static int
compare_edits(const void *left, const void *right)
{
	const struct edit *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int
write_edits(struct finish *finish, struct buffer *out)
{
	struct text bytes = finish->message->bytes;
	size_t i, at = 0;
	int error = 0;

	if (finish->count > 0)
		qsort(finish->edits, finish->count,
		    sizeof(finish->edits[0]), compare_edits);
	for (i = 0; i < finish->count && error == 0; i++) {
		const struct edit *edit = &finish->edits[i];

		require(edit->start >= at);
		error = buffer_add_text(out, text_slice(bytes, at,
		    edit->start - at));
		if (error == 0)
			error = buffer_add_text(out,
			    buffer_text(&edit->with));
		at = edit->start + edit->len;
	}
	return error == 0 ? buffer_add_text(out, text_skip(bytes, at)) :
	    error;
}

int
mime_write_finish(struct mime_write *write, struct buffer *out)
{
	struct finish finish = { .write = write, .message = write->message,
		.max = out->max };
	size_t i;
	int error = find_siblings(&finish, write->arena);

	for (i = 0; i < write->message->part_count && error == 0; i++)
		if (!finish.is_dead[i])
			error = finish_part(&finish, i);
	if (error == 0)
		error = write_edits(&finish, out);
	for (i = 0; i < finish.count; i++)
		buffer_clear(&finish.edits[i].with);
	free(finish.edits);
	return error;
}
