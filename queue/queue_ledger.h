/*
 * The ledger: what became of every recipient, counted from the records that
 * made it so.
 *
 *   accepted + generated =
 *       delivered + failed + dropped + deleted + expired + live
 */
#ifndef QUEUE_QUEUE_LEDGER_H
#define QUEUE_QUEUE_LEDGER_H

#include "queue/queue_record.h"

struct queue;

struct queue_ledger {
	struct queue_totals totals;
};

/* A record that brings a message: recipients, made by us or taken. */
void queue_ledger_count_message(struct queue_ledger *ledger,
	size_t recipients, bool is_generated);
/* A STATE or OUTCOME; its child, where it has one, is counted apart. */
void queue_ledger_count_change(struct queue_ledger *ledger,
	const struct queue_change *change);
/* What the totals say is still live. */
uint64_t queue_ledger_live(const struct queue_totals *totals);

/*
 * Count memory and index one by one and compare with the totals; makes all
 * durable and the index whole first.  out->problem is static text.
 */
void queue_ledger_verify(struct queue *queue,
	struct frame_queue_ledger *out);

#endif
