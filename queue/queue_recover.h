/*
 * Start: from index and log to memory.  The log is the truth: the index's
 * rows and position are taken if they fit it, and everything behind that
 * position is replayed; else the index is made again from all of the log.
 */
#ifndef QUEUE_QUEUE_RECOVER_H
#define QUEUE_QUEUE_RECOVER_H

#include <stdint.h>

struct queue;

struct queue_recovery {
	uint64_t rows;		/* read from the index */
	uint64_t records;	/* replayed */
	uint64_t damaged;	/* records that could not be understood, or
				   whose bodies are damaged */
	uint64_t leases;	/* taken over */
	uint64_t duration_ms;
};

/*
 * Open log and index, fill memory, schedule everything; failure is fatal().
 * The caller then serves.
 */
void queue_recover(struct queue *queue, struct queue_recovery *recovery);

#endif
