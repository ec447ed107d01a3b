/*
 * Splitting a message in two.
 */
#include "queue/queue_split.h"

#include <string.h>

#include "gateway/base/clock.h"
#include "queue/queue.h"

void
queue_split_mark(struct queue *queue, struct queue_message *message)
{
	struct envelope envelope;

	if (queue_destination_rule(queue, message) ==
	    QUEUE_DESTINATION_PLAIN)
		return;
	arena_reset(queue->arena);
	require(queue_message_envelope(message, queue->arena, &envelope) ==
	    0);
	for (size_t i = 0; i < message->recipient_count; i++) {
		struct queue_recipient *recipient = &message->recipients[i];
		const struct queue_destination *destination;

		if (recipient->state != RECIPIENT_LIVE ||
		    recipient->part != NULL)
			continue;
		destination = queue_destination_find(queue, message,
		    envelope.recipients[i].address);
		recipient->needs_envelope = destination != NULL &&
		    destination->to.tls < CONFIG_DESTINATION_TLS_REQUIRED;
	}
}

static bool
is_marked(const struct queue_recipient *recipient)
{
	return recipient->needs_envelope && recipient->part == NULL &&
	    recipient->state == RECIPIENT_LIVE;
}

static size_t
count_marked(const struct queue_message *message)
{
	size_t count = 0;

	for (size_t i = 0; i < message->recipient_count; i++)
		count += is_marked(&message->recipients[i]);
	return count;
}

static void
clear_marks(struct queue_message *message)
{
	for (size_t i = 0; i < message->recipient_count; i++)
		message->recipients[i].needs_envelope = false;
}

/* ---- the new message ---------------------------------------------------- */

static struct queue_message *
make_child(struct queue *queue, const struct queue_message *message)
{
	struct envelope envelope;
	size_t kept = 0;

	arena_reset(queue->arena);
	require(queue_message_envelope(message, queue->arena, &envelope) ==
	    0);
	for (size_t i = 0; i < message->recipient_count; i++)
		if (is_marked(&message->recipients[i]))
			envelope.recipients[kept++] = envelope.recipients[i];
	return queue_child_split(queue, message, &envelope,
	    envelope.recipients, kept);
}

/* Judged like its parent; an envelope with an id of its own. */
static void
inherit(const struct queue_message *message, struct queue_message *child)
{
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_DISPOSITION |
		    QUEUE_SET_PROTECTION,
		.state = MESSAGE_PROTECTING,
		.disposition = text_from(message->disposition),
		.disposition_version = message->config_version,
		.tags = text_from(message->tags),
		.ruling = queue_ruling_value(message->ruling),
		.protection = {
			.form = PROTECTION_ENVELOPE,
			.profile = message->protection->profile,
			.subject = message->protection->subject,
			.since_us = clock_now_us(),
		},
	};

	queue_protection_renew_id(&change.protection);
	queue_message_restore(child, &change);
}

static void
split_off(struct queue *queue, struct queue_message *message)
{
	struct queue_message *child = make_child(queue, message);
	struct queue_change change = { 0 };

	inherit(message, child);
	arena_reset(queue->arena);
	change.recipients = arena_array(queue->arena,
	    message->recipient_count, sizeof(*change.recipients));
	require(change.recipients != NULL);
	for (size_t i = 0; i < message->recipient_count; i++)
		if (is_marked(&message->recipients[i]))
			change.recipients[change.recipient_count++] =
			    (struct queue_recipient_change){
				.rid = message->recipients[i].rid,
				.state = RECIPIENT_MOVED,
				.attempts = message->recipients[i].attempts,
			};
	queue_change_split(queue, message, &change, child);
	mail_event_split(child->mid, message->mid, child->live,
	    queue_ruling_value(child->ruling).policy);
	mail_event_needs_envelope(child->mid, child->live,
	    child->protection->profile);
	queue_protect_schedule(queue, child);
}

void
queue_split_marked(struct queue *queue, struct queue_message *message)
{
	size_t count = count_marked(message);

	if (count == 0 || !queue_message_is_sendable(message)) {
		clear_marks(message);
		return;
	}
	if (count == message->live)
		queue_protect_begin(queue, message);
	else
		split_off(queue, message);
	clear_marks(message);
}
