/*
 * Messages that filters make of a message: copies, copies that are judged
 * again, notices, duplicates for a quarantine.
 */
#ifndef QUEUE_QUEUE_MADE_H
#define QUEUE_QUEUE_MADE_H

#include "gateway/protocol/frame_judge.h"
#include "queue/queue_message.h"

struct queue;
struct queue_rewrite_body;

/*
 * Passes through the filters, by copies of copies: what has had them all
 * makes none that is judged again.
 */
#define QUEUE_PASSES_MAX 10

/*
 * The message that made asks for, not in a table, without a state of its own
 * yet.
 *   envelope   of its parent
 *   body       that it gets, NULL: its parent's as it is now
 * ERROR_LIMIT: its recipients do not fit into a record.
 */
int queue_made_new(struct queue *queue, const struct queue_message *parent,
	const struct envelope *envelope, const struct frame_made *made,
	const struct queue_rewrite_body *body, struct queue_message **out)
	MUST_CHECK;

#endif
