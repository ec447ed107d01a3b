/*
 * Dividing a message among destinations.
 */
#include "queue/queue_part.h"

#include <stdlib.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "queue/queue.h"

static struct queue_part *
part_new(struct queue *queue, struct queue_message *message,
    struct queue_destination *destination,
    const struct queue_recipient *recipient)
{
	struct queue_part *part = memory_new(sizeof(*part));

	part->due.kind = QUEUE_DUE_PART;
	list_init(&part->link);
	part->message = message;
	part->destination = destination;
	part->version = queue->config_version;
	part->attempts = recipient->attempts;
	part->next_try_us = recipient->next_try_us;
	part->next = message->parts;
	message->parts = part;
	destination->parts++;
	destination->recent = part;
	return part;
}

/* The part built last for this destination, if this one may join it. */
static struct queue_part *
joinable(const struct queue_message *message,
    const struct queue_destination *destination,
    const struct queue_recipient *recipient)
{
	struct queue_part *part = destination->recent;

	if (part == NULL || part->message != message ||
	    part->state != QUEUE_PART_NEW ||
	    part->count >= QUEUE_PART_RECIPIENTS_MAX ||
	    part->attempts != recipient->attempts)
		return NULL;
	return part;
}

static void
place_recipient(struct queue *queue, struct queue_message *message,
    struct queue_recipient *recipient, struct text address)
{
	struct queue_destination *destination =
	    queue_destination_find(queue, message, address);
	struct queue_part *part;

	if (destination == NULL) {
		log_event(LOG_ERROR_LEVEL, message->mid,
		    "destination_unknown", LOG_TEXT("to", address));
		return;
	}
	part = joinable(message, destination, recipient);
	if (part == NULL)
		part = part_new(queue, message, destination, recipient);
	if (recipient->next_try_us < part->next_try_us)
		part->next_try_us = recipient->next_try_us;
	part->count++;
	recipient->part = part;
}

void
queue_part_build(struct queue *queue, struct queue_message *message)
{
	struct envelope envelope;

	arena_reset(queue->arena);
	require(queue_message_envelope(message, queue->arena, &envelope) ==
	    0);
	for (size_t i = 0; i < message->recipient_count; i++) {
		struct queue_recipient *recipient = &message->recipients[i];

		if (recipient->state == RECIPIENT_LIVE &&
		    recipient->part == NULL)
			place_recipient(queue, message, recipient,
			    envelope.recipients[i].address);
	}
}

static void
unchain(struct queue_part *part)
{
	struct queue_part **at = &part->message->parts;

	while (*at != part)
		at = &(*at)->next;
	*at = part->next;
}

void
queue_part_drop(struct queue *queue, struct queue_part *part)
{
	struct queue_message *message = part->message;
	struct queue_destination *destination = part->destination;

	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].part == part)
			message->recipients[i].part = NULL;
	queue_schedule_leave(queue, part);
	if (part->lease != NULL) {
		part->lease->part = NULL;
		message->leased--;
	}
	unchain(part);
	if (destination->recent == part)
		destination->recent = NULL;
	destination->parts--;
	free(part);
	queue_destination_tidy(queue, destination);
}

void
queue_part_leave(struct queue *queue, struct queue_recipient *recipient)
{
	struct queue_part *part = recipient->part;

	if (part == NULL)
		return;
	recipient->part = NULL;
	if (--part->count == 0 && part->lease == NULL)
		queue_part_drop(queue, part);
}

void
queue_part_drop_all(struct queue *queue, struct queue_message *message,
    bool leased_too)
{
	struct queue_part *part, *next;

	for (part = message->parts; part != NULL; part = next) {
		next = part->next;
		if (leased_too || part->lease == NULL)
			queue_part_drop(queue, part);
	}
}
