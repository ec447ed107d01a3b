/*
 * How addresses fared lately: one that did not answer is passed over for a
 * while, as long as a host has others.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_HEALTH_H
#define QUEUE_DELIVERY_DELIVERY_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/delivery/delivery_target.h"

#define DELIVERY_HEALTH_MAX 10000	/* addresses; the oldest goes */
#define DELIVERY_HEALTH_FIRST_MS 15000	/* doubles with each failure ... */
#define DELIVERY_HEALTH_MOST_MS 600000	/* ... up to here */

struct delivery_health;

struct delivery_health *delivery_health_new(void);
void delivery_health_free(struct delivery_health *health);

/* Whether to pass over the target at this time (monotonic). */
bool delivery_health_is_bad(const struct delivery_health *health,
	const struct delivery_target *target, int64_t now_ms);
void delivery_health_failed(struct delivery_health *health,
	const struct delivery_target *target, int64_t now_ms);
void delivery_health_answered(struct delivery_health *health,
	const struct delivery_target *target);
size_t delivery_health_count(const struct delivery_health *health);

#endif
