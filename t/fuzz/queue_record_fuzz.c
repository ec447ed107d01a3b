/*
 * The records of the queue's log: whatever decodes comes back the same from
 * its own encoding, and a message made of it can be saved and restored.
 * The first byte is the type.
 */
#include <stdint.h>

#include "gateway/base/log.h"
#include "queue/queue_message.h"
#include "queue/queue_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_MAX (16u * 1024 * 1024)
#define BYTES_MAX (8u * 1024 * 1024)

static void
round_trip(unsigned int type, const union queue_record *value,
    struct arena *arena)
{
	union queue_record again;
	struct buffer first, second;

	buffer_init(&first, BYTES_MAX);
	buffer_init(&second, BYTES_MAX);
	require(queue_record_encode(type, value, &first) == 0);
	require(queue_record_decode(type, buffer_text(&first), arena, &again)
	    == 0);
	require(queue_record_encode(type, &again, &second) == 0);
	require(text_equal(buffer_text(&first), buffer_text(&second)));
	buffer_clear(&first);
	buffer_clear(&second);
}

/* What is saved of a message restores to the same. */
static void
save_and_restore(const struct queue_saved *saved, struct arena *arena)
{
	struct queue_message *one = NULL, *two = NULL;
	struct queue_saved first, second;
	struct envelope envelope;

	if (record_decode(&envelope_shape, saved->envelope, arena, &envelope)
	    != 0 || queue_message_new(&envelope, saved->envelope, &one) != 0)
		return;
	require(queue_message_new(&envelope, saved->envelope, &two) == 0);
	queue_message_restore(one, &saved->state);
	require(queue_message_save(one, arena, &first) == 0);
	queue_message_restore(two, &first.state);
	require(queue_message_save(two, arena, &second) == 0);
	require(one->live == two->live && one->state < MESSAGE_STATES);
	require(first.state.recipient_count == second.state.recipient_count);
	require(first.state.state == second.state.state);
	require(first.state.crashes == second.state.crashes);
	require(text_equal(first.state.disposition,
	    second.state.disposition));
	queue_message_free(one);
	queue_message_free(two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	union queue_record value;
	unsigned int type;

	if (size == 0)
		return 0;
	type = data[0] % 8;
	arena = arena_new(ARENA_MAX);
	if (queue_record_decode(type, text_of(data + 1, size - 1), arena,
	    &value) == 0) {
		round_trip(type, &value, arena);
		if (type == QUEUE_RECORD_ACCEPT || type == QUEUE_RECORD_RELOC)
			save_and_restore(&value.saved, arena);
	}
	require(queue_record_name(type) != NULL);
	arena_free(arena);
	return 0;
}
