/*
 * Destinations, and the domains that lead to them.
 */
#include "queue/queue_destination.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"
#include "gateway/mail/address.h"
#include "policy/destination_resolve.h"
#include "queue/queue.h"

#define RESOLVE_ARENA_MAX (64u * 1024)

/* The longest domain with a next hop and a bounce profile. */
#define WAY_MAX (DESTINATION_DOMAIN_MAX + 2 * QUEUE_NAME_MAX + 2)

struct queue_domain {
	struct text name;	/* as given, with what else tells the way */
	struct queue_destination *destination;
	char bytes[];
};

void
queue_destinations_init(struct queue_destinations *destinations)
{
	destinations->by_key = map_new();
	for (size_t i = 0; i < QUEUE_DESTINATION_RULES; i++)
		destinations->domains[i] = map_new();
}

static void
destination_free(struct queue *queue, struct queue_destination *destination)
{
	list_remove(&destination->link);
	queue_heap_unset(&queue->schedule.heap, &destination->backoff);
	(void)map_remove_text(queue->destinations.by_key,
	    destination->to.key);
	free(destination->reason);
	free(destination);
}

void
queue_destination_tidy(struct queue *queue,
    struct queue_destination *destination)
{
	if (destination->parts == 0 && destination->cached == 0 &&
	    destination->leased == 0)
		destination_free(queue, destination);
}

static void
forget_domains(struct queue *queue, struct map *domains)
{
	struct queue_domain *domain;
	size_t cursor = 0;

	while ((domain = map_next(domains, &cursor)) != NULL) {
		(void)map_remove_text(domains, domain->name);
		domain->destination->cached--;
		queue_destination_tidy(queue, domain->destination);
		free(domain);
	}
}

void
queue_destinations_clear(struct queue *queue)
{
	struct queue_destinations *destinations = &queue->destinations;

	if (destinations->by_key == NULL)
		return;
	for (size_t i = 0; i < QUEUE_DESTINATION_RULES; i++) {
		forget_domains(queue, destinations->domains[i]);
		map_free(destinations->domains[i]);
	}
	require(map_count(destinations->by_key) == 0);
	map_free(destinations->by_key);
	*destinations = (struct queue_destinations){ 0 };
}

/* ---- making one --------------------------------------------------------- */

static size_t
texts_bytes(const struct text *texts, size_t count)
{
	size_t bytes = count * sizeof(*texts);

	for (size_t i = 0; i < count; i++)
		bytes += texts[i].len;
	return bytes;
}

static struct text *
put_texts(struct text **slots, char **at, const struct text *texts,
    size_t count)
{
	struct text *first = *slots;

	for (size_t i = 0; i < count; i++)
		*(*slots)++ = text_put(at, texts[i]);
	return first;
}

/* One piece of memory: the struct, the arrays of texts, their bytes. */
static struct queue_destination *
destination_new(const struct destination *from)
{
	struct queue_destination *to;
	struct text *slots;
	char *at;

	to = memory_new(sizeof(*to) + from->key.len + from->domain.len +
	    texts_bytes(from->hosts, from->host_count) +
	    texts_bytes(from->tls_names, from->tls_name_count));
	list_init(&to->link);
	list_init(&to->due);
	slots = (struct text *)(void *)(to + 1);
	at = (char *)(slots + from->host_count + from->tls_name_count);
	to->to = (struct frame_destination){
		.key = text_put(&at, from->key),
		.domain = text_put(&at, from->domain),
		.hosts = put_texts(&slots, &at, from->hosts,
		    from->host_count),
		.host_count = from->host_count,
		.tls = from->tls,
		.tls_names = put_texts(&slots, &at, from->tls_names,
		    from->tls_name_count),
		.tls_name_count = from->tls_name_count,
		.concurrency = from->concurrency,
		.messages_per_connection = from->messages_per_connection,
		.or_envelope = from->or_envelope,
	};
	to->backoff.kind = QUEUE_DUE_DESTINATION;
	return to;
}

static int64_t
us_of_ms(uint64_t ms)
{
	return ms > (uint64_t)INT64_MAX / 1000 ? INT64_MAX :
	    (int64_t)(ms * 1000);
}

struct queue_retry
queue_retry_find(const struct queue *queue, struct text name)
{
	const struct config *config = queue->config;
	const struct config_bounce_profile *profile =
	    config_bounce_profile_find(config, name);
	struct queue_retry retry = {
		.initial_us = INT64_C(60) * 1000000,
		.most_us = INT64_C(3600) * 1000000,
		.lifetime_us = INT64_C(72) * 3600 * 1000000,
		.send_bounces = true,
	};

	if (profile == NULL)
		profile = config_bounce_profile_find(config, TEXT("default"));
	if (profile == NULL)
		return retry;
	retry.initial_us = us_of_ms(profile->retry_initial_ms);
	retry.most_us = us_of_ms(profile->retry_max_ms);
	retry.lifetime_us = us_of_ms(profile->lifetime_ms);
	retry.warning_us = us_of_ms(profile->delay_warning_ms);
	retry.send_bounces = profile->send_bounces != 0;
	return retry;
}

