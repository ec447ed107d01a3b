/*
 * Scans, a slice each turn.
 */
#include "queue/queue_scan.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/mail/address.h"
#include "queue/queue.h"

#define SCAN_ARENA_MAX (8u * 1024 * 1024)

void
queue_scans_init(struct queue_scans *scans)
{
	list_init(&scans->all);
}

static struct text
copy(struct arena *arena, struct text t)
{
	struct text out = TEXT_EMPTY;

	require(arena_copy(arena, t, &out) == 0);
	return out;
}

struct queue_scan *
queue_scan_new(struct queue_channel *channel,
    const struct queue_scan_work *work, const struct queue_filter *filter)
{
	struct queue_scan *scan = memory_new(sizeof(*scan));

	scan->queue = channel->queue;
	scan->channel = channel;
	scan->work = work;
	scan->arena = arena_new(SCAN_ARENA_MAX);
	scan->filter = *filter;
	scan->filter.sender = copy(scan->arena, filter->sender);
	scan->filter.recipient = copy(scan->arena, filter->recipient);
	scan->filter.destination = copy(scan->arena, filter->destination);
	scan->filter.quarantine = copy(scan->arena, filter->quarantine);
	list_append(&channel->queue->scans.all, &scan->link);
	queue_log_hurry(channel->queue);
	loop_again(channel->queue->loop);
	return scan;
}

static void
scan_free(struct queue_scan *scan)
{
	list_remove(&scan->link);
	arena_free(scan->arena);
	free(scan);
}

void
queue_scans_clear(struct queue *queue)
{
	struct list *link, *after;

	LIST_EACH(&queue->scans.all, link, after)
		scan_free(LIST_OWNER(link, struct queue_scan, link));
}

void
queue_scan_channel_ended(struct queue *queue, struct queue_channel *channel)
{
	struct list *link, *after;

	LIST_EACH(&queue->scans.all, link, after) {
		struct queue_scan *scan =
		    LIST_OWNER(link, struct queue_scan, link);

		if (scan->channel == channel)
			scan_free(scan);
	}
}

/* ---- filters ------------------------------------------------------------ */

static bool
contains(struct text t, struct text part)
{
	if (text_is_empty(part))
		return true;
	for (size_t i = 0; i + part.len <= t.len; i++)
		if (text_equal_nocase(text_slice(t, i, part.len), part))
			return true;
	return false;
}

static bool
recipient_matches(const struct queue_filter *filter,
    const struct queue_recipient *recipient, struct text address)
{
	if (recipient->state != RECIPIENT_LIVE ||
	    !contains(address, filter->recipient))
		return false;
	return contains(address_domain(address), filter->destination) ||
	    (recipient->part != NULL && contains(
	    recipient->part->destination->to.key, filter->destination));
}

static bool
state_matches(const struct queue_filter *filter,
    const struct queue_message *message)
{
	bool is_quarantined = message->quarantine != NULL;

	if (filter->held_only && message->state != MESSAGE_HELD)
		return false;
	if (filter->encryption_only && message->state != MESSAGE_PROTECTING)
		return false;
	if ((filter->quarantined_only && !is_quarantined) ||
	    (filter->unquarantined_only && is_quarantined))
		return false;
	return text_is_empty(filter->quarantine) || text_equal(
	    text_from(message->quarantine), filter->quarantine);
}

bool
queue_filter_matches(const struct queue_filter *filter,
    const struct queue_message *message, const struct envelope *envelope)
{
	if (!state_matches(filter, message))
		return false;
	if (!contains(envelope->sender, filter->sender))
		return false;
	for (size_t i = 0; i < message->recipient_count; i++)
		if (recipient_matches(filter, &message->recipients[i],
		    envelope->recipients[i].address))
			return true;
	return false;
}

/* ---- turns -------------------------------------------------------------- */

/* The index gives the order, so it must know all first. */
static void
start(struct queue_scan *scan)
{
	struct queue *queue = scan->queue;

	queue_log_sync(queue);
	queue_index_finish(queue);
	scan->until = queue->ids.numbers[QUEUE_ID_MID].next;
	scan->started = true;
}

/* False: the scan is over. */
static bool
visit_one(struct queue_scan *scan, uint64_t mid)
{
	struct queue *queue = scan->queue;
	struct queue_message *message = queue_table_find(queue, mid);
	struct envelope envelope;

	scan->after = mid;
	if (message == NULL)
		return true;
	arena_reset(queue->scan_arena);
	if (queue_message_envelope(message, queue->scan_arena, &envelope) !=
	    0 || !queue_filter_matches(&scan->filter, message, &envelope))
		return true;
	return scan->work->visit(scan, message, &envelope);
}

static void
scan_step(struct queue_scan *scan)
{
	uint64_t mids[QUEUE_SCAN_SLICE];
	size_t count, i;
	bool enough = false;

	if (!scan->started)
		start(scan);
	count = queue_index_page(scan->queue, scan->after, mids,
	    QUEUE_SCAN_SLICE);
	for (i = 0; i < count && !enough && mids[i] < scan->until; i++)
		enough = !visit_one(scan, mids[i]);
	if (!enough && i == QUEUE_SCAN_SLICE) {
		loop_again(scan->queue->loop);
		return;
	}
	scan->work->end(scan, enough);
	scan_free(scan);
}

void
queue_scans_turn(struct queue *queue)
{
	struct list *link, *after;

	LIST_EACH(&queue->scans.all, link, after)
		scan_step(LIST_OWNER(link, struct queue_scan, link));
}
