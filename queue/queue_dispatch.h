/*
 * Giving jobs to deliver processes.
 */
#ifndef QUEUE_QUEUE_DISPATCH_H
#define QUEUE_QUEUE_DISPATCH_H

#include "gateway/base/error.h"
#include "queue/queue_part.h"

struct queue;
struct queue_lease;

enum queue_dispatch_result {
	QUEUE_DISPATCH_SENT,
	QUEUE_DISPATCH_SKIPPED,	/* the part has gone elsewhere; go on */
	QUEUE_DISPATCH_NOT_YET,	/* this destination must wait a turn */
	QUEUE_DISPATCH_NO_ROOM,	/* nobody can send anything now */
};

/* Lease and send the first due part of a destination. */
enum queue_dispatch_result queue_dispatch_first(struct queue *queue,
	struct queue_destination *destination);

/*
 * Send the JOB of a lease over its channel.  A body that cannot be read, or
 * that is not what the message must become before it leaves, sets the
 * message aside: ERROR_MISMATCH.
 */
int queue_dispatch_send(struct queue *queue, struct queue_lease *lease)
	MUST_CHECK;

#endif
