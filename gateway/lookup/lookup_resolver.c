/*
 * libunbound in the loop: part of the lookup process.
 */
#include "gateway/lookup/lookup_resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unbound-event.h>

#include "gateway/base/list.h"
#include "gateway/base/memory.h"
#include "gateway/lookup/dns_answer.h"
#include "gateway/lookup/lookup_address.h"
#include "gateway/lookup/lookup_event.h"
#include "gateway/lookup/lookup_name.h"

#define LOOKUP_CLASS_IN 1
#define LOOKUP_SEC_BOGUS 1
#define LOOKUP_SEC_SECURE 2
#define LOOKUP_SERVER_MAX 80	/* "IP@port" */
#define LOOKUP_ANCHOR_MAX 4096	/* one line */

struct lookup_query {
	struct list link;
	struct lookup_resolver *resolver;
	lookup_resolved callback;
	void *context;
	int id;			/* libunbound's, where is_asked */
	int type;
	bool is_asked;
	struct lookup_name name;
};

struct lookup_resolver {
	struct loop *loop;
	struct lookup_event_base *events;
	struct ub_ctx *unbound;
	struct loop_chore chore;
	struct list waiting;	/* struct lookup_query, oldest first */
	struct list asked;
	size_t waiting_count;
	size_t asked_count;
	struct lookup_query *asking;	/* NULL once it is answered */
	bool is_proven;
};

/* ---- settings ---- */

struct lookup_option {
	const char *name;
	const char *value;
};

/*
 * More sockets than the library's modest defaults, and memory for a busy
 * gateway.  Everything else is libunbound's own careful choice.
 */
static const struct lookup_option lookup_options[] = {
	{ .name = "outgoing-range:", .value = "256" },
	{ .name = "num-queries-per-thread:", .value = "2048" },
	{ .name = "outgoing-num-tcp:", .value = "32" },
	{ .name = "msg-cache-size:", .value = "8m" },
	{ .name = "rrset-cache-size:", .value = "16m" },
	{ .name = "cache-max-negative-ttl:", .value = "600" },
	/* Servers that were away are asked again soon: mail waits. */
	{ .name = "infra-keep-probing:", .value = "yes" },
	{ .name = "use-syslog:", .value = "no" },
};

static int
lookup_resolver_set(struct lookup_resolver *resolver, const char *name,
	const char *value, struct reason *why)
{
	/* libunbound keeps copies, but its prototype is not const. */
	int result = ub_ctx_set_option(resolver->unbound, name, value);

	if (result == 0)
		return 0;
	reason_set(why, "libunbound refuses %s %s: %s", name, value,
	    ub_strerror(result));
	return ERROR_MALFORMED;
}

/* "IP" or "IP@port", with the port always named. */
static int
lookup_server_print(struct text server, uint16_t port, char *out, size_t size,
	bool *is_loopback)
{
	struct frame_address address;
	struct text ip, number;
	uint64_t given = port;
	size_t at = text_find_byte(server, '@');

	ip = text_slice(server, 0, at);
	if (at < server.len) {
		number = text_skip(server, at + 1);
		if (text_parse_u64(number, UINT16_MAX, &given) < 0 ||
		    given == 0)
			return ERROR_MALFORMED;
	}
	if (lookup_address_parse(ip, &address) < 0)
		return ERROR_MALFORMED;
	*is_loopback = lookup_address_is_loopback(&address);
	(void)snprintf(out, size, "%.*s@%u", TEXT_ARG(ip),
	    (unsigned int)given);
	return 0;
}

static bool
lookup_servers_are_local(const struct text *servers, size_t count)
{
	char printed[LOOKUP_SERVER_MAX];
	bool loopback;
	size_t i;

	for (i = 0; i < count; i++)
		if (lookup_server_print(servers[i], 53, printed,
		    sizeof(printed), &loopback) == 0 && loopback)
			return true;
	return false;
}

