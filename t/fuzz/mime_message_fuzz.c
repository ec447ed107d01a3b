/*
 * mail/mime_message: every range lies in the message and in its parent, the
 * parts of one parent follow each other, the table is a tree, and limits
 * hold whatever they are.
 */
#include <string.h>

#include "gateway/mail/mime_header.h"
#include "gateway/mail/mime_message.h"
#include "gateway/mail/utf8.h"

#define ARENA_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_within(struct text inner, struct text outer)
{
	return inner.data >= outer.data &&
		inner.data + inner.len <= outer.data + outer.len;
}

static void
check_fields(const struct mime_part *part)
{
	const char *at = part->header.data;

	for (size_t i = 0; i < part->field_count; i++) {
		const struct mime_field *field = &part->fields[i];
		require(field->whole.data >= at);
		require(is_within(field->whole, part->header));
		require(field->name.len > 0);
		require(is_within(field->name, field->whole));
		require(field->value.data > field->name.data);
		require(field->value.data + field->value.len <=
			field->whole.data + field->whole.len ||
			i + 1 == part->field_count);
		at = field->whole.data + field->whole.len;
	}
}

/* A child's whole range; the end of the one before it. */
static void
check_place(const struct mime_message *message, const struct mime_part *part,
	const char **ends)
{
	const struct mime_part *parent = &message->parts[part->parent];
	struct text whole = text_of(part->header.data,
		(size_t)(part->body.data + part->body.len -
		part->header.data));

	require(part->depth == parent->depth + 1);
	require(parent->is_multipart || parent->is_message);
	require(is_within(whole, parent->body));
	require(whole.data >= ends[part->parent]);
	ends[part->parent] = whole.data + whole.len;
}

static void
check_part(const struct mime_message *message, size_t index,
	const char **ends)
{
	const struct mime_part *part = &message->parts[index];

	require(part->header.data + part->header.len <= part->body.data);
	require(index == 0 ? part->parent == 0 : part->parent < index);
	ends[index] = part->body.data;
	if (index > 0)
		check_place(message, part, ends);
	else
		require(part->header.data == message->bytes.data);
	check_fields(part);
	require(part->type.len > 0 && part->subtype.len > 0);
	require(part->encoding <= MIME_ENCODING_UNKNOWN);
	require((part->flags & ~message->flags) == 0);
	require(!(part->is_multipart && part->is_message));
	if (part->is_message || part->is_multipart) {
		require(index + 1 < message->part_count);
		require(message->parts[index + 1].parent == index);
	}
}

static void
check_names(const struct mime_message *message, struct arena *arena)
{
	for (size_t i = 0; i < message->part_count; i++) {
		struct text *names;
		size_t count;
		if (mime_part_filenames(&message->parts[i], arena, &names,
		    &count) != 0)
			return;
		for (size_t k = 0; k < count; k++) {
			require(names[k].len > 0 && names[k].len <= 255);
			require(utf8_is_valid(names[k]));
			require(text_find_byte(names[k], '/') ==
				names[k].len);
		}
	}
}

static void
check(struct text bytes, const struct mime_limits *limits)
{
	static const char *ends[4096];
	struct arena *arena = arena_new(ARENA_MAX);
	struct mime_message message;
	size_t fields = 0;

	if (mime_message_parse(bytes, limits, arena, &message) != 0) {
		arena_free(arena);
		return;
	}
	require(message.part_count > 0);
	require(message.part_count <= limits->parts);
	for (size_t i = 0; i < message.part_count; i++) {
		check_part(&message, i, ends);
		require(message.parts[i].depth <= limits->depth);
		fields += message.parts[i].field_count;
	}
	require(fields <= limits->fields);
	check_names(&message, arena);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mime_limits wide = { .depth = 64, .parts = 4096,
		.fields = 100000 };
	const struct mime_limits narrow = { .depth = 2, .parts = 3,
		.fields = 4 };
	struct text bytes = size > 0 ? text_of(data, size) : TEXT_EMPTY;

	check(bytes, &wide);
	check(bytes, &narrow);
	return 0;
}
