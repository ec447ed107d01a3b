/*
 * Dispositions: what was decided about a message, written as one record with
 * all that it asks for.  Scan decides (queue_judge.h); where there are no
 * filters, the answer is "no policy, configuration version n".
 */
#ifndef QUEUE_QUEUE_DISPOSITION_H
#define QUEUE_QUEUE_DISPOSITION_H

#include "gateway/protocol/frame_judge.h"
#include "queue/queue_outcome.h"

struct queue;
struct queue_message;
struct queue_rewrite_body;

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
 * A message that has just come into the table: asked about if it must be,
 * and scheduled.  Nothing where there is none with that mid.
 */
void queue_disposition_begin(struct queue *queue, uint64_t mid);
/* What is said of the recipients of a splinter that is bounced. */
struct queue_failure queue_disposition_failure(const struct queue *queue,
	const struct frame_splinter *splinter);
/*
 * Scan's answer about a message in state JUDGING, JUDGED without a problem
 * (queue_dispose.h) or SET_ASIDE, recorded and followed; the message may be
 * gone afterwards.
 *   bodies   those of the answer, in the log; NULL where none is needed
 */
void queue_disposition_take(struct queue *queue,
	struct queue_message *message,
	const struct frame_disposition *disposition,
	const struct queue_rewrite_body *bodies);

#endif
