/*
 * One message: what it is made of, and the table of its states.
 */
#include "queue/queue_message.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define TO(state) (1u << MESSAGE_##state)
/* The widest envelope, decoded. */
#define REWRITE_ARENA_MAX (32u * 1024 * 1024)

/* Service mail goes from RECEIVED to READY: no filter judges it. */
static const unsigned int moves[MESSAGE_STATES] = {
	[MESSAGE_RECEIVED] = TO(JUDGING) | TO(READY) | TO(HELD) | TO(DONE),
	[MESSAGE_JUDGING] = TO(PROTECTING) | TO(READY) | TO(HELD) | TO(DONE),
	[MESSAGE_PROTECTING] = TO(READY) | TO(HELD) | TO(DONE),
	[MESSAGE_READY] = TO(PROTECTING) | TO(SENDING) | TO(HELD) | TO(DONE),
	[MESSAGE_SENDING] = TO(PROTECTING) | TO(READY) | TO(HELD) | TO(DONE),
	[MESSAGE_HELD] = TO(JUDGING) | TO(PROTECTING) | TO(READY) | TO(DONE),
	[MESSAGE_DONE] = 0,
};

bool
queue_message_may_move(enum message_state from, enum message_state to)
{
	return (unsigned int)from < MESSAGE_STATES &&
	    (unsigned int)to < MESSAGE_STATES &&
	    (moves[from] & (1u << to)) != 0;
}

void
queue_message_move(struct queue_message *message, enum message_state from,
    enum message_state to)
{
	if (message->state != from || !queue_message_may_move(from, to))
		log_event(LOG_ERROR_LEVEL, message->mid, "illegal_move",
		    LOG_STRING("state", message_state_name(message->state)),
		    LOG_STRING("from", message_state_name(from)),
		    LOG_STRING("to", message_state_name(to)));
	require(message->state == from);
	require(queue_message_may_move(from, to));
	message->state = (uint8_t)to;
}

static bool
is_envelope_sane(const struct envelope *envelope)
{
	uint32_t last = 0;

	if (envelope->mid == 0 || envelope->recipient_count == 0 ||
	    envelope->recipient_count > ENVELOPE_RECIPIENTS_MAX)
		return false;
	for (size_t i = 0; i < envelope->recipient_count; i++) {
		if (envelope->recipients[i].rid <= last)
			return false;
		last = envelope->recipients[i].rid;
	}
	return true;
}

static void
init_lists(struct queue_message *message)
{
	list_init(&message->all);
	list_init(&message->segment);
	list_init(&message->hot);
	list_init(&message->dirty);
}

int
queue_message_new(const struct envelope *envelope, struct text encoded,
    struct queue_message **out)
{
	struct queue_message *message;
	size_t count = envelope->recipient_count;

	*out = NULL;
	if (!is_envelope_sane(envelope))
		return ERROR_MALFORMED;
	message = memory_new(sizeof(*message) +
	    count * sizeof(message->recipients[0]));
	init_lists(message);
	message->mid = message->body_mid = envelope->mid;
	message->pieces_mid = envelope->mid;
	message->received_us = envelope->received_us;
	message->seen_ms = clock_monotonic_ms();
	message->size = envelope->size;
	message->class = envelope->class;
	message->direction = envelope->direction;
	message->has_sender = !text_is_empty(envelope->sender);
	message->envelope = memory_text(encoded);
	message->state = MESSAGE_RECEIVED;
	message->recipient_count = (uint32_t)count;
	message->live = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		message->recipients[i].rid = envelope->recipients[i].rid;
	*out = message;
	return 0;
}

