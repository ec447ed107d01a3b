/*
 * Another body for a message, as a worker answered it: its BODY records
 * first, then the one record that says what it is.
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

struct queue_rewrite_work {
	const struct record_shape *shape;	/* of the answer */
	/*
	 * The pieces are in the log: write the record.  change holds the
	 * body's part of it and nothing else.
	 */
	void (*take)(struct queue *queue, struct queue_message *message,
		const void *answer, struct queue_change *change);
	/* The body could not be written. */
	void (*failed)(struct queue *queue, struct queue_message *message);
};

/*
 * Write the body that the answer to an errand brought.  The answer is copied
 * (its own body field must be empty by now); the errand stays ANSWERED until
 * take or failed is called.  If it ends before, nothing is.
 */
void queue_rewrite_begin(struct queue *queue, struct queue_errand *errand,
	const struct queue_rewrite_work *work, const void *answer,
	struct message_body *body, const uint8_t sha256[32]);

#endif
