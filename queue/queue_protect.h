/*
 * The encryption queue: messages in state PROTECTING are put to protect
 * processes until one has made their envelope.  Nothing of them leaves
 * before; a profile's timeout ends their waiting and the sender is told.
 */
#ifndef QUEUE_QUEUE_PROTECT_H
#define QUEUE_QUEUE_PROTECT_H

#include <stdbool.h>

#include "gateway/base/text.h"
#include "queue/queue_errand.h"

struct queue;
struct queue_channel;
struct queue_message;

/* Out at one protect process. */
#define QUEUE_PROTECT_MESSAGES 16
#define QUEUE_PROTECT_BYTES (64u * 1024 * 1024)
/* Waits between attempts, doubled for each. */
#define QUEUE_PROTECT_FIRST_US (INT64_C(5) * 1000000)
#define QUEUE_PROTECT_MOST_US (INT64_C(300) * 1000000)
/* Where the profile, and so its timeout, is no longer there. */
#define QUEUE_PROTECT_TIMEOUT_US (INT64_C(72) * 3600 * 1000000)

extern const struct queue_desk_work queue_protect_desk;

/*
 * Put a message in state PROTECTING in line, or look anew when it is due;
 * nothing in other states.
 */
void queue_protect_schedule(struct queue *queue,
	struct queue_message *message);
/* Due now; false where it is with a protect process already. */
bool queue_protect_hasten(struct queue *queue,
	struct queue_message *message);
/*
 * A message in state READY or SENDING, no live recipient of which is out,
 * must become an envelope after all: to PROTECTING, recorded; the caller
 * schedules.
 */
void queue_protect_begin(struct queue *queue,
	struct queue_message *message);
/* FRAME_PROTECTED */
void queue_protect_on_protected(struct queue_channel *channel,
	const void *frame, int descriptor);

#endif