void
queue_message_free(struct queue_message *message)
{
	if (message == NULL)
		return;
	require(message->parts == NULL && message->errand == NULL);
	require(list_is_empty(&message->all) &&
	    list_is_empty(&message->segment) &&
	    list_is_empty(&message->hot) && list_is_empty(&message->dirty));
	for (size_t i = 0; i < message->recipient_count; i++)
		free(message->recipients[i].said);
	message_body_release(&message->body);
	free(message->pieces);
	free(message->hold_reason);
	free(message->disposition);
	free(message->tags);
	free(message->quarantine);
	free(message->protection);
	free(message->ruling);
	free((void *)(uintptr_t)message->facts.data);
	free((void *)(uintptr_t)message->envelope.data);
	free(message);
}

struct queue_recipient *
queue_message_recipient(struct queue_message *message, uint32_t rid)
{
	size_t low = 0;
	size_t high = message->recipient_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (message->recipients[middle].rid == rid)
			return &message->recipients[middle];
		if (message->recipients[middle].rid < rid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int
queue_message_envelope(const struct queue_message *message,
    struct arena *arena, struct envelope *out)
{
	return record_decode(&envelope_shape, message->envelope, arena, out);
}

int
queue_message_live_envelope(const struct queue_message *message,
    struct arena *arena, struct envelope *out)
{
	int r = queue_message_envelope(message, arena, out);
	size_t kept = 0;

	if (r != 0)
		return r;
	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].state == RECIPIENT_LIVE)
			out->recipients[kept++] = out->recipients[i];
	out->recipient_count = kept;
	return 0;
}

bool
queue_message_is_sendable(const struct queue_message *message)
{
	return message->state == MESSAGE_READY ||
	    message->state == MESSAGE_SENDING;
}

bool
queue_message_is_judged(const struct queue_message *message)
{
	return message->class == ENVELOPE_CLASS_SERVICE ||
	    message->disposition != NULL;
}

enum message_state
queue_message_onward(const struct queue_message *message)
{
	return queue_protection_needs_envelope(message->protection) ?
	    MESSAGE_PROTECTING : MESSAGE_READY;
}

/* ---- changes ------------------------------------------------------------ */

static struct queue_said *
said_new(const struct queue_recipient_change *change)
{
	size_t status = change->status.len;
	size_t reason = change->reason.len;
	size_t host = change->host.len;
	struct queue_said *said;

	if (status + reason + host == 0)
		return NULL;
	said = memory_new(sizeof(*said) + status + reason + host);
	said->status_len = (uint16_t)status;
	said->reason_len = (uint16_t)reason;
	said->host_len = (uint16_t)host;
	if (status > 0)
		memcpy(said->bytes, change->status.data, status);
	if (reason > 0)
		memcpy(said->bytes + status, change->reason.data, reason);
	if (host > 0)
		memcpy(said->bytes + status + reason, change->host.data,
		    host);
	return said;
}

static void
apply_recipient(struct queue_message *message,
    const struct queue_recipient_change *change)
{
	struct queue_recipient *recipient =
	    queue_message_recipient(message, change->rid);
	struct queue_said *old;

	if (recipient == NULL || recipient->state != RECIPIENT_LIVE)
		return;
	recipient->state = change->state;
	recipient->attempts = change->attempts;
	recipient->next_try_us = change->next_try_us;
	recipient->warned = change->warned != 0;
	/* The change may have been saved from what is replaced here. */
	old = recipient->said;
	recipient->said = said_new(change);
	free(old);
	if (recipient->state != RECIPIENT_LIVE)
		message->live--;
}

static void
set_string(char **string, struct text value)
{
	char *old = *string;

	*string = text_is_empty(value) ? NULL : memory_string(value);
	free(old);
}

/* The change may have been made from what is replaced here. */
static void
set_protection(struct queue_message *message,
    const struct queue_protection *value)
{
	struct queue_protection *old = message->protection;

	message->protection = queue_protection_keep(value);
	free(old);
}

/* Likewise. */
void
queue_message_set_facts(struct queue_message *message, struct text value)
{
	struct text old = message->facts;

	message->facts = text_is_empty(value) ? (struct text){ 0 } :
	    memory_text(value);
	free((void *)(uintptr_t)old.data);
}

