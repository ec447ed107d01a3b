/*
 * Hosts of a domain: part of the lookup process.  Two steps: exchangers,
 * then addresses; each is a set of queries that are answered in any order.
 */
#include "gateway/lookup/lookup_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/arena.h"
#include "gateway/base/memory.h"
#include "gateway/lookup/dns_answer.h"
#include "gateway/lookup/lookup_address.h"
#include "gateway/lookup/lookup_host_list.h"
#include "gateway/lookup/lookup_name.h"

#define LOOKUP_HOSTS_ARENA_MAX (1024u * 1024u)
/* A packet of 64 KB cannot hold more exchangers. */
#define LOOKUP_EXCHANGERS_READ_MAX 4400
/* Hosts whose addresses one question asks for at the same time. */
#define LOOKUP_HOSTS_AT_ONCE 16
/* How long an absence without a stated time is believed, in seconds. */
#define LOOKUP_NEGATIVE_TTL 60
/* A failure is no knowledge: it is asked again at the next occasion. */
#define LOOKUP_FAILURE_TTL 5

struct lookup_hosts {
	const struct lookup_hosts_setting *setting;
	struct arena *arena;
	struct loop_chore chore;	/* answers found without a query */
	struct loop_timer *timer;
	uint64_t id;
	struct lookup_name name;
	bool address_only;
	bool mx_is_secure;
	bool is_told;
	struct lookup_query *mx_query;
	struct lookup_host_list list;
	size_t next;		/* first host not asked for yet */
	size_t open;		/* hosts with a query open */
	uint8_t outcome;	/* of an answer found early */
	struct reason reason;
	lookup_hosts_answered callback;
	void *context;
};

static void
lookup_hosts_free(struct lookup_hosts *hosts)
{
	loop_chore_remove(&hosts->chore);
	loop_timer_free(hosts->timer);
	arena_free(hosts->arena);
	free(hosts);
}

static void
lookup_hosts_drop_queries(struct lookup_hosts *hosts)
{
	struct lookup_host *host;
	size_t i, family;

	if (hosts->mx_query != NULL)
		lookup_query_drop(hosts->mx_query);
	hosts->mx_query = NULL;
	for (i = 0; i < hosts->list.count; i++) {
		host = &hosts->list.hosts[i];
		for (family = 0; family < LOOKUP_FAMILIES; family++) {
			if (host->families[family].query != NULL)
				lookup_query_drop(
				    host->families[family].query);
			host->families[family].query = NULL;
		}
	}
}

void
lookup_hosts_drop(struct lookup_hosts *hosts)
{
	if (hosts == NULL)
		return;
	lookup_hosts_drop_queries(hosts);
	lookup_hosts_free(hosts);
}

/* Tell what the list says, or the outcome found early. */
static void
lookup_hosts_finish(struct lookup_hosts *hosts)
{
	struct frame_hosts answer = { .id = hosts->id };

	require(!hosts->is_told);
	hosts->is_told = true;
	lookup_hosts_drop_queries(hosts);
	if (hosts->outcome == FRAME_HOSTS_FOUND)
		hosts->outcome = (uint8_t)lookup_host_list_judge(
		    &hosts->list, hosts->arena, &answer, &hosts->reason);
	answer.outcome = hosts->outcome;
	answer.reason = text_from(hosts->reason.text);
	if (answer.outcome == FRAME_HOSTS_FOUND)
		answer.reason = TEXT_EMPTY;
	else
		answer.host_count = 0;
	answer.ttl_s = hosts->outcome == FRAME_HOSTS_TEMPORARY ||
	    hosts->outcome == FRAME_HOSTS_BOGUS ? LOOKUP_FAILURE_TTL :
	    lookup_host_list_ttl(&hosts->list, LOOKUP_NEGATIVE_TTL);
	hosts->callback(hosts->context, &answer);
	lookup_hosts_free(hosts);
}