bool
lookup_resolver_is_local(const struct config_dns *dns)
{
	return lookup_servers_are_local(dns->forwarders,
	    dns->forwarder_count) ||
	    lookup_servers_are_local(dns->root_hints, dns->root_hint_count);
}

static int
lookup_add_forwarder(struct lookup_resolver *resolver, const char *server)
{
	return ub_ctx_set_fwd(resolver->unbound, server);
}

/*
 * Own root servers take the place of the real ones.  A delegation carries no
 * port, so servers on another port than DNS's own are asked for everything.
 */
static int
lookup_add_root(struct lookup_resolver *resolver, const char *server)
{
	static const struct text usual = TEXT_INIT("@53");

	if (!text_ends_nocase(text_from(server), usual))
		return ub_ctx_set_fwd(resolver->unbound, server);
	return ub_ctx_set_stub(resolver->unbound, ".", server, 1);
}

static int
lookup_add_servers(struct lookup_resolver *resolver,
	const struct text *servers, size_t count, uint16_t port,
	int (*add)(struct lookup_resolver *resolver, const char *server),
	struct reason *why)
{
	char printed[LOOKUP_SERVER_MAX];
	bool loopback;
	size_t i;

	for (i = 0; i < count; i++) {
		if (lookup_server_print(servers[i], port, printed,
		    sizeof(printed), &loopback) < 0 ||
		    add(resolver, printed) != 0) {
			reason_set(why, "\"%.*s\" is not a server: an IP "
			    "address or ADDRESS@PORT is expected",
			    TEXT_ARG(servers[i]));
			return ERROR_MALFORMED;
		}
	}
	return 0;
}

/* One resource record a line; ";" begins a comment. */
static int
lookup_add_anchors(struct lookup_resolver *resolver, struct text anchors,
	size_t *count, struct reason *why)
{
	char string[LOOKUP_ANCHOR_MAX];
	struct text rest = anchors, line;

	*count = 0;
	while (text_split(&rest, '\n', &line)) {
		line = text_slice(line, 0, text_find_byte(line, ';'));
		line = text_slice(line, 0, text_find_byte(line, '\r'));
		line = text_trim(line);
		if (line.len == 0)
			continue;
		if (text_to_string(line, string, sizeof(string)) < 0 ||
		    ub_ctx_add_ta(resolver->unbound, string) != 0) {
			reason_set(why, "a line is not a trust anchor: a DS "
			    "or DNSKEY record on one line is expected");
			return ERROR_MALFORMED;
		}
		(*count)++;
	}
	return 0;
}

static int
lookup_resolver_set_up(struct lookup_resolver *resolver,
	const struct config_dns *dns, const char **path, struct reason *why)
{
	size_t i, anchors;
	int error;

	*path = "dns";
	(void)ub_ctx_debugout(resolver->unbound, NULL);
	(void)ub_ctx_debuglevel(resolver->unbound, 0);
	for (i = 0; i < sizeof(lookup_options) / sizeof(lookup_options[0]);
	    i++) {
		error = lookup_resolver_set(resolver, lookup_options[i].name,
		    lookup_options[i].value, why);
		if (error < 0)
			return error;
	}
	if (lookup_resolver_is_local(dns)) {
		error = lookup_resolver_set(resolver,
		    "do-not-query-localhost:", "no", why);
		if (error < 0)
			return error;
	}
	*path = "dns.forwarders";
	error = lookup_add_servers(resolver, dns->forwarders,
	    dns->forwarder_count, 53, lookup_add_forwarder, why);
	if (error < 0)
		return error;
	*path = "dns.root_hints";
	error = lookup_add_servers(resolver, dns->root_hints,
	    dns->root_hint_count, dns->port == 0 ? 53 : dns->port,
	    lookup_add_root, why);
	if (error < 0)
		return error;
	*path = "dns.trust_anchor";
	error = lookup_add_anchors(resolver, dns->trust_anchor, &anchors, why);
	if (error < 0)
		return error;
	return lookup_resolver_set(resolver, "module-config:",
	    anchors > 0 ? "validator iterator" : "iterator", why);
}

/* ---- queries ---- */

