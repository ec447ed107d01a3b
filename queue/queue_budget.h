/*
 * What smtp processes may have: memory for bodies on their way, blocks of
 * numbers, and leave to take mail at all.
 */
#ifndef QUEUE_QUEUE_BUDGET_H
#define QUEUE_QUEUE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"

struct queue;
struct queue_channel;

struct queue_budget {
	uint64_t granted;	/* of limits.in_flight, to all channels */
	bool accepting;
	const char *refusal;	/* why not; static */
};

/* FRAME_ID_LEASE_ASK, BUDGET_ASK, BUDGET_RETURN */
void queue_budget_on_id_lease(struct queue_channel *channel,
	const void *frame, int descriptor);
void queue_budget_on_ask(struct queue_channel *channel, const void *frame,
	int descriptor);
void queue_budget_on_return(struct queue_channel *channel, const void *frame,
	int descriptor);

/* What was granted for a body of a submitted message is free again. */
void queue_budget_submitted(struct queue *queue,
	struct queue_channel *channel, uint64_t bytes);
void queue_budget_channel_ended(struct queue *queue,
	struct queue_channel *channel);

/* Tell a new smtp or vault process how things stand. */
void queue_budget_greet(struct queue *queue, struct queue_channel *channel);
/* Look at the disk; tells all on a change. */
void queue_budget_check(struct queue *queue);
/* Whether a message of that size fits on the disk now. */
bool queue_budget_has_space(const struct queue *queue, uint64_t bytes);

#endif