/* An outcome found before there is a list; told from the loop. */
static void
lookup_hosts_settle(struct lookup_hosts *hosts,
	enum frame_hosts_outcome outcome, const char *words)
{
	hosts->outcome = (uint8_t)outcome;
	if (words != NULL)
		reason_set(&hosts->reason, "%s", words);
	loop_chore_add(hosts->setting->loop, &hosts->chore);
}

static void
lookup_hosts_chore(void *context)
{
	lookup_hosts_finish(context);
}

/* ---- addresses ---- */

static void
lookup_hosts_ask_more(struct lookup_hosts *hosts);

static void
lookup_hosts_host_done(struct lookup_hosts *hosts)
{
	hosts->open--;
	lookup_hosts_ask_more(hosts);
}

static void
lookup_hosts_add_addresses(struct lookup_hosts *hosts,
	struct lookup_host *host, enum lookup_family family,
	const struct dns_answer *answer)
{
	struct frame_address address;
	size_t i;

	for (i = 0; i < answer->count; i++) {
		memset(&address, 0, sizeof(address));
		address.family = family == LOOKUP_FAMILY_IPV4 ? 4 : 6;
		memcpy(address.bytes, answer->records[i].address,
		    family == LOOKUP_FAMILY_IPV4 ? 4 : 16);
		if (lookup_address_is_nowhere(&address))
			continue;
		if (!hosts->address_only) {
			if (lookup_address_is_loopback(&address)) {
				if (!hosts->setting->loopback_allowed)
					continue;
			} else if (lookup_self_is(hosts->setting->self,
			    &address)) {
				host->is_self = true;
			}
		}
		lookup_host_add(host, family, &address);
	}
}

static void
lookup_hosts_address(struct lookup_hosts *hosts, struct lookup_host *host,
	enum lookup_family family, const struct lookup_result *result)
{
	static const enum dns_type types[LOOKUP_FAMILIES] = {
		[LOOKUP_FAMILY_IPV4] = DNS_TYPE_A,
		[LOOKUP_FAMILY_IPV6] = DNS_TYPE_AAAA,
	};
	struct dns_answer answer;
	struct arena *arena;

	if (!result->is_secure)
		host->is_secure = false;
	if (result->outcome == LOOKUP_BOGUS)
		host->is_bogus = true;
	if (result->outcome == LOOKUP_FAILED)
		host->is_temporary = true;
	if (result->outcome != LOOKUP_ANSWERED)
		return;
	arena = arena_new(LOOKUP_HOSTS_ARENA_MAX);
	if (dns_answer_parse(result->packet, host->name, types[family],
	    LOOKUP_FAMILY_ADDRESSES_MAX, arena, &answer) < 0) {
		host->is_temporary = true;
	} else {
		lookup_hosts_add_addresses(hosts, host, family, &answer);
		if (answer.count > 0)
			lookup_host_list_lower_ttl(&hosts->list,
			    answer.ttl_s);
	}
	arena_free(arena);
}

static void
lookup_hosts_resolved(struct lookup_host *host, enum lookup_family family,
	const struct lookup_result *result)
{
	struct lookup_hosts *hosts = host->owner;

	host->families[family].query = NULL;
	lookup_hosts_address(hosts, host, family, result);
	if (--host->open == 0)
		lookup_hosts_host_done(hosts);
}

static void
lookup_hosts_resolved_ipv4(void *context, const struct lookup_result *result)
{
	lookup_hosts_resolved(context, LOOKUP_FAMILY_IPV4, result);
}

static void
lookup_hosts_resolved_ipv6(void *context, const struct lookup_result *result)
{
	lookup_hosts_resolved(context, LOOKUP_FAMILY_IPV6, result);
}

static void
lookup_hosts_ask_host(struct lookup_hosts *hosts, struct lookup_host *host)
{
	host->owner = hosts;
	host->open = LOOKUP_FAMILIES;
	hosts->open++;
	host->families[LOOKUP_FAMILY_IPV6].query = lookup_resolver_ask(
	    hosts->setting->resolver, host->name, DNS_TYPE_AAAA,
	    lookup_hosts_resolved_ipv6, host);
	host->families[LOOKUP_FAMILY_IPV4].query = lookup_resolver_ask(
	    hosts->setting->resolver, host->name, DNS_TYPE_A,
	    lookup_hosts_resolved_ipv4, host);
}

