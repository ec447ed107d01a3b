/*
 * Rates and counts that the smtp processes share.  They lease portions:
 * connections are held until they are given back, everything else is a
 * token bucket that refills over an hour.
 *
 * The table is bounded.  An entry that says nothing (a full bucket, nothing
 * held) goes when room is needed; when there is none, the answer is no.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_RATE_H
#define GATEWAY_LOOKUP_LOOKUP_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"
#include "gateway/protocol/frame_lookup.h"

#define LOOKUP_RATE_ENTRIES_MAX 65536
#define LOOKUP_RATE_PERIOD_MS (INT64_C(3600) * 1000)

struct lookup_rate;

/* entries_max: LOOKUP_RATE_ENTRIES_MAX but in tests.  Never NULL. */
struct lookup_rate *lookup_rate_new(size_t entries_max);
void lookup_rate_free(struct lookup_rate *rate);

/*
 * Lease up to ask->count for holder (which channel; any number above 0).
 *   now_ms           monotonic
 *   *retry_after_ms  when to try again, where 0 is granted
 * Gives what is granted, 0 to ask->count; ask->limit 0 grants all.
 */
uint32_t lookup_rate_take(struct lookup_rate *rate,
	const struct frame_rate_ask *ask, uint32_t holder, int64_t now_ms,
	uint64_t *retry_after_ms);

/* Give back ask->count, or less where the holder never had so much. */
void lookup_rate_return(struct lookup_rate *rate,
	const struct frame_rate_ask *ask, uint32_t holder, int64_t now_ms);

/* The holder has gone: what it held is free again. */
void lookup_rate_forget(struct lookup_rate *rate, uint32_t holder);

size_t lookup_rate_count(const struct lookup_rate *rate);

#endif
