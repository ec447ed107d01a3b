/*
 * Targets: host and address pairs in the order in which they are tried.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_TARGET_H
#define QUEUE_DELIVERY_DELIVERY_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/protocol/frame_lookup.h"

#define DELIVERY_PORT 25
/* Of one destination; hosts beyond are left out. */
#define DELIVERY_TARGETS_MAX 400

struct delivery_target {
	struct text host;	/* name, or the address itself */
	struct text address;	/* printed, "192.0.2.1" */
	struct text label;	/* "mx1.example [192.0.2.1]:25" */
	struct frame_address ip;
	uint16_t port;
	bool is_named;		/* host is a name */
};

/* Counted: a session walks the list that it began with. */
struct delivery_targets {
	unsigned int references;
	struct arena *arena;
	struct delivery_target *items;
	size_t count;
	size_t room;
	bool is_partial;	/* there are more, not known or left out */
};

/* A host of a static route, borrowed from its text. */
struct delivery_route_host {
	struct text host;	/* name or address, without brackets */
	uint16_t port;
	bool is_address;
	struct frame_address ip;	/* where is_address */
};

/*
 * Parse "host", "host:port", "192.0.2.1", "[::1]:port" or "[::1]".
 * ERROR_MALFORMED for anything else.
 */
int delivery_route_host_parse(struct text t, struct delivery_route_host *out)
	MUST_CHECK;

/* An empty list with one reference; never NULL. */
struct delivery_targets *delivery_targets_new(void);
struct delivery_targets *delivery_targets_ref(
	struct delivery_targets *targets);
void delivery_targets_release(struct delivery_targets **targets);
/* Add one; left out (is_partial) when there are DELIVERY_TARGETS_MAX. */
void delivery_targets_add(struct delivery_targets *targets,
	struct text host, bool is_named, const struct frame_address *ip,
	uint16_t port);

/* Length of what was filled in. */
socklen_t delivery_target_sockaddr(const struct delivery_target *target,
	struct sockaddr_storage *out);

#endif