static void
lookup_query_free(struct lookup_query *query)
{
	if (query->is_asked)
		query->resolver->asked_count--;
	else
		query->resolver->waiting_count--;
	if (query->resolver->asking == query)
		query->resolver->asking = NULL;
	list_remove(&query->link);
	free(query);
}

static void
lookup_query_tell(struct lookup_query *query,
	const struct lookup_result *result)
{
	lookup_resolved callback = query->callback;
	void *context = query->context;

	lookup_query_free(query);
	callback(context, result);
}

static void
lookup_query_fail(struct lookup_query *query, const char *words)
{
	struct lookup_result result = { .outcome = LOOKUP_FAILED,
		.reason = text_from(words) };

	lookup_query_tell(query, &result);
}

static enum lookup_outcome
lookup_outcome_of(int rcode, int sec)
{
	if (sec == LOOKUP_SEC_BOGUS)
		return LOOKUP_BOGUS;
	if (rcode == DNS_RCODE_NOERROR)
		return LOOKUP_ANSWERED;
	return rcode == DNS_RCODE_NXDOMAIN ? LOOKUP_NO_NAME : LOOKUP_FAILED;
}

static void
lookup_answered(void *context, int rcode, void *packet, int packet_len,
	int sec, char *why_bogus, int was_ratelimited)
{
	struct lookup_result result = { .packet = TEXT_EMPTY };

	if (packet != NULL && packet_len > 0)
		result.packet = text_of(packet, (size_t)packet_len);
	/* What comes from its own tables has a code in the packet only. */
	if (rcode == DNS_RCODE_NOERROR)
		rcode = dns_answer_rcode(result.packet);
	result.outcome = lookup_outcome_of(rcode, sec);
	result.is_secure = sec == LOOKUP_SEC_SECURE;
	result.reason = text_from(why_bogus);
	if (result.outcome == LOOKUP_FAILED && result.reason.len == 0)
		result.reason = was_ratelimited ?
		    TEXT("too many questions at once") :
		    TEXT("the name servers gave no usable answer");
	lookup_query_tell(context, &result);
}

static void
lookup_query_ask(struct lookup_query *query)
{
	struct lookup_resolver *resolver = query->resolver;
	int result, id = 0;

	list_remove(&query->link);
	list_append(&resolver->asked, &query->link);
	query->is_asked = true;
	resolver->waiting_count--;
	resolver->asked_count++;
	/* From the cache the answer comes at once: query may be gone then. */
	resolver->asking = query;
	result = ub_resolve_event(resolver->unbound, query->name.bytes,
	    query->type, LOOKUP_CLASS_IN, query, lookup_answered, &id);
	if (resolver->asking == NULL)
		return;
	resolver->asking = NULL;
	query->id = id;
	if (result != 0)
		lookup_query_fail(query, ub_strerror(result));
}

static void
lookup_resolver_pump(void *context)
{
	struct lookup_resolver *resolver = context;

	while (!list_is_empty(&resolver->waiting) &&
	    resolver->asked_count < LOOKUP_QUERIES_AT_ONCE)
		lookup_query_ask(LIST_OWNER(resolver->waiting.next,
		    struct lookup_query, link));
}

struct lookup_query *
lookup_resolver_ask(struct lookup_resolver *resolver, struct text name,
	int type, lookup_resolved callback, void *context)
{
	struct lookup_query *query = memory_new(sizeof(*query));

	require(name.len <= LOOKUP_NAME_MAX);
	query->resolver = resolver;
	query->callback = callback;
	query->context = context;
	query->type = type;
	memcpy(query->name.bytes, name.data, name.len);
	query->name.len = name.len;
	list_append(&resolver->waiting, &query->link);
	resolver->waiting_count++;
	loop_chore_add(resolver->loop, &resolver->chore);
	return query;
}

void
lookup_query_drop(struct lookup_query *query)
{
	struct lookup_resolver *resolver = query->resolver;

	if (query->is_asked)
		(void)ub_cancel(resolver->unbound, query->id);
	lookup_query_free(query);
	loop_chore_add(resolver->loop, &resolver->chore);
}

