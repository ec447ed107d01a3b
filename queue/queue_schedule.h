/*
 * The schedule: what is due, in which order.
 *
 * Each destination has its own list; destinations that have something to
 * send and may send take turns, one job each.  A destination that cannot be
 * reached waits as a whole, and a single probe tells when it is back: a
 * hundred thousand messages for it cost no work and delay nobody.
 *
 * Due times are monotonic; stored ones are turned into delays at start.
 */
#ifndef QUEUE_QUEUE_SCHEDULE_H
#define QUEUE_QUEUE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/base/loop.h"
#include "queue/queue_part.h"

struct queue;

/* Whose struct queue_due it is. */
enum queue_due_kind {
	QUEUE_DUE_PART,
	QUEUE_DUE_DESTINATION,
	QUEUE_DUE_ERRAND,
};

/* Work of one turn. */
#define QUEUE_SCHEDULE_DUE_MAX 2000
#define QUEUE_SCHEDULE_JOBS_MAX 500
#define QUEUE_SCHEDULE_MOVES_MAX 1000

struct queue_schedule {
	struct queue_heap heap;
	struct list ring;		/* queue_destination.link */
	struct loop_timer *timer;
	struct list *cursor;		/* next message to resolve again */
	uint64_t waiting;		/* parts */
	uint64_t due;
};

void queue_schedule_open(struct queue *queue);
void queue_schedule_close(struct queue *queue);

/*
 * Schedule what is live of a message that is READY or SENDING and in no
 * part yet, for delivery or, where there is no TLS and it must be, for an
 * envelope; and a message that is PROTECTING.
 */
void queue_schedule_message(struct queue *queue,
	struct queue_message *message);
/* A part leaves heap and list. */
void queue_schedule_leave(struct queue *queue, struct queue_part *part);
/* A lease is over and nothing came of it: first in line again. */
void queue_schedule_return(struct queue *queue, struct queue_part *part);
/* Due now, its destination too; in_front: before all others. */
void queue_schedule_hasten(struct queue *queue,
	struct queue_message *message, bool in_front);
/* A message leaves memory. */
void queue_schedule_passed(struct queue *queue,
	struct queue_message *message);

/* How an attempt fared at the destination as a whole. */
void queue_schedule_reached(struct queue *queue,
	struct queue_destination *destination);
void queue_schedule_unreachable(struct queue *queue,
	struct queue_destination *destination, struct text reason);
/* A lease of the destination ended: it may send again. */
void queue_schedule_freed(struct queue *queue,
	struct queue_destination *destination);

/* The configuration changed: resolve everything again, bit by bit. */
void queue_schedule_renew(struct queue *queue);

/* At the end of a turn, behind the sync. */
void queue_schedule_turn(struct queue *queue);

/* Leases that a destination may have now. */
uint32_t queue_schedule_window(const struct queue_destination *destination);

#endif
