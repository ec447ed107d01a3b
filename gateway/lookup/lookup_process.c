/*
 * The lookup process: configuration, channels, counters.
 */
#include "gateway/lookup/lookup_process.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/jail.h"
#include "gateway/base/list.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/lookup/lookup_name.h"
#include "gateway/lookup/lookup_peer.h"
#include "gateway/lookup/lookup_resolver.h"
#include "gateway/lookup/lookup_self.h"

/* A channel with its place in the list of all. */
struct lookup_channel {
	struct list link;
	struct lookup_peer *peer;
	enum process_kind kind;
	uint32_t number;
};

/* A resolver that still has questions, after a change of its settings. */
struct lookup_retired {
	struct list link;
	struct lookup_resolver *resolver;
};

static struct {
	struct lookup_service service;
	struct config_snapshot *snapshot;
	struct lookup_self *self;
	struct lookup_name own_name;
	struct list channels;
	struct list retired;
	struct loop_timer *retire_timer;
	uint32_t next_holder;
} lookup;

#define LOOKUP_RETIRE_MS 1000

static void
lookup_begin(void)
{
	if (lookup.service.rate != NULL)
		return;
	list_init(&lookup.channels);
	list_init(&lookup.retired);
	lookup.service.rate = lookup_rate_new(LOOKUP_RATE_ENTRIES_MAX);
	lookup.service.hosts.loop = process_loop();
	lookup.self = lookup_self_new();
	lookup.service.hosts.self = lookup.self;
}

/* ---- configuration ---- */

static bool
lookup_texts_equal(const struct text *a, size_t a_count,
	const struct text *b, size_t b_count)
{
	size_t i;

	if (a_count != b_count)
		return false;
	for (i = 0; i < a_count; i++)
		if (!text_equal(a[i], b[i]))
			return false;
	return true;
}

static bool
lookup_dns_equal(const struct config_dns *a, const struct config_dns *b)
{
	return a->port == b->port &&
	    lookup_texts_equal(a->forwarders, a->forwarder_count,
	    b->forwarders, b->forwarder_count) &&
	    lookup_texts_equal(a->root_hints, a->root_hint_count,
	    b->root_hints, b->root_hint_count) &&
	    text_equal(a->trust_anchor, b->trust_anchor);
}

/* A resolver that cannot be built is the only thing refused here. */
static int
lookup_check(const struct config *config, const char **path,
	struct reason *why)
{
	struct lookup_resolver *resolver = NULL;
	int error;

	if (lookup.snapshot != NULL && lookup_dns_equal(&config->dns,
	    &config_snapshot_config(lookup.snapshot)->dns))
		return 0;
	error = lookup_resolver_new(process_loop(), &config->dns, &resolver,
	    path, why);
	lookup_resolver_free(resolver);
	return error;
}

static void
lookup_retire(void *context)
{
	struct list *link, *after;
	struct lookup_retired *retired;

	(void)context;
	LIST_EACH(&lookup.retired, link, after) {
		retired = LIST_OWNER(link, struct lookup_retired, link);
		if (lookup_resolver_load(retired->resolver) > 0)
			continue;
		list_remove(&retired->link);
		lookup_resolver_free(retired->resolver);
		free(retired);
	}
	if (!list_is_empty(&lookup.retired))
		loop_timer_set(lookup.retire_timer, LOOKUP_RETIRE_MS);
}

/* Open questions go on with the resolver that they began with. */
static void
lookup_replace_resolver(const struct config_dns *dns)
{
	struct lookup_retired *retired;
	struct reason why = { .text = "" };
	const char *path = "dns";

	if (lookup.service.hosts.resolver != NULL) {
		retired = memory_new(sizeof(*retired));
		retired->resolver = lookup.service.hosts.resolver;
		list_append(&lookup.retired, &retired->link);
		if (lookup.retire_timer == NULL)
			lookup.retire_timer = loop_timer_new(process_loop(),
			    lookup_retire, NULL);
		loop_timer_set(lookup.retire_timer, LOOKUP_RETIRE_MS);
	}
	if (lookup_resolver_new(process_loop(), dns,
	    &lookup.service.hosts.resolver, &path, &why) < 0)
		fatal("%s: %s", path, why.text);
}

static void
lookup_activate(struct config_snapshot *snapshot)
{
	const struct config *config = config_snapshot_config(snapshot);
	struct lookup_hosts_setting *hosts = &lookup.service.hosts;
	struct reason why;

	lookup_begin();
	if (lookup.snapshot == NULL || !lookup_dns_equal(&config->dns,
	    &config_snapshot_config(lookup.snapshot)->dns))
		lookup_replace_resolver(&config->dns);
	hosts->timeout_ms = (int64_t)config->dns.timeout_ms;
	lookup.service.fact_timeout_ms =
	    (int64_t)config->dns.list_timeout_ms;
	hosts->loopback_allowed = lookup_resolver_is_local(&config->dns);
	lookup_self_configure(lookup.self, config);
	if (lookup_name_parse(config->hostname, &lookup.own_name, &why) < 0)
		memset(&lookup.own_name, 0, sizeof(lookup.own_name));
	hosts->own_name = lookup_name_text(&lookup.own_name);
	config_snapshot_release(&lookup.snapshot);
	lookup.snapshot = config_snapshot_ref(snapshot);
}

/* ---- channels ---- */

static void
lookup_channel_ended(void *context)
{
	struct lookup_channel *channel = context;

	list_remove(&channel->link);
	lookup_peer_free(channel->peer);
	free(channel);
}

static void
lookup_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	struct lookup_channel *channel;
	struct list *link, *after;

	LIST_EACH(&lookup.channels, link, after) {
		channel = LIST_OWNER(link, struct lookup_channel, link);
		if (channel->kind == kind && channel->number == number)
			lookup_channel_ended(channel);
	}
	channel = memory_new(sizeof(*channel));
	channel->kind = kind;
	channel->number = number;
	list_append(&lookup.channels, &channel->link);
	channel->peer = lookup_peer_new(&lookup.service, kind, number,
	    ++lookup.next_holder, descriptor, lookup_channel_ended, channel);
}

static size_t
lookup_counters(struct frame_counter *out, size_t max)
{
	const struct lookup_service *service = &lookup.service;
	const struct frame_counter counters[] = {
		{ .name = TEXT_INIT("hosts_asked"),
			.value = service->hosts_asked },
		{ .name = TEXT_INIT("hosts_failed"),
			.value = service->hosts_failed },
		{ .name = TEXT_INIT("facts_asked"),
			.value = service->facts_asked },
		{ .name = TEXT_INIT("facts_unknown"),
			.value = service->facts_unknown },
		{ .name = TEXT_INIT("queries_open"),
			.value = service->hosts.resolver == NULL ? 0 :
			lookup_resolver_load(service->hosts.resolver) },
		{ .name = TEXT_INIT("rates_asked"),
			.value = service->rates_asked },
		{ .name = TEXT_INIT("rates_refused"),
			.value = service->rates_refused },
		{ .name = TEXT_INIT("rate_entries"),
			.value = service->rate == NULL ? 0 :
			lookup_rate_count(service->rate) },
	};
	size_t count = sizeof(counters) / sizeof(counters[0]);

	if (count > max)
		count = max;
	memcpy(out, counters, count * sizeof(counters[0]));
	return count;
}

const struct process lookup_process = {
	.kind = PROCESS_LOOKUP,
	.jail = JAIL_LOOP | JAIL_CONNECT,
	.empty_root = true,
	.check = lookup_check,
	.activate = lookup_activate,
	.channel = lookup_channel,
	.counters = lookup_counters,
};
