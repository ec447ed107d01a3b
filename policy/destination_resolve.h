/*
 * Where mail for a domain goes and how: the next hop from smtp_routes (or a
 * look-up of MX records), the rule for it from destinations.  Used by queue
 * when it schedules and again by deliver when it sends.  Pure.
 */
#ifndef POLICY_DESTINATION_RESOLVE_H
#define POLICY_DESTINATION_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/config/config.h"

#define DESTINATION_DOMAIN_MAX 1000
#define DESTINATION_KEY_MAX 4096
#define DESTINATION_NAMES_MAX 64

struct destination {
	/*
	 * "mx:example.org;tls=preferred;..." or "route:host:25;tls=...":
	 * equal keys mean the same hosts under the same rule, whatever the
	 * configuration's version.
	 */
	struct text key;
	struct text domain;		/* lower case; looked up by MX ... */
	const struct text *hosts;	/* ... unless there are hosts */
	size_t host_count;
	uint8_t tls;			/* enum config_destination_tls */
	const struct text *tls_names;	/* at most DESTINATION_NAMES_MAX */
	size_t tls_name_count;
	uint32_t concurrency;
	uint32_t messages_per_connection;
	struct text bounce_profile;
	uint8_t or_envelope;		/* destination_protect() raised tls */
};

/*
 * Resolve the domain of a recipient; a domain literal ("[192.0.2.1]",
 * RFC 5321 4.1.3) is its own host, the empty domain (postmaster) is ours.
 * Texts live in config or in the arena.  ERROR_MALFORMED (no domain at
 * all), ERROR_LIMIT (too long, or the arena is full).
 */
int destination_resolve(const struct config *config, struct text domain,
	struct arena *arena, struct destination *out) MUST_CHECK;

/*
 * The same destination for a message of which policy says more: another next
 * hop (as a host of smtp_routes), another bounce profile; each may be empty.
 * The TLS rule stays the domain's.  Before destination_protect().
 * ERROR_LIMIT: the arena is full, or they are too long.
 */
int destination_override(struct destination *destination,
	struct text next_hop, struct text bounce_profile,
	struct arena *arena) MUST_CHECK;

/*
 * The same destination for a message that leaves over TLS or becomes an
 * envelope.  Where TLS is preferred it is asked for now, or even verified,
 * or_envelope is set and the key is another one, so that connections are
 * not shared with mail that would go without; required and verified stay as
 * they are.  ERROR_STATE: TLS is never used there, an envelope at once;
 * ERROR_LIMIT: the arena is full.
 */
int destination_protect(struct destination *destination, bool verified,
	struct arena *arena) MUST_CHECK;

#endif
