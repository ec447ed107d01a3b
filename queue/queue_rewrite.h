/*
 * Other bodies for a message, as a worker answered it: their BODY records
 * first, then the one record that says what they are.
 */
#ifndef QUEUE_QUEUE_REWRITE_H
#define QUEUE_QUEUE_REWRITE_H

#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/protocol/message_body.h"
#include "queue/queue_errand.h"
#include "queue/queue_record.h"

struct queue;
struct queue_message;

/* Such a body, and, once it is in the log, where. */
struct queue_rewrite_body {
	struct message_body *body;
	uint8_t sha256[32];
	struct segment_place *pieces;
	size_t piece_count;
};

struct queue_rewrite_work {
	const struct record_shape *shape;	/* of the answer */
	/* The pieces of all bodies are in the log: write the record. */
	void (*take)(struct queue *queue, struct queue_message *message,
		const void *answer, const struct queue_rewrite_body *bodies);
	/* The bodies could not be written. */
	void (*failed)(struct queue *queue, struct queue_message *message);
};

/*
 * Write the bodies, one at least, that the answer to an errand brought;
 * takes references of its own to them.  The answer is copied (its own body
 * field must be empty by now); the errand stays ANSWERED until take or
 * failed is called.  If it ends before, nothing is.  ERROR_LIMIT: the answer
 * is too large to be kept, nothing was done.
 */
int queue_rewrite_begin(struct queue *queue, struct queue_errand *errand,
	const struct queue_rewrite_work *work, const void *answer,
	const struct queue_rewrite_body *bodies, size_t count) MUST_CHECK;

/* What a record says of a message whose body this is from now on. */
void queue_rewrite_set(struct queue_change *change,
	const struct queue_rewrite_body *body);
/* Keep it hot, where that can be done and the message is still there. */
void queue_rewrite_keep(struct queue *queue, uint64_t mid,
	const struct queue_rewrite_body *body);

#endif
