/*
 * Bodies on their way into the log: BODY records of at most
 * QUEUE_LOG_PIECE_MAX bytes, some per turn, then the record of their owner,
 * which says what they are.  A body whose record never came is nobody's
 * mail.
 */
#ifndef QUEUE_QUEUE_STREAM_H
#define QUEUE_QUEUE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/protocol/message_body.h"
#include "queue/queue_message.h"

struct queue;
struct queue_channel;

/* Of all streams in one turn. */
#define QUEUE_STREAM_TURN_BYTES (4u * 1024 * 1024)

struct queue_streams {
	struct list all;
};

/* Each of them takes the owner; one of them is called, once. */
struct queue_stream_work {
	/* All is in the log; the pieces, body by body, are borrowed. */
	void (*done)(struct queue *queue, void *owner,
		const struct segment_place *pieces, size_t count);
	/* It could not be read, or there is no space. */
	void (*failed)(struct queue *queue, void *owner);
	/* Nobody wants it any more. */
	void (*drop)(void *owner);
};

void queue_streams_init(struct queue_streams *streams);
/*
 * Stream bodies, one at least, for a message; takes references of its own
 * to them.
 *   channel   it is dropped when this one ends; NULL: never
 */
void queue_stream_add(struct queue *queue,
	const struct queue_stream_work *work, void *owner,
	struct queue_channel *channel, uint64_t mid,
	struct message_body *const *bodies, size_t count);
/* Pieces that a body of so many bytes has; an empty one has one. */
size_t queue_stream_pieces(const struct queue *queue, uint64_t size);
bool queue_stream_has(const struct queue *queue, uint64_t mid);
/*
 * The oldest segment that a stream has pieces in: none from there on may
 * leave.  UINT32_MAX where there is none.
 */
uint32_t queue_streams_lowest_segment(const struct queue *queue);
/* Its client never got an answer: forget what was on its way. */
void queue_stream_channel_ended(struct queue *queue,
	struct queue_channel *channel);
/* At the end of a turn, before the sync. */
void queue_streams_turn(struct queue *queue);
void queue_streams_clear(struct queue *queue);

#endif