static void
lookup_hosts_ask_more(struct lookup_hosts *hosts)
{
	while (hosts->open < LOOKUP_HOSTS_AT_ONCE &&
	    hosts->next < hosts->list.count)
		lookup_hosts_ask_host(hosts, &hosts->list.hosts[hosts->next++]);
	if (hosts->open == 0)
		lookup_hosts_finish(hosts);
}

/* The domain itself as its only host: no MX records, or a static route. */
static void
lookup_hosts_use_name(struct lookup_hosts *hosts)
{
	lookup_host_list_add(&hosts->list, hosts->arena,
	    lookup_name_text(&hosts->name), 0, hosts->mx_is_secure ||
	    hosts->address_only);
}

/* ---- exchangers ---- */

/* RFC 7505 3: one record, and its exchanger is the root. */
static bool
lookup_hosts_is_null_mx(const struct dns_answer *answer)
{
	return answer->count == 1 && answer->records[0].name.len == 0 &&
	    !answer->records[0].is_strange;
}

static void
lookup_hosts_use_exchangers(struct lookup_hosts *hosts,
	const struct dns_answer *answer)
{
	const struct dns_record *record;
	size_t i;

	hosts->list.came_by_mx = true;
	lookup_host_list_lower_ttl(&hosts->list, answer->ttl_s);
	for (i = 0; i < answer->count; i++) {
		record = &answer->records[i];
		if (record->is_strange || !lookup_name_is_host(record->name))
			continue;
		lookup_host_list_add(&hosts->list, hosts->arena, record->name,
		    record->preference, hosts->mx_is_secure);
	}
	lookup_host_list_order(&hosts->list, hosts->setting->own_name);
}

static void
lookup_hosts_read_mx(struct lookup_hosts *hosts,
	const struct lookup_result *result)
{
	struct dns_answer answer;

	hosts->mx_is_secure = result->is_secure;
	if (dns_answer_parse(result->packet, lookup_name_text(&hosts->name),
	    DNS_TYPE_MX, LOOKUP_EXCHANGERS_READ_MAX, hosts->arena,
	    &answer) < 0) {
		lookup_hosts_settle(hosts, FRAME_HOSTS_TEMPORARY,
		    "the answer about its mail exchangers cannot be read");
		return;
	}
	if (lookup_hosts_is_null_mx(&answer)) {
		lookup_host_list_lower_ttl(&hosts->list, answer.ttl_s);
		lookup_hosts_settle(hosts, FRAME_HOSTS_NULL_MX,
		    "the domain takes no mail (null MX)");
		return;
	}
	/* RFC 5321 5.1: an implicit MX only where there are no records. */
	if (answer.count == 0)
		lookup_hosts_use_name(hosts);
	else
		lookup_hosts_use_exchangers(hosts, &answer);
	lookup_hosts_ask_more(hosts);
}

static void
lookup_hosts_mx_answered(void *context, const struct lookup_result *result)
{
	static const struct {
		uint8_t outcome;
		const char *words;
	} early[] = {
		[LOOKUP_NO_NAME] = { .outcome = FRAME_HOSTS_NO_DOMAIN,
			.words = "the domain does not exist" },
		[LOOKUP_FAILED] = { .outcome = FRAME_HOSTS_TEMPORARY,
			.words = "the mail exchangers cannot be looked up" },
		[LOOKUP_BOGUS] = { .outcome = FRAME_HOSTS_BOGUS,
			.words = "the DNS answers fail validation" },
	};
	struct lookup_hosts *hosts = context;

	hosts->mx_query = NULL;
	if (result->outcome == LOOKUP_ANSWERED) {
		lookup_hosts_read_mx(hosts, result);
		return;
	}
	hosts->outcome = early[result->outcome].outcome;
	reason_set(&hosts->reason, result->reason.len > 0 ? "%s: %.*s" :
	    "%s%.*s", early[result->outcome].words, TEXT_ARG(result->reason));
	lookup_hosts_finish(hosts);
}

