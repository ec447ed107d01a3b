/*
 * A disposition that makes messages: the splinters of one, and what filters
 * made of it, all of it one DISPOSE record.
 */
#ifndef QUEUE_QUEUE_DISPOSE_H
#define QUEUE_QUEUE_DISPOSE_H

#include <stdbool.h>

#include "gateway/base/error.h"
#include "gateway/protocol/frame_judge.h"

struct queue;
struct queue_message;
struct queue_rewrite_body;

/*
 * What is wrong with a disposition that says JUDGED, in words: NULL where it
 * can be taken.  Every live recipient of the message is in one splinter and
 * one only.
 */
const char *queue_dispose_problem(struct queue_message *message,
	const struct frame_disposition *disposition);

/* One splinter that stays what it is, and nothing made: no message. */
bool queue_dispose_is_plain(const struct frame_disposition *disposition);

/*
 * Record and follow a disposition that has no problem, of a message in state
 * JUDGING; the message may be gone afterwards.  Where it does not fit into
 * one record the message is set aside.
 *   bodies   those of the disposition, in the log; NULL where it has none
 */
void queue_dispose(struct queue *queue, struct queue_message *message,
	const struct frame_disposition *disposition,
	const struct queue_rewrite_body *bodies);

#endif
