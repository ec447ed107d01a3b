/*
 * Taking messages from smtp, and service mail from vault: checked, appended,
 * judged, scheduled; answered when durable.
 */
#ifndef QUEUE_QUEUE_ACCEPT_H
#define QUEUE_QUEUE_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;
struct queue_channel;

/* 1 GB: no body is larger, whatever smtp says. */
#define QUEUE_BODY_MAX (UINT64_C(1024) * 1024 * 1024)

/* FRAME_SUBMIT */
void queue_accept_on_submit(struct queue_channel *channel, const void *frame,
	int descriptor);

/* Whether a message, with its state at its largest, fits into no record. */
bool queue_accept_is_too_wide(const struct queue *queue, size_t recipients,
	size_t envelope_len);

#endif
