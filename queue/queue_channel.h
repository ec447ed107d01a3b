/*
 * A channel to another process, and what is kept for it.
 */
#ifndef QUEUE_QUEUE_CHANNEL_H
#define QUEUE_QUEUE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/ipc.h"
#include "gateway/base/list.h"
#include "gateway/protocol/frame.h"

struct queue;

struct queue_channel {
	struct list link;
	struct queue *queue;
	enum process_kind kind;
	uint32_t number;
	struct ipc *ipc;
	bool has_ended;
	uint64_t granted;	/* bytes of the in-flight budget */
	struct list leases;	/* deliver */
	uint32_t lease_count;
	struct list errands;	/* scan, protect */
	uint32_t errand_count;
	struct list questions;	/* lookup, inspect: facts asked for */
	uint32_t fact_count;
	uint32_t fact_late;	/* given up, and not answered yet */
	uint64_t errand_bytes;
};

struct queue_channels {
	struct list all;
	struct list ended;	/* to be freed at the end of the turn */
	struct arena *arena;	/* the frame being handled */
	uint32_t deliver_count;
};

void queue_channels_init(struct queue_channels *channels);
void queue_channels_clear(struct queue *queue);

/* Takes the descriptor; replaces an older channel to the same process. */
void queue_channel_open(struct queue *queue, enum process_kind kind,
	uint32_t number, int descriptor);
void queue_channel_send(struct queue_channel *channel, enum frame_type type,
	const void *value, int descriptor);
/* To all of one kind. */
void queue_channels_tell(struct queue *queue, enum process_kind kind,
	enum frame_type type, const void *value);
/*
 * The deliver process at place (start + skip) modulo their count, in the
 * order of their numbers; NULL where there is none.
 */
struct queue_channel *queue_channels_deliver(const struct queue *queue,
	uint64_t place);
/* Free those that ended. */
void queue_channels_turn(struct queue *queue);

#endif
