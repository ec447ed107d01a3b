/*
 * Lines, windows and lost workers.
 */
#include "queue/queue_errand.h"

#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/process.h"
#include "queue/queue.h"

/* Whatever is later is looked at once more on the way. */
#define WAIT_MAX_US (INT64_C(30) * 86400 * 1000000)

/* The supervisor tells of a crash as soon as it has seen the death. */
#define QUIET_MS 100

static const struct queue_desk_work *const desks[QUEUE_DESKS] = {
	[QUEUE_DESK_JUDGE] = &queue_judge_desk,
	[QUEUE_DESK_PROTECT] = &queue_protect_desk,
};

static void
on_wake(void *context)
{
	struct queue *queue = context;

	loop_again(queue->loop);
}

void
queue_errands_init(struct queue *queue)
{
	for (size_t i = 0; i < QUEUE_DESKS; i++)
		list_init(&queue->errands.lines[i]);
	queue->errands.wake = loop_timer_new(queue->loop, on_wake, queue);
}

void
queue_errands_clear(struct queue *queue)
{
	loop_timer_free(queue->errands.wake);
}

struct queue_errand *
queue_errand_new(struct queue *queue, enum queue_desk_id desk,
    struct queue_message *message)
{
	struct queue_errand *errand = memory_new(sizeof(*errand));

	require(message->errand == NULL);
	list_init(&errand->link);
	errand->due.kind = QUEUE_DUE_ERRAND;
	errand->message = message;
	errand->desk = (uint8_t)desk;
	message->errand = errand;
	queue->errands.counts[desk]++;
	return errand;
}

/* ---- where it is -------------------------------------------------------- */

void
queue_errand_take_back(struct queue_errand *errand)
{
	struct queue_channel *channel = errand->channel;

	list_remove(&errand->link);
	errand->state = QUEUE_ERRAND_ANSWERED;
	if (channel == NULL)
		return;
	channel->errand_count--;
	channel->errand_bytes -= errand->bytes;
	errand->channel = NULL;
	loop_again(channel->queue->loop);
}

void
queue_errand_line_up(struct queue *queue, struct queue_errand *errand,
    bool first)
{
	struct list *line = &queue->errands.lines[errand->desk];

	if (errand->state == QUEUE_ERRAND_OUT)
		return;
	list_remove(&errand->link);
	if (first)
		list_prepend(line, &errand->link);
	else
		list_append(line, &errand->link);
	errand->state = QUEUE_ERRAND_WAITING;
	loop_again(queue->loop);
}

void
queue_errand_rest(struct queue *queue, struct queue_errand *errand)
{
	(void)queue;
	require(errand->channel == NULL);
	list_remove(&errand->link);
	errand->state = QUEUE_ERRAND_RESTING;
}

void
queue_errand_set(struct queue *queue, struct queue_errand *errand,
    int64_t wait_us)
{
	if (wait_us > WAIT_MAX_US)
		wait_us = WAIT_MAX_US;
	queue_heap_set(&queue->schedule.heap, &errand->due,
	    clock_monotonic_us() + (wait_us > 0 ? wait_us : 0));
	loop_again(queue->loop);
}

void
queue_errand_end(struct queue *queue, struct queue_message *message)
{
	struct queue_errand *errand = message->errand;

	if (errand == NULL)
		return;
	queue_errand_take_back(errand);
	queue_heap_unset(&queue->schedule.heap, &errand->due);
	queue->errands.counts[errand->desk]--;
	queue_facts_drop(errand);
	message->errand = NULL;
	free(errand);
}

void
queue_errand_renew(struct queue *queue, struct queue_message *message)
{
	struct queue_errand *errand = message->errand;

	if (errand == NULL || errand->state != QUEUE_ERRAND_OUT)
		return;
	queue_errand_take_back(errand);
	queue_errand_line_up(queue, errand, true);
}

void
queue_errand_due(struct queue *queue, struct queue_due *due)
{
	struct queue_errand *errand = (struct queue_errand *)(void *)
	    ((char *)due - offsetof(struct queue_errand, due));

	queue_heap_unset(&queue->schedule.heap, due);
	desks[errand->desk]->due(queue, errand);
}

/* ---- answers and losses ------------------------------------------------- */

