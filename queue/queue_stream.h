/*
 * Large bodies on their way into the log: BODY records of at most
 * QUEUE_LOG_PIECE_MAX bytes, some per turn, then their ACCEPT.  A body whose
 * ACCEPT never came is nobody's mail.
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

void queue_streams_init(struct queue_streams *streams);
/* Takes message and body; the answer follows when all is durable. */
void queue_stream_add(struct queue_channel *channel, uint64_t id,
	struct queue_message *message, struct message_body *body);
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