/* ---- the whole question ---- */

/* Time is up: hosts without an answer count as temporarily unknown. */
static void
lookup_hosts_late(void *context)
{
	struct lookup_hosts *hosts = context;
	size_t i;

	for (i = 0; i < hosts->list.count; i++)
		if (i >= hosts->next || hosts->list.hosts[i].open > 0)
			hosts->list.hosts[i].is_temporary = true;
	if (hosts->mx_query != NULL) {
		hosts->outcome = FRAME_HOSTS_TEMPORARY;
		reason_set(&hosts->reason,
		    "the name servers did not answer in time");
	}
	lookup_hosts_finish(hosts);
}

static void
lookup_hosts_use_literal(struct lookup_hosts *hosts,
	const struct frame_address *address, struct text printed)
{
	struct lookup_host *host;

	if (lookup_address_is_nowhere(address) || (!hosts->address_only &&
	    !hosts->setting->loopback_allowed &&
	    lookup_address_is_loopback(address))) {
		lookup_hosts_settle(hosts, FRAME_HOSTS_NO_ADDRESS,
		    "mail is not sent to this address");
		return;
	}
	host = lookup_host_list_add(&hosts->list, hosts->arena, printed, 0,
	    false);
	if (host == NULL) {
		lookup_hosts_settle(hosts, FRAME_HOSTS_TEMPORARY,
		    "out of room");
		return;
	}
	host->is_self = !hosts->address_only &&
	    !lookup_address_is_loopback(address) &&
	    lookup_self_is(hosts->setting->self, address);
	lookup_host_add(host, address->family == 4 ? LOOKUP_FAMILY_IPV4 :
	    LOOKUP_FAMILY_IPV6, address);
	hosts->next = hosts->list.count;
	lookup_hosts_settle(hosts, FRAME_HOSTS_FOUND, NULL);
}

static void
lookup_hosts_begin(struct lookup_hosts *hosts, struct text name)
{
	struct frame_address address;

	if (lookup_address_parse_literal(name, &address) == 0 ||
	    (hosts->address_only && lookup_address_parse(name, &address) ==
	    0)) {
		lookup_hosts_use_literal(hosts, &address, name);
		return;
	}
	if (lookup_name_parse(name, &hosts->name, &hosts->reason) < 0) {
		lookup_hosts_settle(hosts, FRAME_HOSTS_NO_DOMAIN, NULL);
		return;
	}
	if (hosts->address_only) {
		lookup_hosts_use_name(hosts);
		lookup_hosts_ask_more(hosts);
		return;
	}
	hosts->mx_query = lookup_resolver_ask(hosts->setting->resolver,
	    lookup_name_text(&hosts->name), DNS_TYPE_MX,
	    lookup_hosts_mx_answered, hosts);
}

struct lookup_hosts *
lookup_hosts_ask(const struct lookup_hosts_setting *setting,
	const struct frame_hosts_ask *ask, lookup_hosts_answered callback,
	void *context)
{
	struct lookup_hosts *hosts = memory_new(sizeof(*hosts));

	hosts->setting = setting;
	hosts->arena = arena_new(LOOKUP_HOSTS_ARENA_MAX);
	hosts->id = ask->id;
	hosts->address_only = ask->address_only != 0;
	hosts->outcome = FRAME_HOSTS_FOUND;
	hosts->callback = callback;
	hosts->context = context;
	loop_chore_init(&hosts->chore, lookup_hosts_chore, hosts);
	hosts->timer = loop_timer_new(setting->loop, lookup_hosts_late, hosts);
	loop_timer_set(hosts->timer, setting->timeout_ms);
	lookup_hosts_begin(hosts, ask->name);
	return hosts;
}
