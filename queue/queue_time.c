/*
 * Clock steps and ages.
 */
#include "queue/queue_time.h"

#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"

static void
add_jump(struct queue_time *time, int64_t before_us, int64_t amount_us)
{
	if (time->jump_count == QUEUE_JUMPS_MAX) {
		/* The two oldest become one, in favour of the mail. */
		time->jumps[1].amount_us += time->jumps[0].amount_us;
		memmove(&time->jumps[0], &time->jumps[1],
		    (QUEUE_JUMPS_MAX - 1) * sizeof(time->jumps[0]));
		time->jump_count--;
	}
	time->jumps[time->jump_count++] =
	    (struct queue_jump){ before_us, amount_us };
	log_event(LOG_WARNING_LEVEL, 0, "clock_jump",
	    LOG_SIGNED("seconds", amount_us / CLOCK_SECOND_US));
}

/* How much further the wall clock went than the monotonic one. */
static int64_t
excess_us(const struct queue_time *time, int64_t wall_us,
    int64_t monotonic_us)
{
	int64_t passed_us = monotonic_us - time->monotonic_us;

	return wall_us - time->wall_us - (passed_us > 0 ? passed_us : 0);
}

static bool
compare(struct queue_time *time, int64_t most_us)
{
	int64_t wall_us = clock_now_us();
	int64_t monotonic_us = clock_monotonic_us();
	int64_t more_us = excess_us(time, wall_us, monotonic_us);
	bool is_jump = time->wall_us > 0 && more_us > most_us;

	if (is_jump)
		add_jump(time, time->wall_us, more_us);
	time->wall_us = wall_us;
	time->monotonic_us = monotonic_us;
	return is_jump;
}

void
queue_time_start(struct queue_time *time, int64_t wall_us,
    int64_t monotonic_us)
{
	time->wall_us = wall_us;
	time->monotonic_us = monotonic_us;
	(void)compare(time, QUEUE_TIME_GAP_US);
}

bool
queue_time_tick(struct queue_time *time)
{
	return compare(time, QUEUE_TIME_STEP_US);
}

void
queue_time_restore(struct queue_time *time,
    const struct queue_counters *counters)
{
	time->jump_count = counters->jump_count;
	for (size_t i = 0; i < counters->jump_count; i++)
		time->jumps[i] = counters->jumps[i];
}

int64_t
queue_time_age_us(const struct queue_time *time, int64_t received_us,
    int64_t seen_ms)
{
	int64_t age_us = clock_now_us() - received_us;
	int64_t here_us = (clock_monotonic_ms() - seen_ms) * 1000;

	for (size_t i = 0; i < time->jump_count; i++)
		if (received_us <= time->jumps[i].before_us)
			age_us -= time->jumps[i].amount_us;
	return age_us > here_us ? age_us : here_us;
}