struct queue_errand *
queue_errand_answered(struct queue_channel *channel, enum queue_desk_id desk,
    uint64_t mid, uint32_t attempt)
{
	const struct queue_message *message =
	    queue_table_find(channel->queue, mid);
	struct queue_errand *errand = message == NULL ? NULL :
	    message->errand;

	if (errand != NULL && errand->desk == desk &&
	    errand->state == QUEUE_ERRAND_OUT &&
	    errand->channel == channel && errand->attempt == attempt)
		return errand;
	log_event(LOG_INFO_LEVEL, mid, "late_answer",
	    LOG_STRING("from", process_kind_name(channel->kind)),
	    LOG_NUMBER("attempt", attempt));
	return NULL;
}

void
queue_errand_channel_ended(struct queue *queue,
    struct queue_channel *channel)
{
	uint32_t count = channel->errand_count;

	/* From the back, so that they stand in line as they were asked. */
	while (!list_is_empty(&channel->errands)) {
		struct queue_errand *errand = LIST_OWNER(
		    channel->errands.prev, struct queue_errand, link);

		queue_errand_take_back(errand);
		queue_errand_line_up(queue, errand, true);
		queue->errands.quiet_until_us[errand->desk] =
		    clock_monotonic_us() + QUIET_MS * 1000;
		loop_timer_set(queue->errands.wake, QUIET_MS);
	}
	if (count > 0)
		log_event(LOG_INFO_LEVEL, 0, "errands_taken_back",
		    LOG_STRING("from", process_kind_name(channel->kind)),
		    LOG_NUMBER("number", channel->number),
		    LOG_NUMBER("count", count));
}

/* ---- asking ------------------------------------------------------------- */

static bool
has_room(const struct queue_channel *channel,
    const struct queue_desk_work *work, uint64_t bytes)
{
	return channel->errand_count == 0 ||
	    (channel->errand_count < work->messages &&
	    channel->errand_bytes + bytes <= work->bytes);
}

/* The one with the least to do. */
static struct queue_channel *
choose_channel(const struct queue *queue, const struct queue_desk_work *work,
    uint64_t bytes)
{
	struct queue_channel *best = NULL;
	struct list *link, *after;

	LIST_EACH(&queue->channels.all, link, after) {
		struct queue_channel *channel =
		    LIST_OWNER(link, struct queue_channel, link);

		if (channel->kind == work->kind &&
		    has_room(channel, work, bytes) && (best == NULL ||
		    channel->errand_count < best->errand_count))
			best = channel;
	}
	return best;
}

static void
ask(struct queue *queue, struct queue_errand *errand,
    struct queue_channel *channel)
{
	struct queue_message *message = errand->message;
	struct message_body *body = NULL;

	process_in_hand(message->mid);
	if (queue_body_get(queue, message, &body) != 0) {
		queue_hold_aside(queue, message,
		    TEXT("the body cannot be read from the log"));
		process_in_hand(0);
		return;
	}
	list_remove(&errand->link);
	list_append(&channel->errands, &errand->link);
	errand->channel = channel;
	errand->bytes = message->size;
	errand->attempt = ++message->asked;
	errand->state = QUEUE_ERRAND_OUT;
	channel->errand_count++;
	channel->errand_bytes += errand->bytes;
	desks[errand->desk]->send(queue, errand, body);
	message_body_release(&body);
	process_in_hand(0);
}

/* The first in line: false where nobody can be asked now. */
static bool
step(struct queue *queue, struct queue_errand *errand)
{
	const struct queue_desk_work *work = desks[errand->desk];
	struct queue_channel *channel;

	/* What no sync has covered is nobody's to work on. */
	if (errand->message->lsn > queue_log_synced_lsn(queue))
		return false;
	if (!work->ready(queue, errand))
		return true;
	if (!queue_facts_may_begin(queue, errand))
		return false;
	channel = choose_channel(queue, work, errand->message->size);
	if (channel == NULL)
		return false;
	ask(queue, errand, channel);
	return true;
}

void
queue_errands_turn(struct queue *queue)
{
	for (size_t desk = 0; desk < QUEUE_DESKS; desk++) {
		struct list *line = &queue->errands.lines[desk];
		unsigned int work = 0;

		if (clock_monotonic_us() < queue->errands.quiet_until_us[desk])
			continue;
		while (!list_is_empty(line) && !queue->is_stopping &&
		    step(queue, LIST_OWNER(line->next, struct queue_errand,
		    link)))
			if (++work >= QUEUE_ERRANDS_MAX) {
				loop_again(queue->loop);
				break;
			}
	}
}
