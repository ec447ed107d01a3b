/*
 * Taking messages from smtp, and service mail from vault: checked, appended,
 * judged, scheduled; answered when durable.
 */
#ifndef QUEUE_QUEUE_ACCEPT_H
#define QUEUE_QUEUE_ACCEPT_H

#include <stdint.h>

struct queue_channel;

/* 1 GB: no body is larger, whatever smtp says. */
#define QUEUE_BODY_MAX (UINT64_C(1024) * 1024 * 1024)

/* FRAME_SUBMIT */
void queue_accept_on_submit(struct queue_channel *channel, const void *frame,
	int descriptor);

#endif