size_t
lookup_resolver_load(const struct lookup_resolver *resolver)
{
	return resolver->waiting_count + resolver->asked_count;
}

/* ---- life ---- */

static void
lookup_proven(void *context, int rcode, void *packet, int packet_len,
	int sec, char *why_bogus, int was_ratelimited)
{
	struct lookup_resolver *resolver = context;

	(void)rcode;
	(void)packet;
	(void)packet_len;
	(void)sec;
	(void)why_bogus;
	(void)was_ratelimited;
	resolver->is_proven = true;
}

/*
 * The first question makes libunbound apply its settings and read what it
 * needs; "localhost" is answered from its own tables.
 */
static int
lookup_resolver_prove(struct lookup_resolver *resolver, struct reason *why)
{
	int result, id;

	result = ub_resolve_event(resolver->unbound, "localhost.", DNS_TYPE_A,
	    LOOKUP_CLASS_IN, resolver, lookup_proven, &id);
	if (result == 0 && resolver->is_proven)
		return 0;
	reason_set(why, "the resolver cannot start: %s", result != 0 ?
	    ub_strerror(result) : "no answer from its own tables");
	return ERROR_MALFORMED;
}

/*
 * A closed network may use the names that are special elsewhere, and knows
 * the names of private addresses (RFC 6303 4).
 */
static void
lookup_resolver_open_up(struct lookup_resolver *resolver,
	const struct config_dns *dns)
{
	static const char *const zones[] = { "test.", "invalid.",
		"home.arpa.", "127.in-addr.arpa.", "10.in-addr.arpa.",
		"168.192.in-addr.arpa.", "d.f.ip6.arpa." };
	char zone[sizeof("16.172.in-addr.arpa.")];
	unsigned int part;
	size_t i;

	if (dns->forwarder_count == 0 && dns->root_hint_count == 0)
		return;
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		(void)ub_ctx_zone_remove(resolver->unbound, zones[i]);
	for (part = 16; part < 32; part++) {
		(void)snprintf(zone, sizeof(zone), "%u.172.in-addr.arpa.",
		    part);
		(void)ub_ctx_zone_remove(resolver->unbound, zone);
	}
}

int
lookup_resolver_new(struct loop *loop, const struct config_dns *dns,
	struct lookup_resolver **out, const char **path, struct reason *why)
{
	struct lookup_resolver *resolver = memory_new(sizeof(*resolver));
	int error;

	resolver->loop = loop;
	list_init(&resolver->waiting);
	list_init(&resolver->asked);
	loop_chore_init(&resolver->chore, lookup_resolver_pump, resolver);
	resolver->events = lookup_event_base_new(loop);
	resolver->unbound = ub_ctx_create_ub_event(
	    lookup_event_base_face(resolver->events));
	if (resolver->unbound == NULL)
		fatal("libunbound cannot be started");
	error = lookup_resolver_set_up(resolver, dns, path, why);
	if (error == 0)
		error = lookup_resolver_prove(resolver, why);
	if (error < 0) {
		lookup_resolver_free(resolver);
		return error;
	}
	lookup_resolver_open_up(resolver, dns);
	*out = resolver;
	return 0;
}

void
lookup_resolver_free(struct lookup_resolver *resolver)
{
	if (resolver == NULL)
		return;
	while (!list_is_empty(&resolver->waiting))
		lookup_query_fail(LIST_OWNER(resolver->waiting.next,
		    struct lookup_query, link), "the resolver was replaced");
	while (!list_is_empty(&resolver->asked)) {
		struct lookup_query *query = LIST_OWNER(resolver->asked.next,
		    struct lookup_query, link);

		(void)ub_cancel(resolver->unbound, query->id);
		lookup_query_fail(query, "the resolver was replaced");
	}
	loop_chore_remove(&resolver->chore);
	ub_ctx_delete(resolver->unbound);
	lookup_event_base_free(resolver->events);
	free(resolver);
}