/* The change may have been made from what is replaced here. */
static void
set_ruling(struct queue_message *message, const struct queue_ruling *value)
{
	struct queue_ruling *old = message->ruling;

	message->ruling = queue_ruling_keep(value);
	free(old);
}

/* The envelope tells size and hash of the body that is there now. */
static void
set_body(struct queue_message *message, const struct queue_change *change)
{
	struct text old = message->envelope;
	struct arena *arena = arena_new(REWRITE_ARENA_MAX);
	struct envelope envelope;
	struct buffer encoded;

	require(queue_message_envelope(message, arena, &envelope) == 0);
	envelope.size = change->size;
	memcpy(envelope.sha256, change->sha256, sizeof(envelope.sha256));
	buffer_init(&encoded, (size_t)2 * QUEUE_ENVELOPE_MAX);
	require(record_encode(&envelope_shape, &envelope, &encoded) == 0);
	message->envelope = memory_text(buffer_text(&encoded));
	buffer_clear(&encoded);
	arena_free(arena);
	free((void *)(uintptr_t)old.data);
	queue_message_set_pieces(message, change->pieces,
	    change->piece_count);
	message->size = change->size;
	message->rewritten = true;
	/* What was wrong with the old one matters no more. */
	message->damaged = false;
}

void
queue_message_add_facts(const struct queue_message *message,
    struct queue_change *change)
{
	if (text_is_empty(message->facts))
		return;
	change->set |= QUEUE_SET_FACTS;
	change->facts = message->facts;
}

void
queue_message_apply(struct queue_message *message,
    const struct queue_change *change)
{
	if (change->set & QUEUE_SET_DISPOSITION) {
		set_string(&message->disposition, change->disposition);
		set_string(&message->tags, change->tags);
		set_ruling(message, &change->ruling);
		message->config_version = change->disposition_version;
	}
	if (change->set & QUEUE_SET_QUARANTINE)
		set_string(&message->quarantine, change->quarantine);
	if (change->set & QUEUE_SET_PROTECTION)
		set_protection(message, &change->protection);
	if (change->set & QUEUE_SET_BODY)
		set_body(message, change);
	if (change->set & QUEUE_SET_FACTS)
		queue_message_set_facts(message, change->facts);
	if (change->set & QUEUE_SET_CRASHES)
		message->crashes = change->crashes;
	if (change->set & QUEUE_SET_HOLD_REASON)
		set_string(&message->hold_reason, change->hold_reason);
	for (size_t i = 0; i < change->recipient_count; i++)
		apply_recipient(message, &change->recipients[i]);
}

void
queue_message_restore(struct queue_message *message,
    const struct queue_change *change)
{
	if ((change->set & QUEUE_SET_STATE) && change->state < MESSAGE_STATES)
		message->state = change->state;
	queue_message_apply(message, change);
}

/* ---- saving ------------------------------------------------------------- */

void
queue_recipient_save(const struct queue_recipient *recipient,
    struct queue_recipient_change *out)
{
	const struct queue_said *said = recipient->said;

	*out = (struct queue_recipient_change){
		.rid = recipient->rid,
		.state = recipient->state,
		.attempts = recipient->attempts,
		.next_try_us = recipient->next_try_us,
		.warned = recipient->warned,
	};
	if (said == NULL)
		return;
	out->status = text_of(said->bytes, said->status_len);
	out->reason = text_of(said->bytes + said->status_len,
	    said->reason_len);
	out->host = text_of(said->bytes + said->status_len + said->reason_len,
	    said->host_len);
}

static bool
is_untouched(const struct queue_recipient *recipient)
{
	return recipient->state == RECIPIENT_LIVE &&
	    recipient->attempts == 0 && recipient->next_try_us == 0 &&
	    !recipient->warned && recipient->said == NULL;
}

