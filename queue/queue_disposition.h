/*
 * Dispositions: what was decided about a message, written as one record with
 * all that it asks for.  Scan decides (queue_judge.h); where there are no
 * filters, the answer is "no policy, configuration version n".
 */
#ifndef QUEUE_QUEUE_DISPOSITION_H
#define QUEUE_QUEUE_DISPOSITION_H

#include "gateway/protocol/frame_judge.h"

struct queue;
struct queue_change;
struct queue_message;

/*
 * Have a message judged: from RECEIVED to JUDGING, or at once to READY where
 * nothing is to be decided.  The caller schedules.
 */
void queue_disposition_ask(struct queue *queue,
	struct queue_message *message);
/* The same for one that is in JUDGING already, since it was released. */
void queue_disposition_renew(struct queue *queue,
	struct queue_message *message);
/* From JUDGING to READY; the caller schedules. */
void queue_disposition_without_policy(struct queue *queue,
	struct queue_message *message);
/*
 * Scan's answer about a message in state JUDGING, recorded and followed; the
 * message may be gone afterwards.
 *   change   what the record says of a new body, or all zero
 */
void queue_disposition_take(struct queue *queue,
	struct queue_message *message,
	const struct frame_disposition *disposition,
	struct queue_change *change);

#endif
