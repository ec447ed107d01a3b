/*
 * Questions to the DNS by libunbound, in our loop and without threads.  With
 * lookup_event.c the only includer of libunbound.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_RESOLVER_H
#define GATEWAY_LOOKUP_LOOKUP_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "gateway/config/config.h"

struct lookup_resolver;
struct lookup_query;

/* Queries that libunbound works on at once; others wait in order. */
#define LOOKUP_QUERIES_AT_ONCE 512

enum lookup_outcome {
	LOOKUP_ANSWERED,	/* a packet without an error code */
	LOOKUP_NO_NAME,		/* NXDOMAIN */
	LOOKUP_FAILED,		/* SERVFAIL, time-out, no memory, ... */
	LOOKUP_BOGUS,		/* DNSSEC validation failed */
};

struct lookup_result {
	enum lookup_outcome outcome;
	struct text packet;	/* LOOKUP_ANSWERED: wire format, borrowed */
	bool is_secure;		/* validated */
	struct text reason;	/* for people, borrowed; may be empty */
};

/* Told once per query, from the loop. */
typedef void (*lookup_resolved)(void *context,
	const struct lookup_result *result);

/*
 * A resolver as the configuration says: forwarding, from own root servers
 * (asked on dns.port) or from the real ones; validating where a trust anchor
 * is given.  Proves itself by a question that needs no network, so that
 * everything libunbound reads is read now.  ERROR_MALFORMED with *path of
 * the setting at fault.
 */
int lookup_resolver_new(struct loop *loop, const struct config_dns *dns,
	struct lookup_resolver **out, const char **path, struct reason *why)
	MUST_CHECK;
/* Open queries are told LOOKUP_FAILED first. */
void lookup_resolver_free(struct lookup_resolver *resolver);

/* Whether it asks a server on this very machine: a test network. */
bool lookup_resolver_is_local(const struct config_dns *dns);

/*
 * Ask for records of name (ASCII, checked) and type.  The query is the
 * resolver's and is gone after the callback or lookup_query_drop().
 */
struct lookup_query *lookup_resolver_ask(struct lookup_resolver *resolver,
	struct text name, int type, lookup_resolved callback, void *context);
/* The answer is no longer wanted; no callback. */
void lookup_query_drop(struct lookup_query *query);

/* Queries waiting or at work. */
size_t lookup_resolver_load(const struct lookup_resolver *resolver);

#endif
