/* A bucket that fills with time. */
#include "crypto/keys/keys_rate.h"

#include "gateway/base/clock.h"

/* One, in the unit in which a millisecond adds per_second. */
#define ONE 1000u

void
keys_rate_init(struct keys_rate *rate, uint32_t per_second)
{
	rate->per_second = per_second;
	rate->left_thousandths = (uint64_t)per_second * ONE;
	rate->seen_ms = clock_monotonic_ms();
}

bool
keys_rate_take(struct keys_rate *rate)
{
	uint64_t most = (uint64_t)rate->per_second * ONE;
	int64_t now_ms = clock_monotonic_ms();
	int64_t passed_ms = now_ms - rate->seen_ms;

	rate->seen_ms = now_ms;
	if (passed_ms >= (int64_t)ONE)
		rate->left_thousandths = most;
	else
		rate->left_thousandths += (uint64_t)passed_ms *
		    rate->per_second;
	if (rate->left_thousandths > most)
		rate->left_thousandths = most;
	if (rate->left_thousandths < ONE)
		return false;
	rate->left_thousandths -= ONE;
	return true;
}
