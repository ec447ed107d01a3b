/*
 * Changing a message: the record and the memory in one step, so that neither
 * is ever without the other.
 */
#ifndef QUEUE_QUEUE_CHANGE_H
#define QUEUE_QUEUE_CHANGE_H

#include "gateway/base/error.h"
#include "queue/queue_message.h"

struct queue;

/*
 * Write a STATE record and make it true; the state itself is the caller's to
 * move to what the record says.
 */
void queue_change(struct queue *queue, struct queue_message *message,
	const struct queue_change *change);
/*
 * Let apply (queue_message_apply() or _restore()) make a change true, and
 * keep what counts messages, bytes and segments in step with it.
 */
void queue_change_apply(struct queue *queue, struct queue_message *message,
	const struct queue_change *change,
	void (*apply)(struct queue_message *message,
		const struct queue_change *change));
/*
 * Write an OUTCOME, with the message that it generates (NULL: none; not in
 * the table yet, its encoded envelope in change->child) and its body, and
 * make it true.  The child joins the table.
 */
void queue_change_outcome(struct queue *queue, struct queue_message *message,
	const struct queue_change *change, struct queue_message *child,
	struct text child_body);
/*
 * Write a SPLIT: the recipients that change moves are child's from now on,
 * which shares the message's body and joins the table.
 */
void queue_change_split(struct queue *queue, struct queue_message *message,
	const struct queue_change *change, struct queue_message *child);
/*
 * Write a DISPOSE and make it true.  Its messages, in the same order, join
 * the table; so does the notification (NULL: none; its encoded envelope in
 * dispose->parent.child).  ERROR_LIMIT: it does not fit into a record, and
 * nothing has changed.
 */
int queue_change_dispose(struct queue *queue, struct queue_message *message,
	const struct queue_dispose_record *dispose,
	struct queue_message *const *messages, struct queue_message *notice,
	struct text notice_body) MUST_CHECK;
/*
 * The message is over: every recipient has its outcome.  Drops its parts,
 * moves it to DONE and frees it.
 */
void queue_change_done(struct queue *queue, struct queue_message *message);

#endif
