/*
 * The age of a message, when the wall clock cannot be trusted.
 *
 * The wall clock may be set forward by years.  A step of the wall clock that
 * the monotonic clock did not see is therefore remembered, and what it adds
 * does not count for messages that were there before it.  Time in which
 * the queue did not run counts if the monotonic clock bears witness (the
 * machine stayed up) or if it was less than a day.  A clock set back makes
 * messages younger, never older; then the time that a message has been in
 * this memory counts.
 */
#ifndef QUEUE_QUEUE_TIME_H
#define QUEUE_QUEUE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/queue_record.h"

/* A step that is taken for a jump, while running and over a restart. */
#define QUEUE_TIME_STEP_US (INT64_C(600) * 1000000)
#define QUEUE_TIME_GAP_US (INT64_C(86400) * 1000000)

struct queue_time {
	int64_t wall_us;	/* at the last tick; 0: none yet */
	int64_t monotonic_us;
	struct queue_jump jumps[QUEUE_JUMPS_MAX];
	size_t jump_count;
};

/*
 * At start: the last pair of clocks that was seen (0, 0: none).  Adds a
 * jump where the wall clock went further than can be believed.
 */
void queue_time_start(struct queue_time *time, int64_t wall_us,
	int64_t monotonic_us);
/* Compare the clocks; true when a jump was added, to be made durable. */
bool queue_time_tick(struct queue_time *time);
/* The jumps of a COUNTERS record replace ours. */
void queue_time_restore(struct queue_time *time,
	const struct queue_counters *counters);

/* Microseconds since it was received, as far as they can be believed. */
int64_t queue_time_age_us(const struct queue_time *time,
	int64_t received_us, int64_t seen_ms);

#endif
