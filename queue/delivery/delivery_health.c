/*
 * Health of addresses in the deliver process: no I/O.
 */
#include "queue/delivery/delivery_health.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

#define DELIVERY_HEALTH_KEY 19	/* family, address, port */

struct delivery_ailment {
	struct list link;	/* least recently failed first */
	char key[DELIVERY_HEALTH_KEY];
	int64_t until_ms;
	int64_t backoff_ms;
};

struct delivery_health {
	struct map *ailments;
	struct list order;
};

struct delivery_health *
delivery_health_new(void)
{
	struct delivery_health *health = memory_new(sizeof(*health));

	health->ailments = map_new();
	list_init(&health->order);
	return health;
}

static void
delivery_ailment_free(struct delivery_health *health,
	struct delivery_ailment *ailment)
{
	(void)map_remove_text(health->ailments, text_of(ailment->key,
	    sizeof(ailment->key)));
	list_remove(&ailment->link);
	free(ailment);
}

void
delivery_health_free(struct delivery_health *health)
{
	if (health == NULL)
		return;
	while (!list_is_empty(&health->order))
		delivery_ailment_free(health, LIST_OWNER(health->order.next,
		    struct delivery_ailment, link));
	map_free(health->ailments);
	free(health);
}

static void
delivery_health_key(const struct delivery_target *target,
	char key[DELIVERY_HEALTH_KEY])
{
	key[0] = (char)target->ip.family;
	memcpy(key + 1, target->ip.bytes, 16);
	memcpy(key + 17, &target->port, 2);
}

static struct delivery_ailment *
delivery_health_find(const struct delivery_health *health,
	const struct delivery_target *target)
{
	char key[DELIVERY_HEALTH_KEY];

	delivery_health_key(target, key);
	return map_get_text(health->ailments, text_of(key, sizeof(key)));
}

bool
delivery_health_is_bad(const struct delivery_health *health,
	const struct delivery_target *target, int64_t now_ms)
{
	const struct delivery_ailment *ailment = delivery_health_find(health,
	    target);

	return ailment != NULL && now_ms < ailment->until_ms;
}

void
delivery_health_failed(struct delivery_health *health,
	const struct delivery_target *target, int64_t now_ms)
{
	struct delivery_ailment *ailment = delivery_health_find(health,
	    target);

	if (ailment == NULL) {
		if (map_count(health->ailments) >= DELIVERY_HEALTH_MAX)
			delivery_ailment_free(health,
			    LIST_OWNER(health->order.next,
			    struct delivery_ailment, link));
		ailment = memory_new(sizeof(*ailment));
		delivery_health_key(target, ailment->key);
		(void)map_put_text(health->ailments, text_of(ailment->key,
		    sizeof(ailment->key)), ailment);
		list_append(&health->order, &ailment->link);
		ailment->backoff_ms = DELIVERY_HEALTH_FIRST_MS;
	} else if (now_ms >= ailment->until_ms) {
		ailment->backoff_ms *= 2;
		if (ailment->backoff_ms > DELIVERY_HEALTH_MOST_MS)
			ailment->backoff_ms = DELIVERY_HEALTH_MOST_MS;
	}
	ailment->until_ms = now_ms + ailment->backoff_ms;
	list_remove(&ailment->link);
	list_append(&health->order, &ailment->link);
}

void
delivery_health_answered(struct delivery_health *health,
	const struct delivery_target *target)
{
	struct delivery_ailment *ailment = delivery_health_find(health,
	    target);

	if (ailment != NULL)
		delivery_ailment_free(health, ailment);
}

size_t
delivery_health_count(const struct delivery_health *health)
{
	return map_count(health->ailments);
}
