/*
 * Taking messages from smtp: checked, appended, judged, scheduled; answered
 * when durable.
 */
#ifndef QUEUE_QUEUE_ACCEPT_H
#define QUEUE_QUEUE_ACCEPT_H

#include <stdint.h>

#include "gateway/protocol/message_body.h"
#include "queue/queue_message.h"

struct queue;
struct queue_channel;

/* 1 GB: no body is larger, whatever smtp says. */
#define QUEUE_BODY_MAX (UINT64_C(1024) * 1024 * 1024)

/* FRAME_SUBMIT */
void queue_accept_on_submit(struct queue_channel *channel, const void *frame,
	int descriptor);

/*
 * The body is in the log as message->pieces, or is text: append the ACCEPT
 * and all that follows.  Takes message and body.
 */
void queue_accept_finish(struct queue_channel *channel, uint64_t id,
	struct queue_message *message, struct message_body *body,
	struct text inline_body);
/* The body could not be read: try later. */
void queue_accept_failed(struct queue_channel *channel, uint64_t id,
	uint64_t mid);

#endif
