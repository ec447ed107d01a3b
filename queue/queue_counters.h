/*
 * What recycling the log would lose: totals, numbers given away, jumps of the
 * clock.  The COUNTERS record (PROTOCOL.queuerecords 8).
 */
#ifndef QUEUE_QUEUE_COUNTERS_H
#define QUEUE_QUEUE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"

#define QUEUE_JUMPS_MAX 8

/* In recipients, since the queue was made. */
struct queue_totals {
	uint64_t accepted;
	uint64_t generated;
	uint64_t delivered;
	uint64_t failed;
	uint64_t dropped;
	uint64_t deleted;
	uint64_t expired;
};

/* The wall clock went forward by so much without time passing. */
struct queue_jump {
	int64_t before_us;
	int64_t amount_us;
};

/* COUNTERS */
struct queue_counters {
	struct queue_totals totals;	/* of all records before this one */
	uint64_t mid_limit;	/* numbers below may have been given away */
	uint64_t icid_limit;
	uint64_t dcid_limit;
	uint64_t job_limit;
	struct queue_jump *jumps;
	size_t jump_count;
};

extern const struct record_shape queue_counters_shape;

#endif
