/*
 * A message as filters see and change it.
 */
#include "policy/filter_message.h"

#include <string.h>

#include "gateway/mail/mime_header.h"

/* More than a field of len bytes can become when it is decoded or written. */
#define FIELD_ROOM(len) (8 * (len) + 4096)

static int
take_fields(struct filter_message *message)
{
	const struct mime_part *root = &message->content->mime.parts[0];
	size_t i;

	message->field_count = root->field_count;
	message->field_room = root->field_count + 1;
	message->fields = arena_array(message->arena, message->field_room,
	    sizeof(message->fields[0]));
	if (message->fields == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < root->field_count; i++)
		message->fields[i] = (struct filter_field){
			.name = root->fields[i].name,
			.original = root->fields[i].whole,
			.whole = root->fields[i].whole,
			.value = root->fields[i].value };
	return 0;
}

int
filter_message_open(struct filter_message *message,
	struct filter_content *content, struct arena *arena)
{
	int error;

	*message = (struct filter_message){ .arena = arena,
		.content = content, .dropped = { TEXT_EMPTY, TEXT_EMPTY,
		TEXT_EMPTY } };
	error = take_fields(message);
	if (error != 0)
		filter_message_close(message);
	return error;
}

int
filter_message_copy(const struct filter_message *message,
	struct filter_message *out)
{
	*out = *message;
	out->fields = arena_array(message->arena, message->field_room,
	    sizeof(out->fields[0]));
	if (out->fields == NULL) {
		*out = (struct filter_message){ .arena = message->arena };
		return ERROR_LIMIT;
	}
	memcpy(out->fields, message->fields,
	    message->field_count * sizeof(out->fields[0]));
	out->content = filter_content_ref(message->content);
	return 0;
}

void
filter_message_close(struct filter_message *message)
{
	filter_content_release(&message->content);
	message->field_count = 0;
}

/* ---- header fields ---- */

static int
field_decode(struct filter_message *message, struct filter_field *field)
{
	struct buffer out;
	int error;

	buffer_init(&out, FIELD_ROOM(field->value.len));
	error = mime_header_decode(field->value, &out);
	if (error == 0)
		error = arena_copy(message->arena,
		    text_trim(buffer_text(&out)), &field->decoded);
	buffer_clear(&out);
	field->is_decoded = error == 0;
	return error;
}

int
filter_message_next(struct filter_message *message, struct text name,
	size_t *cursor, struct text *value)
{
	int error = 0;

	while (*cursor < message->field_count) {
		struct filter_field *field = &message->fields[(*cursor)++];

		if (field->is_removed ||
		    !text_equal_nocase(field->name, name))
			continue;
		if (!field->is_decoded)
			error = field_decode(message, field);
		*value = field->decoded;
		return error;
	}
	return ERROR_NOT_FOUND;
}

/* Give a field that value; its name stays as it is written. */
static int
field_write(struct filter_message *message, struct filter_field *field,
	struct text value)
{
	struct buffer out;
	int error;

	buffer_init(&out, FIELD_ROOM(field->name.len + value.len));
	error = mime_header_write(&out, field->name, value);
	if (error == 0)
		error = arena_copy(message->arena, buffer_text(&out),
		    &field->whole);
	buffer_clear(&out);
	if (error != 0)
		return error;
	field->value = text_skip(field->whole, field->name.len + 1);
	while (field->value.len > 0 &&
	    (field->value.data[field->value.len - 1] == '\n' ||
	    field->value.data[field->value.len - 1] == '\r'))
		field->value.len--;
	field->is_decoded = false;
	message->is_changed = true;
	return 0;
}

static int
make_room(struct filter_message *message)
{
	struct filter_field *fields;

	if (message->field_count < message->field_room)
		return 0;
	fields = arena_array(message->arena, 2 * message->field_room,
	    sizeof(fields[0]));
	if (fields == NULL)
		return ERROR_LIMIT;
	memcpy(fields, message->fields,
	    message->field_count * sizeof(fields[0]));
	message->fields = fields;
	message->field_room *= 2;
	return 0;
}

int
filter_message_insert(struct filter_message *message, struct text name,
	struct text value)
{
	struct filter_field field = { .name = name, .original = TEXT_EMPTY };
	int error = make_room(message);

	if (error == 0)
		error = field_write(message, &field, value);
	if (error == 0)
		message->fields[message->field_count++] = field;
	return error;
}

void
filter_message_strip(struct filter_message *message, struct text name)
{
	size_t i;

	for (i = 0; i < message->field_count; i++) {
		struct filter_field *field = &message->fields[i];

		if (field->is_removed ||
		    !text_equal_nocase(field->name, name))
			continue;
		field->is_removed = true;
		message->is_changed = true;
	}
}

int
filter_message_edit(struct filter_message *message, size_t cursor,
	struct text value)
{
	require(cursor > 0 && cursor <= message->field_count);
	return field_write(message, &message->fields[cursor - 1], value);
}

/* ---- writing ---- */

static int
write_originals(const struct filter_message *message, struct buffer *out,
	size_t *at)
{
	struct text bytes = message->content->bytes;
	size_t i;
	int error = 0;

	*at = 0;
	for (i = 0; i < message->field_count && error == 0; i++) {
		const struct filter_field *field = &message->fields[i];
		size_t start;

		if (field->original.len == 0)
			continue;
		/* Lines between that are no fields stay where they are. */
		start = (size_t)(field->original.data - bytes.data);
		require(start >= *at);
		error = buffer_add_text(out, text_slice(bytes, *at,
		    start - *at));
		if (error == 0 && !field->is_removed)
			error = buffer_add_text(out, field->whole);
		*at = start + field->original.len;
	}
	return error;
}

static int
write_inserted(const struct filter_message *message, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < message->field_count && error == 0; i++) {
		struct text so_far = buffer_text(out);

		if (message->fields[i].original.len > 0 ||
		    message->fields[i].is_removed)
			continue;
		/* The header may have ended without a line end. */
		if (so_far.len > 0 && so_far.data[so_far.len - 1] != '\n')
			error = buffer_add_text(out, TEXT("\r\n"));
		if (error == 0)
			error = buffer_add_text(out,
			    message->fields[i].whole);
	}
	return error;
}

int
filter_message_write(const struct filter_message *message,
	struct buffer *out)
{
	const struct mime_part *root = &message->content->mime.parts[0];
	size_t at = 0;
	int error = write_originals(message, out, &at);

	if (error == 0)
		error = write_inserted(message, out);
	/* A message without any header gets one, with its empty line. */
	if (error == 0 && root->header.len == 0)
		error = buffer_add_text(out, TEXT("\r\n"));
	return error == 0 ? buffer_add_text(out, text_skip(
	    message->content->bytes, at)) : error;
}

int
filter_message_replace(struct filter_message *message, struct buffer *bytes,
	struct reason *why)
{
	struct filter_dropped dropped = message->dropped;
	struct filter_content *content = NULL;
	int error = filter_content_take(bytes, message->arena, &content, why);

	if (error != 0)
		return error;
	filter_message_close(message);
	error = filter_message_open(message, content, message->arena);
	if (error != 0)
		reason_set(why, "it is too large to be judged");
	message->dropped = dropped;
	message->is_changed = true;
	return error;
}
