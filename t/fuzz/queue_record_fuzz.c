/*
 * The records of the queue's log: whatever decodes comes back the same from
 * its own encoding, and a message made of it can be saved and restored.
 * The first byte is the type.
 */
#include <stdint.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/config/config.h"
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

/* None of it may get lost: what is not met must not look so. */
static void
same_protection(const struct queue_message *one,
    const struct queue_message *two)
{
	const struct queue_protection *a = one->protection;
	const struct queue_protection *b = two->protection;
	static const uint8_t hash[32];

	require((a == NULL) == (b == NULL));
	require(queue_message_onward(one) == queue_message_onward(two));
	if (a == NULL)
		return;
	require(a->form == b->form && a->met_us == b->met_us);
	require(text_equal(a->profile, b->profile));
	require(memcmp(a->envelope_id, b->envelope_id,
	    sizeof(a->envelope_id)) == 0);
	require(memcmp(a->met_sha256, b->met_sha256,
	    sizeof(a->met_sha256)) == 0);
	for (uint8_t tls = 0; tls <= CONFIG_DESTINATION_TLS_VERIFIED; tls++)
		require(queue_protection_may_send(a, hash, tls) ==
		    queue_protection_may_send(b, hash, tls));
	require(a->met_us != 0 || !queue_protection_may_send(a, hash,
	    CONFIG_DESTINATION_TLS_PREFERRED));
}

/* Nor where it was to go. */
static void
same_ruling(const struct queue_message *one, const struct queue_message *two)
{
	struct queue_ruling a = queue_ruling_value(one->ruling);
	struct queue_ruling b = queue_ruling_value(two->ruling);

	require(text_equal(a.policy, b.policy));
	require(text_equal(a.next_hop, b.next_hop));
	require(text_equal(a.bounce_profile, b.bounce_profile));
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
	one->passes = two->passes = saved->passes;
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
	require(text_equal(first.state.tags, second.state.tags));
	require(text_equal(first.state.quarantine, second.state.quarantine));
	require(first.passes == second.passes);
	same_protection(one, two);
	same_ruling(one, two);
	queue_message_free(one);
	queue_message_free(two);
}

/* An arena that is full ends it: a log's records are bounded. */
static void
save_messages(const struct queue_dispose_record *dispose,
    struct arena *arena)
{
	for (size_t i = 0; i < dispose->message_count &&
	    arena_used(arena) < ARENA_MAX / 2; i++)
		save_and_restore(&dispose->messages[i].saved, arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	union queue_record value;
	unsigned int type;

	if (size == 0)
		return 0;
	type = data[0] % 9;
	arena = arena_new(ARENA_MAX);
	if (queue_record_decode(type, text_of(data + 1, size - 1), arena,
	    &value) == 0) {
		round_trip(type, &value, arena);
		if (type == QUEUE_RECORD_ACCEPT || type == QUEUE_RECORD_RELOC)
			save_and_restore(&value.saved, arena);
		if (type == QUEUE_RECORD_SPLIT)
			save_and_restore(&value.split.child, arena);
		if (type == QUEUE_RECORD_DISPOSE)
			save_messages(&value.dispose, arena);
	}
	require(queue_record_name(type) != NULL);
	arena_free(arena);
	return 0;
}
