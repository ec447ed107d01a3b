/*
 * Recycling the log's segments: what each holds that is still needed, and
 * moving the last of it on when the log has grown too large.
 *
 * When segments * size > max(limits.segment_pool * size, 3 * live bytes),
 * the live records of the oldest segment are copied to the head, at most
 * QUEUE_RECYCLE_SLICE bytes a turn; then, with all synced and the index
 * durable beyond it, the segment leaves.
 */
#ifndef QUEUE_QUEUE_RECYCLE_H
#define QUEUE_QUEUE_RECYCLE_H

#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "queue/queue_message.h"

struct queue;

#define QUEUE_RECYCLE_SLICE (1024u * 1024)

/* A segment in which live messages have something. */
struct queue_segment {
	uint32_t number;
	struct list messages;	/* whose oldest bytes lie here */
	uint64_t count;
};

struct queue_recycle {
	struct map *segments;	/* number to struct queue_segment */
	uint64_t live_bytes;	/* records and pieces of live messages */
	uint64_t relocated;	/* records */
	uint64_t released;	/* segments */
};

void queue_recycle_init(struct queue_recycle *recycle);
void queue_recycle_clear(struct queue_recycle *recycle);

/* A message has places now; or leaves, or is about to get other places. */
void queue_recycle_add(struct queue *queue, struct queue_message *message);
void queue_recycle_remove(struct queue *queue,
	struct queue_message *message);

/* Copy a slice where the log is too large; before the turn's sync. */
void queue_recycle_turn(struct queue *queue);
/* Let empty segments go; when all is synced. */
void queue_recycle_release(struct queue *queue);

#endif
