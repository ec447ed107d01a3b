/*
 * A part of a message: those of its recipients that go to one destination
 * together.  It is what is scheduled, leased and tried.
 */
#ifndef QUEUE_QUEUE_PART_H
#define QUEUE_QUEUE_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/list.h"
#include "queue/queue_destination.h"
#include "queue/queue_heap.h"
#include "queue/queue_message.h"

struct queue;
struct queue_lease;

/* RFC 5321 4.5.3.1.8: a server takes at least 100 recipients. */
#define QUEUE_PART_RECIPIENTS_MAX 100

enum queue_part_state {
	QUEUE_PART_NEW,
	QUEUE_PART_WAITING,	/* in the heap until its next try */
	QUEUE_PART_DUE,		/* in its destination's list; in the heap
				   until it expires or warns */
	QUEUE_PART_LEASED,
};

struct queue_part {
	struct queue_due due;
	struct list link;		/* in queue_destination.due */
	struct queue_message *message;
	struct queue_destination *destination;
	struct queue_lease *lease;	/* LEASED only */
	struct queue_part *next;	/* of this message */
	uint64_t version;		/* of the configuration */
	int64_t next_try_us;		/* wall clock */
	uint32_t attempts;		/* made so far */
	uint16_t count;			/* recipients */
	uint8_t state;			/* enum queue_part_state */
};

/*
 * Make parts for the live recipients that are in none, state NEW, at the
 * front of message->parts.  Recipients whose domain cannot be resolved stay
 * without.
 */
void queue_part_build(struct queue *queue, struct queue_message *message);
/* Take it out of everything and free it; a lease goes on without it. */
void queue_part_drop(struct queue *queue, struct queue_part *part);
/* A recipient leaves its part, if it is in one; the last one drops it. */
void queue_part_leave(struct queue *queue,
	struct queue_recipient *recipient);
/* All of a message; those that are leased only if told so. */
void queue_part_drop_all(struct queue *queue, struct queue_message *message,
	bool leased_too);

#endif
