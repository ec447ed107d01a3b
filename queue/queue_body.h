/*
 * Bodies of queued messages: hot ones in memory within limits.hot_bodies,
 * the others read back from the log, each byte checked.
 */
#ifndef QUEUE_QUEUE_BODY_H
#define QUEUE_QUEUE_BODY_H

#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/list.h"
#include "queue/queue_message.h"

struct queue;

/* A body over FRAME_BODY_INLINE_MAX holds a descriptor; so many at most. */
#define QUEUE_BODY_DESCRIPTORS_MAX 200

struct queue_bodies {
	struct list hot;	/* queue_message.hot, oldest first */
	uint64_t bytes;
	uint32_t descriptors;
	uint64_t read;		/* bodies read back */
};

void queue_body_init(struct queue_bodies *bodies);

/*
 * Keep the body with its message, for the first attempt; takes the caller's
 * reference.  Others grow cold for it.
 */
void queue_body_keep(struct queue *queue, struct queue_message *message,
	struct message_body *body);
/* Forget the copy in memory. */
void queue_body_cool(struct queue *queue, struct queue_message *message);

/*
 * A reference to the whole body.  ERROR_MISMATCH (damaged or of another
 * size), ERROR_NOT_FOUND (its segment is gone), ERROR_SYSTEM.
 */
int queue_body_get(struct queue *queue, struct queue_message *message,
	struct message_body **out) MUST_CHECK;
/*
 * The beginning, at most len bytes, appended to out; the same errors.
 */
int queue_body_beginning(struct queue *queue, struct queue_message *message,
	size_t len, struct buffer *out) MUST_CHECK;
/* What the record itself holds (empty where there are pieces). */
int queue_body_inline(struct queue *queue, struct queue_message *message,
	struct buffer *out) MUST_CHECK;

#endif
