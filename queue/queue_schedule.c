/*
 * Due times, back-off of whole destinations, and turns.
 */
#include "queue/queue_schedule.h"

#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "queue/queue.h"

/* Jobs that may be out per connection allowed: one sent, one waiting. */
#define LEASES_PER_CONNECTION 2

static void
on_timer(void *context)
{
	/* The turn's end looks at the heap. */
	(void)context;
}

void
queue_schedule_open(struct queue *queue)
{
	struct queue_schedule *schedule = &queue->schedule;

	list_init(&schedule->ring);
	schedule->timer = loop_timer_new(queue->loop, on_timer, queue);
}

void
queue_schedule_close(struct queue *queue)
{
	loop_timer_free(queue->schedule.timer);
	queue_heap_clear(&queue->schedule.heap);
	queue->schedule = (struct queue_schedule){ 0 };
}

/* ---- destinations that may send ----------------------------------------- */

uint32_t
queue_schedule_window(const struct queue_destination *destination)
{
	if (destination->failures > 0)
		return 1;
	return destination->to.concurrency * LEASES_PER_CONNECTION;
}

static bool
can_send(const struct queue_destination *destination)
{
	return !list_is_empty(&destination->due) &&
	    !queue_heap_has(&destination->backoff) &&
	    destination->leased < queue_schedule_window(destination);
}

static void
join_ring(struct queue *queue, struct queue_destination *destination)
{
	if (list_is_empty(&destination->link) && can_send(destination))
		list_append(&queue->schedule.ring, &destination->link);
}

void
queue_schedule_freed(struct queue *queue,
    struct queue_destination *destination)
{
	join_ring(queue, destination);
}

void
queue_schedule_reached(struct queue *queue,
    struct queue_destination *destination)
{
	if (destination->failures > 0)
		log_event(LOG_INFO_LEVEL, 0, "destination_back",
		    LOG_TEXT("destination", destination->to.key));
	destination->failures = 0;
	free(destination->reason);
	destination->reason = NULL;
	queue_heap_unset(&queue->schedule.heap, &destination->backoff);
	join_ring(queue, destination);
}

void
queue_schedule_unreachable(struct queue *queue,
    struct queue_destination *destination, struct text reason)
{
	int64_t delay_us;

	free(destination->reason);
	destination->reason = memory_string(reason);
	/* Many jobs that were out together fail together: that is once. */
	if (queue_heap_has(&destination->backoff))
		return;
	destination->failures++;
	delay_us = queue_retry_delay_us(queue, &destination->retry,
	    destination->failures);
	queue_heap_set(&queue->schedule.heap, &destination->backoff,
	    clock_monotonic_us() + delay_us);
	list_remove(&destination->link);
	log_event(LOG_WARNING_LEVEL, 0, "destination_unreachable",
	    LOG_TEXT("destination", destination->to.key),
	    LOG_TEXT("reason", reason),
	    LOG_NUMBER("failures", destination->failures),
	    LOG_SIGNED("wait_s", delay_us / CLOCK_SECOND_US));
}

/* ---- parts -------------------------------------------------------------- */

/* When a part that waits for its turn must be looked at all the same. */
static int64_t
event_us(struct queue *queue, const struct queue_part *part)
{
	const struct queue_retry *retry = &part->destination->retry;
	int64_t age_us = queue_time_age_us(&queue->time,
	    part->message->received_us, part->message->seen_ms);
	int64_t left_us = retry->lifetime_us - age_us;

	if (retry->warning_us > 0 && age_us < retry->warning_us &&
	    retry->warning_us - age_us < left_us)
		left_us = retry->warning_us - age_us;
	if (left_us <= 0)
		left_us = retry->initial_us;
	return clock_monotonic_us() + left_us;
}

