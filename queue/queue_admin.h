/*
 * What admin asks about the queue: lists, single messages, the ledger.
 */
#ifndef QUEUE_QUEUE_ADMIN_H
#define QUEUE_QUEUE_ADMIN_H

struct queue_channel;

void queue_admin_on_list(struct queue_channel *channel, const void *frame,
	int descriptor);
void queue_admin_on_message(struct queue_channel *channel, const void *frame,
	int descriptor);
void queue_admin_on_ledger(struct queue_channel *channel, const void *frame,
	int descriptor);

#endif
