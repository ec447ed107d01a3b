/*
 * mail/mime_reading: the first reading is that of mime_message_parse(), no
 * two are the same, from none of them another can be reached, each is the
 * same when it is read again, and every part lies in the message.
 */
#include "gateway/mail/mime_reading.h"

#define ARENA_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_part(const struct mime_message *message, size_t index)
{
	const struct mime_part *part = &message->parts[index];
	const char *end = message->bytes.data + message->bytes.len;

	require(part->header.data >= message->bytes.data);
	require(part->header.data + part->header.len <= part->body.data);
	require(part->body.data + part->body.len <= end);
	require(index == 0 ? part->parent == 0 : part->parent < index);
	if (!mime_part_is_leaf(part))
		require(message->parts[index + 1].parent == index);
}

static void
check_same(const struct mime_message *a, const struct mime_message *b)
{
	require(a->part_count == b->part_count);
	require(a->choices == b->choices);
	require((a->flags | MIME_TOO_AMBIGUOUS) ==
		(b->flags | MIME_TOO_AMBIGUOUS));
	for (size_t i = 0; i < a->part_count; i++) {
		require(a->parts[i].body.data == b->parts[i].body.data);
		require(a->parts[i].body.len == b->parts[i].body.len);
		require(text_equal(a->parts[i].type, b->parts[i].type));
	}
}

static size_t
find(const struct mime_message *readings, size_t count, uint32_t reading)
{
	size_t at = 0;

	while (at < count && readings[at].reading != reading)
		at++;
	return at;
}

static void
check_reading(const struct mime_message *readings, size_t count, size_t at,
	const struct mime_limits *limits, struct arena *arena)
{
	const struct mime_message *one = &readings[at];
	struct mime_message again;

	require(find(readings, count, one->reading) == at);
	for (size_t i = 0; i < one->part_count; i++)
		check_part(one, i);
	for (uint32_t bit = 1; bit <= MIME_CHOICE_GUESS; bit <<= 1)
		if ((one->choices & bit) != 0 &&
		    (readings[0].flags & MIME_TOO_AMBIGUOUS) == 0)
			require(find(readings, count,
				one->reading ^ bit) < count);
	if (mime_message_read(one->bytes, limits, one->reading, arena,
	    &again) == 0)
		check_same(one, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mime_limits limits = { .depth = 16, .parts = 200,
		.fields = 1000 };
	struct text bytes = size > 0 ? text_of(data, size) : TEXT_EMPTY;
	struct arena *arena = arena_new(ARENA_MAX);
	struct mime_message readings[MIME_READINGS_MAX];
	struct mime_message first;
	size_t count;

	if (mime_readings(bytes, &limits, arena, readings, &count) == 0) {
		require(count > 0 && count <= MIME_READINGS_MAX);
		for (size_t i = 0; i < count; i++)
			check_reading(readings, count, i, &limits, arena);
		if (mime_message_parse(bytes, &limits, arena, &first) == 0)
			check_same(&readings[0], &first);
	}
	arena_free(arena);
	return 0;
}