static void
make_due(struct queue *queue, struct queue_part *part, bool first)
{
	struct queue_destination *destination = part->destination;

	part->state = QUEUE_PART_DUE;
	if (first)
		list_prepend(&destination->due, &part->link);
	else
		list_append(&destination->due, &part->link);
	destination->due_count++;
	queue->schedule.due++;
	queue_heap_set(&queue->schedule.heap, &part->due,
	    event_us(queue, part));
	join_ring(queue, destination);
}

static void
enqueue(struct queue *queue, struct queue_part *part)
{
	int64_t wait_us = part->next_try_us - clock_now_us();
	int64_t most_us = part->destination->retry.most_us;

	if (part->next_try_us == 0 || wait_us <= 0) {
		make_due(queue, part, false);
		return;
	}
	/* A clock set back makes nobody wait longer than the longest. */
	if (wait_us > most_us + most_us / 10)
		wait_us = most_us;
	part->state = QUEUE_PART_WAITING;
	queue->schedule.waiting++;
	queue_heap_set(&queue->schedule.heap, &part->due,
	    clock_monotonic_us() + wait_us);
}

void
queue_schedule_message(struct queue *queue, struct queue_message *message)
{
	struct queue_part *part;

	if (queue_message_is_sendable(message)) {
		queue_split_mark(queue, message);
		queue_split_marked(queue, message);
	}
	queue_protect_schedule(queue, message);
	if (!queue_message_is_sendable(message))
		return;
	queue_part_build(queue, message);
	for (part = message->parts;
	    part != NULL && part->state == QUEUE_PART_NEW; part = part->next)
		enqueue(queue, part);
}

void
queue_schedule_leave(struct queue *queue, struct queue_part *part)
{
	if (part->state == QUEUE_PART_WAITING)
		queue->schedule.waiting--;
	if (part->state == QUEUE_PART_DUE) {
		queue->schedule.due--;
		part->destination->due_count--;
	}
	list_remove(&part->link);
	queue_heap_unset(&queue->schedule.heap, &part->due);
	part->state = QUEUE_PART_NEW;
}

void
queue_schedule_return(struct queue *queue, struct queue_part *part)
{
	part->state = QUEUE_PART_NEW;
	make_due(queue, part, true);
}

void
queue_schedule_hasten(struct queue *queue, struct queue_message *message,
    bool in_front)
{
	struct queue_part *part;

	for (part = message->parts; part != NULL; part = part->next) {
		struct queue_destination *destination = part->destination;

		queue_heap_unset(&queue->schedule.heap,
		    &destination->backoff);
		if (part->state == QUEUE_PART_WAITING ||
		    (part->state == QUEUE_PART_DUE && in_front)) {
			queue_schedule_leave(queue, part);
			part->next_try_us = 0;
			make_due(queue, part, in_front);
		}
		join_ring(queue, destination);
	}
}

void
queue_schedule_passed(struct queue *queue, struct queue_message *message)
{
	if (queue->schedule.cursor == &message->all)
		queue->schedule.cursor = message->all.next;
}

/* ---- what falls due ----------------------------------------------------- */

static void
part_due(struct queue *queue, struct queue_due *due)
{
	struct queue_part *part = (struct queue_part *)(void *)
	    ((char *)due - offsetof(struct queue_part, due));
	const struct queue_retry *retry = &part->destination->retry;
	int64_t age_us;

	if (part->state == QUEUE_PART_WAITING) {
		queue_schedule_leave(queue, part);
		make_due(queue, part, false);
		return;
	}
	queue_check_clock(queue);
	queue_heap_set(&queue->schedule.heap, &part->due,
	    event_us(queue, part));
	/* Late is not lost: only what cannot be reached is given up. */
	if (part->destination->failures == 0)
		return;
	age_us = queue_time_age_us(&queue->time, part->message->received_us,
	    part->message->seen_ms);
	if (age_us >= retry->lifetime_us)
		queue_outcome_expire(queue, part);
	else if (retry->warning_us > 0 && age_us >= retry->warning_us)
		queue_outcome_warn(queue, part);
}

