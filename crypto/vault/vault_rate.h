/*
 * How often something was asked for by somebody: pauses that double, and
 * counts within an hour.  In memory, bounded: the one that was silent
 * longest is forgotten first.
 */
#ifndef CRYPTO_VAULT_VAULT_RATE_H
#define CRYPTO_VAULT_VAULT_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

#define VAULT_RATE_WINDOW_MS INT64_C(3600000)
#define VAULT_PAUSE_FIRST_MS INT64_C(30000)
#define VAULT_PAUSE_MOST_MS INT64_C(900000)

struct vault_rate;

struct vault_rate *vault_rate_new(size_t entries_max);
void vault_rate_free(struct vault_rate *rate);	/* NULL is allowed */

/*
 * Ask for one more on behalf of key (a word that says what is counted, and
 * who).  now_ms is monotonic.
 *
 * The pause: 0 for the first, and when the pause behind the one before is
 * over; else the milliseconds that are left of it, and nothing is counted.
 * *is_first: nothing was asked within the last hour.
 */
int64_t vault_rate_pause(struct vault_rate *rate, struct text key,
	int64_t now_ms, bool *is_first);
/* The count: 0, or the milliseconds until there is room below limit. */
int64_t vault_rate_count(struct vault_rate *rate, struct text key,
	uint32_t limit, int64_t now_ms);
size_t vault_rate_entries(const struct vault_rate *rate);

#endif
