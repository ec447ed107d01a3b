/*
 * Hold, release, set aside.
 */
#include "queue/queue_hold.h"

#include <stdio.h>

#include "gateway/base/log.h"
#include "queue/queue.h"

/* The record says what the state becomes; then it does. */
static void
become_held(struct queue *queue, struct queue_message *message,
    struct queue_change *change, struct text reason)
{
	change->set |= QUEUE_SET_STATE | QUEUE_SET_HOLD_REASON;
	change->state = MESSAGE_HELD;
	change->hold_reason = reason;
	queue_change(queue, message, change);
	queue_message_move(message, message->state, MESSAGE_HELD);
	queue->table.held++;
	queue_part_drop_all(queue, message, false);
}

void
queue_hold(struct queue *queue, struct queue_message *message,
    struct text by, struct text reason)
{
	struct queue_change change = { 0 };

	become_held(queue, message, &change, reason);
	mail_event_held(message->mid, by, reason);
}

void
queue_hold_aside(struct queue *queue, struct queue_message *message,
    struct text reason)
{
	struct queue_change change = { 0 };

	if (message->state == MESSAGE_HELD)
		return;
	become_held(queue, message, &change, reason);
	mail_event_set_aside(message->mid, reason, message->crashes);
}

void
queue_release(struct queue *queue, struct queue_message *message,
    struct text by)
{
	/* Whoever looked at it starts it anew. */
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_HOLD_REASON |
		    QUEUE_SET_CRASHES,
		.state = MESSAGE_READY,
	};

	queue_change(queue, message, &change);
	queue_message_move(message, MESSAGE_HELD, MESSAGE_READY);
	queue->table.held--;
	if (message->leased > 0)
		queue_message_move(message, MESSAGE_READY, MESSAGE_SENDING);
	queue_schedule_message(queue, message);
	mail_event_released(message->mid, by);
}

void
queue_hold_charge(struct queue *queue, uint64_t mid, enum process_kind kind,
    int signal)
{
	struct queue_message *message = queue_table_find(queue, mid);
	struct queue_change change = { .set = QUEUE_SET_CRASHES };
	char reason[96];

	log_event(LOG_ERROR_LEVEL, mid, "crash_charged",
	    LOG_STRING("process", process_kind_name(kind)),
	    LOG_SIGNED("signal", signal),
	    LOG_STRING("message", message == NULL ? "gone" : "here"));
	if (message == NULL)
		return;
	change.crashes = message->crashes + 1;
	queue_log_hurry(queue);
	if (change.crashes < QUEUE_CRASHES_MAX ||
	    message->state == MESSAGE_HELD) {
		queue_change(queue, message, &change);
		return;
	}
	snprintf(reason, sizeof(reason),
	    "crashed %s %u times, last by signal %d",
	    process_kind_name(kind), change.crashes, signal);
	become_held(queue, message, &change, text_from(reason));
	mail_event_set_aside(mid, text_from(reason), message->crashes);
}