static void
destination_due(struct queue *queue, struct queue_due *due)
{
	queue_heap_unset(&queue->schedule.heap, due);
	join_ring(queue, (struct queue_destination *)(void *)((char *)due -
	    offsetof(struct queue_destination, backoff)));
}

static void (*const dues[])(struct queue *queue, struct queue_due *due) = {
	[QUEUE_DUE_PART] = part_due,
	[QUEUE_DUE_DESTINATION] = destination_due,
	[QUEUE_DUE_ERRAND] = queue_errand_due,
};

static void
run_heap(struct queue *queue)
{
	struct queue_heap *heap = &queue->schedule.heap;
	int64_t now_us = clock_monotonic_us();
	struct queue_due *due;
	unsigned int work = 0;

	while ((due = queue_heap_first(heap)) != NULL &&
	    due->due_us <= now_us) {
		if (work++ >= QUEUE_SCHEDULE_DUE_MAX) {
			loop_again(queue->loop);
			return;
		}
		dues[due->kind](queue, due);
	}
}

/* ---- turns -------------------------------------------------------------- */

/*
 * Destinations take turns.  One whose first message is not durable yet
 * steps aside until the sync; no room anywhere ends the round.
 */
static void
run_ring(struct queue *queue)
{
	struct list *ring = &queue->schedule.ring;
	struct list aside;
	enum queue_dispatch_result result = QUEUE_DISPATCH_SENT;
	unsigned int sent = 0, tried = 0;

	list_init(&aside);
	while (!list_is_empty(ring) && tried++ < QUEUE_SCHEDULE_JOBS_MAX) {
		struct queue_destination *destination = LIST_OWNER(ring->next,
		    struct queue_destination, link);

		if (!can_send(destination)) {
			list_remove(&destination->link);
			continue;
		}
		/* It stays linked: dispatching may end its last part. */
		list_remove(&destination->link);
		list_append(ring, &destination->link);
		result = queue_dispatch_first(queue, destination);
		if (result == QUEUE_DISPATCH_NO_ROOM)
			break;
		if (result == QUEUE_DISPATCH_NOT_YET) {
			list_remove(&destination->link);
			list_append(&aside, &destination->link);
		}
		if (result == QUEUE_DISPATCH_SENT)
			sent++;
	}
	if (sent > 0 && tried >= QUEUE_SCHEDULE_JOBS_MAX)
		loop_again(queue->loop);
	while (!list_is_empty(&aside)) {
		struct list *link = aside.next;

		list_remove(link);
		list_append(ring, link);
	}
}

void
queue_schedule_renew(struct queue *queue)
{
	queue->schedule.cursor = queue->table.all.next;
}

/* Leased parts end by themselves; what is left is resolved then. */
static void
run_renewal(struct queue *queue)
{
	struct queue_schedule *schedule = &queue->schedule;
	unsigned int work = 0;

	while (schedule->cursor != NULL &&
	    schedule->cursor != &queue->table.all) {
		struct queue_message *message = LIST_OWNER(schedule->cursor,
		    struct queue_message, all);

		if (work++ >= QUEUE_SCHEDULE_MOVES_MAX) {
			loop_again(queue->loop);
			return;
		}
		schedule->cursor = schedule->cursor->next;
		queue_part_drop_all(queue, message, false);
		queue_schedule_message(queue, message);
	}
	schedule->cursor = NULL;
}

void
queue_schedule_turn(struct queue *queue)
{
	struct queue_schedule *schedule = &queue->schedule;
	struct queue_due *first;
	int64_t wait_us;

	run_renewal(queue);
	run_heap(queue);
	run_ring(queue);
	first = queue_heap_first(&schedule->heap);
	if (first == NULL) {
		loop_timer_unset(schedule->timer);
		return;
	}
	wait_us = first->due_us - clock_monotonic_us();
	loop_timer_set(schedule->timer, wait_us > 0 ? wait_us / 1000 + 1 :
	    0);
}
