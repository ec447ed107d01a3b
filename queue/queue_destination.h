/*
 * A destination as the queue sees it: what waits for it, what is out, how
 * it fares.  Equal keys (policy/destination_resolve.h) are one destination.
 */
#ifndef QUEUE_QUEUE_DESTINATION_H
#define QUEUE_QUEUE_DESTINATION_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "gateway/protocol/frame_deliver.h"
#include "queue/queue_heap.h"

struct queue;
struct queue_message;

/* Deliver processes among which a destination counts its leases. */
#define QUEUE_WORKERS 32
/* Domains whose resolution is remembered. */
#define QUEUE_DOMAINS_MAX 20000

/* From the bounce profile of the destination's rule. */
struct queue_retry {
	int64_t initial_us;
	int64_t most_us;
	int64_t lifetime_us;
	int64_t warning_us;	/* 0: none */
	bool send_bounces;
};

struct queue_destination {
	struct list link;		/* in the schedule's ring */
	struct list due;		/* queue_part.link, waiting to be sent */
	struct queue_due backoff;	/* in the heap while unreachable */
	struct frame_destination to;	/* config_version left 0 */
	struct queue_retry retry;
	struct queue_part *recent;	/* built last, while it may grow */
	char *reason;			/* why it was unreachable */
	uint64_t parts;			/* that are for it */
	uint64_t cached;		/* domains that resolve to it */
	uint64_t due_count;
	uint32_t failures;		/* in a row */
	uint32_t leased;
	uint32_t leased_by[QUEUE_WORKERS];
};

/* What a message asks of its destinations. */
enum queue_destination_rule {
	QUEUE_DESTINATION_PLAIN,
	QUEUE_DESTINATION_TLS,		/* TLS, or an envelope */
	QUEUE_DESTINATION_TLS_VERIFIED,	/* the same with a name that fits */
	QUEUE_DESTINATION_RULES
};

struct queue_destinations {
	struct map *by_key;
	/* struct queue_domain, of one version */
	struct map *domains[QUEUE_DESTINATION_RULES];
	uint64_t version;
};

void queue_destinations_init(struct queue_destinations *destinations);
void queue_destinations_clear(struct queue *queue);

/*
 * The destination of an address, made if missing, for a message with what it
 * asks for and what its disposition says of the way; one where TLS is never
 * used stays as it is (to.tls tells).  NULL where the domain cannot be
 * resolved to any (too long).
 */
struct queue_destination *queue_destination_find(struct queue *queue,
	const struct queue_message *message, struct text address);
/* What this message asks for as things stand. */
enum queue_destination_rule queue_destination_rule(const struct queue *queue,
	const struct queue_message *message);
/* A bounce profile by its name; "default" where there is none. */
struct queue_retry queue_retry_find(const struct queue *queue,
	struct text name);
/* Frees it when no part, lease or domain needs it any more. */
void queue_destination_tidy(struct queue *queue,
	struct queue_destination *destination);

/* How long to wait after attempt number attempts, with jitter. */
int64_t queue_retry_delay_us(struct queue *queue,
	const struct queue_retry *retry, uint32_t attempts);

#endif
