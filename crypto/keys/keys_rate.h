/*
 * So many a second, and as many at once after a pause.
 */
#ifndef CRYPTO_KEYS_KEYS_RATE_H
#define CRYPTO_KEYS_KEYS_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct keys_rate {
	uint32_t per_second;
	uint64_t left_thousandths;
	int64_t seen_ms;
};

void keys_rate_init(struct keys_rate *rate, uint32_t per_second);
/* Take one; false when none is left now. */
bool keys_rate_take(struct keys_rate *rate);

#endif
