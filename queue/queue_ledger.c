/*
 * Counting, and comparing three counts that are made in three ways.
 */
#include "queue/queue_ledger.h"

#include "queue/queue.h"

/* Where each outcome is counted. */
static const size_t outcomes[RECIPIENT_STATES] = {
	[RECIPIENT_DELIVERED] = offsetof(struct queue_totals, delivered),
	[RECIPIENT_FAILED] = offsetof(struct queue_totals, failed),
	[RECIPIENT_EXPIRED] = offsetof(struct queue_totals, expired),
	[RECIPIENT_DELETED] = offsetof(struct queue_totals, deleted),
	[RECIPIENT_DROPPED] = offsetof(struct queue_totals, dropped),
};

void
queue_ledger_count_message(struct queue_ledger *ledger, size_t recipients,
    bool is_generated)
{
	if (is_generated)
		ledger->totals.generated += recipients;
	else
		ledger->totals.accepted += recipients;
}

void
queue_ledger_count_change(struct queue_ledger *ledger,
    const struct queue_change *change)
{
	for (size_t i = 0; i < change->recipient_count; i++) {
		uint8_t state = change->recipients[i].state;

		/* Who has moved is live elsewhere. */
		if (state == RECIPIENT_LIVE || state == RECIPIENT_MOVED ||
		    state >= RECIPIENT_STATES)
			continue;
		(*(uint64_t *)(void *)((char *)&ledger->totals +
		    outcomes[state]))++;
	}
}

uint64_t
queue_ledger_live(const struct queue_totals *totals)
{
	return totals->accepted + totals->generated - totals->delivered -
	    totals->failed - totals->dropped - totals->deleted -
	    totals->expired;
}

/* One by one, not from what is kept up to date. */
static void
count_memory(struct queue *queue, struct frame_queue_ledger *out)
{
	struct list *link, *after;

	LIST_EACH(&queue->table.all, link, after) {
		struct queue_message *message =
		    LIST_OWNER(link, struct queue_message, all);
		uint64_t live = 0;

		for (size_t i = 0; i < message->recipient_count; i++)
			if (message->recipients[i].state == RECIPIENT_LIVE)
				live++;
		if (message->state == MESSAGE_HELD)
			out->counted_held += live;
		else
			out->counted_queued += live;
		out->messages++;
	}
}

static const char *
find_problem(const struct frame_queue_ledger *ledger)
{
	uint64_t counted = ledger->counted_queued + ledger->counted_held;

	if (ledger->live != counted)
		return "the totals and the messages in memory differ";
	if (ledger->counted_index != counted)
		return "the index and the messages in memory differ";
	return "";
}

void
queue_ledger_verify(struct queue *queue, struct frame_queue_ledger *out)
{
	const struct queue_totals *totals = &queue->ledger.totals;
	uint64_t id = out->id;

	queue_log_sync(queue);
	queue_index_finish(queue);
	*out = (struct frame_queue_ledger){
		.id = id,
		.accepted = totals->accepted,
		.generated = totals->generated,
		.delivered = totals->delivered,
		.failed = totals->failed,
		.dropped = totals->dropped,
		.deleted = totals->deleted,
		.expired = totals->expired,
		.live = queue_ledger_live(totals),
		.counted_index = queue_index_live(queue),
	};
	count_memory(queue, out);
	out->problem = text_from(find_problem(out));
	out->balanced = text_is_empty(out->problem);
}