static int
resolve_by_rule(const struct queue *queue, struct text domain,
    const struct queue_ruling *ruling, enum queue_destination_rule rule,
    struct arena *arena, struct destination *out)
{
	int r = destination_resolve(queue->config, domain, arena, out);

	if (r == 0)
		r = destination_override(out, ruling->next_hop,
		    ruling->bounce_profile, arena);
	if (r != 0 || rule == QUEUE_DESTINATION_PLAIN)
		return r;
	r = destination_protect(out, rule == QUEUE_DESTINATION_TLS_VERIFIED,
	    arena);
	/* Where TLS is never used: so it is, and that is seen. */
	return r == ERROR_STATE ? 0 : r;
}

static struct queue_destination *
resolve(struct queue *queue, struct text domain,
    const struct queue_ruling *ruling, enum queue_destination_rule rule)
{
	struct arena *arena = arena_new(RESOLVE_ARENA_MAX);
	struct queue_destination *found = NULL;
	struct destination destination;

	if (resolve_by_rule(queue, domain, ruling, rule, arena, &destination)
	    == 0) {
		found = map_get_text(queue->destinations.by_key,
		    destination.key);
		if (found == NULL) {
			found = destination_new(&destination);
			(void)map_put_text(queue->destinations.by_key,
			    found->to.key, found);
		}
		/* A profile may change and keep its name. */
		found->retry = queue_retry_find(queue,
		    destination.bounce_profile);
	}
	arena_free(arena);
	return found;
}

enum queue_destination_rule
queue_destination_rule(const struct queue *queue,
    const struct queue_message *message)
{
	const struct config_encryption_profile *profile;

	if (!queue_protection_needs_tls(message->protection))
		return QUEUE_DESTINATION_PLAIN;
	profile = config_encryption_profile_find(queue->config,
	    message->protection->profile);
	/* Of a profile that is gone the stricter is believed. */
	return profile == NULL || profile->tls_verified ?
	    QUEUE_DESTINATION_TLS_VERIFIED : QUEUE_DESTINATION_TLS;
}

/* Domains of another version, or too many, are resolved again. */
static struct map *
domains_of(struct queue *queue, enum queue_destination_rule rule)
{
	struct queue_destinations *destinations = &queue->destinations;
	bool is_old = destinations->version != queue->config_version;

	for (size_t i = 0; i < QUEUE_DESTINATION_RULES; i++)
		if (is_old || map_count(destinations->domains[i]) >=
		    QUEUE_DOMAINS_MAX)
			forget_domains(queue, destinations->domains[i]);
	destinations->version = queue->config_version;
	return destinations->domains[rule];
}

static void
remember(struct map *domains, struct text name,
    struct queue_destination *destination)
{
	struct queue_domain *domain = memory_new(sizeof(*domain) + name.len);
	char *at = domain->bytes;

	domain->name = text_put(&at, name);
	domain->destination = destination;
	destination->cached++;
	(void)map_put_text(domains, domain->name, domain);
}

/* NUL is in no domain and no name, so that no two ways look alike. */
static struct text
name_way(char bytes[WAY_MAX], struct text domain,
    const struct queue_ruling *ruling)
{
	char *at = bytes;

	if ((text_is_empty(ruling->next_hop) &&
	    text_is_empty(ruling->bounce_profile)) ||
	    domain.len > DESTINATION_DOMAIN_MAX)
		return domain;
	(void)text_put(&at, domain);
	*at++ = '\0';
	(void)text_put(&at, ruling->next_hop);
	*at++ = '\0';
	(void)text_put(&at, ruling->bounce_profile);
	return text_of(bytes, (size_t)(at - bytes));
}

struct queue_destination *
queue_destination_find(struct queue *queue,
    const struct queue_message *message, struct text address)
{
	enum queue_destination_rule rule =
	    queue_destination_rule(queue, message);
	struct queue_ruling ruling = queue_ruling_value(message->ruling);
	struct map *domains = domains_of(queue, rule);
	struct text name = address_domain(address);
	char bytes[WAY_MAX];
	struct text way = name_way(bytes, name, &ruling);
	struct queue_domain *domain = map_get_text(domains, way);
	struct queue_destination *destination;

	if (domain != NULL)
		return domain->destination;
	destination = resolve(queue, name, &ruling, rule);
	if (destination != NULL)
		remember(domains, way, destination);
	return destination;
}

/* ---- retries ------------------------------------------------------------ */

static uint64_t
next_random(struct queue *queue)
{
	uint64_t z = (queue->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t
queue_retry_delay_us(struct queue *queue, const struct queue_retry *retry,
    uint32_t attempts)
{
	int64_t delay_us = retry->initial_us;
	int64_t tenth_us;

	for (uint32_t i = 1; i < attempts && delay_us < retry->most_us; i++)
		delay_us = delay_us > INT64_MAX / 2 ? INT64_MAX :
		    delay_us * 2;
	if (delay_us > retry->most_us)
		delay_us = retry->most_us;
	/* 90 to 110 percent, so that what failed together parts ways. */
	tenth_us = delay_us / 10;
	if (tenth_us == 0)
		return delay_us;
	return delay_us - tenth_us +
	    (int64_t)(next_random(queue) % ((uint64_t)tenth_us * 2 + 1));
}
