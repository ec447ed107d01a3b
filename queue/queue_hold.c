/*
 * Hold, release, set aside.
 */
#include "queue/queue_hold.h"

#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "queue/queue.h"

/* The record says what the state becomes; then it does. */
void
queue_hold_with(struct queue *queue, struct queue_message *message,
    struct queue_change *change, struct text reason)
{
	queue_errand_end(queue, message);
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

	queue_hold_with(queue, message, &change, reason);
	mail_event_held(message->mid, by, reason);
}

void
queue_hold_aside(struct queue *queue, struct queue_message *message,
    struct text reason)
{
	struct queue_change change = { 0 };

	if (message->state == MESSAGE_HELD)
		return;
	queue_hold_with(queue, message, &change, reason);
	mail_event_set_aside(message->mid, reason, message->crashes);
}

/* Its time in the encryption queue begins now. */
static void
renew_protection(const struct queue_message *message,
    struct queue_change *change)
{
	change->set |= QUEUE_SET_PROTECTION;
	change->protection = *message->protection;
	change->protection.since_us = clock_now_us();
	change->protection.seen_ms = 0;
	change->protection.attempts = 0;
	change->protection.next_try_us = 0;
}

void
queue_release(struct queue *queue, struct queue_message *message,
    struct text by)
{
	bool is_judged = queue_message_is_judged(message);
	enum message_state to = queue_message_onward(message);
	/* Whoever looked at it starts it anew. */
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_HOLD_REASON |
		    QUEUE_SET_CRASHES | QUEUE_SET_QUARANTINE,
		.state = (uint8_t)(is_judged ? to : MESSAGE_RECEIVED),
	};

	if (to == MESSAGE_PROTECTING)
		renew_protection(message, &change);
	queue_change(queue, message, &change);
	queue_message_move(message, MESSAGE_HELD,
	    is_judged ? to : MESSAGE_JUDGING);
	queue->table.held--;
	mail_event_released(message->mid, by);
	if (!is_judged)
		queue_disposition_renew(queue, message);
	if (message->leased > 0 && message->state == MESSAGE_READY)
		queue_message_move(message, MESSAGE_READY, MESSAGE_SENDING);
	queue_schedule_message(queue, message);
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
	queue_hold_with(queue, message, &change, text_from(reason));
	mail_event_set_aside(mid, text_from(reason), message->crashes);
}