/* Whoever has an outcome needs no words any more. */
static void
save_recipients(const struct queue_message *message,
    struct queue_change *change)
{
	for (size_t i = 0; i < message->recipient_count; i++) {
		struct queue_recipient_change *one =
		    &change->recipients[change->recipient_count];

		if (is_untouched(&message->recipients[i]))
			continue;
		queue_recipient_save(&message->recipients[i], one);
		if (one->state != RECIPIENT_LIVE)
			one->status = one->reason = one->host =
			    (struct text){ 0 };
		change->recipient_count++;
	}
}

/* Leases and questions are of this process only. */
static uint8_t
kept_state(uint8_t state)
{
	if (state == MESSAGE_SENDING)
		return MESSAGE_READY;
	return state == MESSAGE_JUDGING ? MESSAGE_RECEIVED : state;
}

static struct text
string_text(const char *string)
{
	return string == NULL ? (struct text){ 0 } : text_from(string);
}

int
queue_message_save(const struct queue_message *message, struct arena *arena,
    struct queue_saved *out)
{
	struct queue_change *change = &out->state;

	*out = (struct queue_saved){
		.envelope = message->envelope,
		.pieces = message->pieces,
		.piece_count = message->piece_count,
	};
	out->parent_mid = message->parent_mid;
	out->passes = message->passes;
	if (message->pieces_mid != message->mid)
		out->pieces_mid = message->pieces_mid;
	change->set = QUEUE_SET_STATE | QUEUE_SET_DISPOSITION |
	    QUEUE_SET_CRASHES | QUEUE_SET_HOLD_REASON |
	    QUEUE_SET_QUARANTINE | QUEUE_SET_PROTECTION;
	change->state = kept_state(message->state);
	change->hold_reason = string_text(message->hold_reason);
	change->disposition = string_text(message->disposition);
	change->disposition_version = message->config_version;
	change->tags = string_text(message->tags);
	change->ruling = queue_ruling_value(message->ruling);
	change->quarantine = string_text(message->quarantine);
	if (message->protection != NULL)
		change->protection = *message->protection;
	change->crashes = message->crashes;
	queue_message_add_facts(message, change);
	change->recipients = arena_array(arena, message->recipient_count,
	    sizeof(*change->recipients));
	if (change->recipients == NULL)
		return ERROR_LIMIT;
	save_recipients(message, change);
	return 0;
}

void
queue_message_set_pieces(struct queue_message *message,
    const struct segment_place *pieces, size_t count)
{
	struct segment_place *copy = NULL;

	if (count > 0) {
		copy = memory_array(count, sizeof(*copy));
		memcpy(copy, pieces, count * sizeof(*copy));
	}
	free(message->pieces);
	message->pieces = copy;
	message->piece_count = (uint32_t)count;
	message->pieces_mid = message->mid;
}

size_t
queue_message_memory(const struct queue_message *message)
{
	size_t bytes = sizeof(*message) + message->envelope.len +
	    message->facts.len +
	    message->piece_count * sizeof(message->pieces[0]) +
	    message->recipient_count * sizeof(message->recipients[0]);

	if (message->disposition != NULL)
		bytes += strlen(message->disposition) + 1;
	if (message->hold_reason != NULL)
		bytes += strlen(message->hold_reason) + 1;
	if (message->tags != NULL)
		bytes += strlen(message->tags) + 1;
	if (message->quarantine != NULL)
		bytes += strlen(message->quarantine) + 1;
	if (message->protection != NULL)
		bytes += sizeof(*message->protection) +
		    message->protection->profile.len +
		    message->protection->subject.len +
		    message->protection->reason.len +
		    message->protection->reference.len;
	bytes += queue_ruling_memory(message->ruling);
	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].said != NULL)
			bytes += sizeof(struct queue_said) +
			    message->recipients[i].said->status_len +
			    message->recipients[i].said->reason_len +
			    message->recipients[i].said->host_len;
	return bytes;
}
