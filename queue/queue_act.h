/*
 * What administrators do to messages: retry, hold, release, delete; one, or
 * all that a filter matches.  Answered when durable.
 */
#ifndef QUEUE_QUEUE_ACT_H
#define QUEUE_QUEUE_ACT_H

struct queue_channel;

void queue_act_on_ask(struct queue_channel *channel, const void *frame,
	int descriptor);

#endif
