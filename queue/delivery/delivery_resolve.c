/*
 * Look-ups of the deliver process.
 */
#include "queue/delivery/delivery_resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "queue/delivery/delivery_destination.h"

#define DELIVERY_TTL_LEAST_S 5
#define DELIVERY_TTL_MOST_S 3600
/* How much longer than lookup's own limit we wait for its answer. */
#define DELIVERY_LOOKUP_GRACE_MS 10000

struct delivery_question {
	struct delivery_resolve *resolve;
	uint64_t id;		/* 0: not asked, or answered */
	struct text name;
	uint16_t port;
	bool is_named;
	bool is_route;
	struct delivery_targets *found;	/* of this host; NULL: none */
};

void
delivery_resolve_init(struct delivery_resolve *resolve,
	struct delivery_destination *owner)
{
	memset(resolve, 0, sizeof(*resolve));
	resolve->owner = owner;
}

static void
delivery_question_close(struct delivery_question *question)
{
	struct delivery *delivery = question->resolve->owner->delivery;

	if (question->id == 0)
		return;
	(void)map_remove(delivery->asks, question->id);
	question->id = 0;
	question->resolve->open--;
}

static void
delivery_resolve_drop_questions(struct delivery_resolve *resolve)
{
	size_t i;

	for (i = 0; i < resolve->question_count; i++) {
		delivery_question_close(&resolve->questions[i]);
		delivery_targets_release(&resolve->questions[i].found);
	}
	free(resolve->questions);
	resolve->questions = NULL;
	resolve->question_count = 0;
	if (resolve->timer != NULL)
		loop_timer_unset(resolve->timer);
}

void
delivery_resolve_clear(struct delivery_resolve *resolve)
{
	delivery_resolve_drop_questions(resolve);
	loop_timer_free(resolve->timer);
	delivery_targets_release(&resolve->targets);
}

/* ---- the end of a look-up ---- */

static void
delivery_resolve_believe(struct delivery_resolve *resolve, uint32_t ttl_s)
{
	int64_t until_ms;

	if (ttl_s < DELIVERY_TTL_LEAST_S)
		ttl_s = DELIVERY_TTL_LEAST_S;
	if (ttl_s > DELIVERY_TTL_MOST_S)
		ttl_s = DELIVERY_TTL_MOST_S;
	until_ms = clock_monotonic_ms() + (int64_t)ttl_s * 1000;
	if (until_ms < resolve->until_ms)
		resolve->until_ms = until_ms;
}

static void
delivery_resolve_failed(struct delivery_resolve *resolve, uint8_t result,
	uint16_t subject, uint16_t detail, struct text words)
{
	struct delivery_trouble *trouble = &resolve->trouble;

	resolve->misses_some = true;
	memset(trouble, 0, sizeof(*trouble));
	delivery_trouble_set(trouble, DELIVERY_RANK_UNREACHABLE, subject,
	    detail, "%.*s", TEXT_ARG(words));
	trouble->result = result;
	if (result == FRAME_RESULT_FAILED)
		trouble->status[0] = 5;
}

static void
delivery_resolve_found(struct delivery_resolve *resolve)
{
	struct delivery_targets *all = delivery_targets_new();
	const struct delivery_targets *each;
	size_t i, j;

	for (i = 0; i < resolve->question_count; i++) {
		each = resolve->questions[i].found;
		for (j = 0; each != NULL && j < each->count; j++)
			delivery_targets_add(all, each->items[j].host,
			    each->items[j].is_named, &each->items[j].ip,
			    each->items[j].port);
	}
	if (resolve->misses_some)
		all->is_partial = true;
	delivery_targets_release(&resolve->targets);
	resolve->targets = all;
	resolve->state = all->count > 0 ? DELIVERY_RESOLVE_FOUND :
	    DELIVERY_RESOLVE_FAILED;
	/* Otherwise the last question has said why. */
	if (all->count == 0 && resolve->trouble.rank == DELIVERY_RANK_NONE)
		delivery_resolve_failed(resolve, FRAME_RESULT_DEFERRED, 4, 4,
		    TEXT("no host of this destination has an address"));
}

static void
delivery_resolve_finish(struct delivery_resolve *resolve)
{
	delivery_resolve_found(resolve);
	delivery_resolve_drop_questions(resolve);
	delivery_wake(resolve->owner->delivery, resolve->owner);
}

static void
delivery_resolve_late(void *context)
{
	struct delivery_resolve *resolve = context;

	delivery_resolve_failed(resolve, FRAME_RESULT_DEFERRED, 4, 3,
	    TEXT("the look-up of its hosts was not answered"));
	delivery_resolve_believe(resolve, 0);
	delivery_resolve_finish(resolve);
}

/* ---- answers ---- */

struct delivery_absence {
	uint8_t result;
	uint16_t subject;
	uint16_t detail;
};

/* RFC 3463; RFC 7505 4 for the null MX. */
static const struct delivery_absence delivery_absences[] = {
	[FRAME_HOSTS_FOUND] = { .result = FRAME_RESULT_DEFERRED,
		.subject = 4, .detail = 3 },
	[FRAME_HOSTS_TEMPORARY] = { .result = FRAME_RESULT_DEFERRED,
		.subject = 4, .detail = 3 },
	[FRAME_HOSTS_NO_DOMAIN] = { .result = FRAME_RESULT_FAILED,
		.subject = 1, .detail = 2 },
	[FRAME_HOSTS_NO_ADDRESS] = { .result = FRAME_RESULT_FAILED,
		.subject = 4, .detail = 4 },
	[FRAME_HOSTS_NULL_MX] = { .result = FRAME_RESULT_FAILED,
		.subject = 1, .detail = 10 },
	[FRAME_HOSTS_BOGUS] = { .result = FRAME_RESULT_DEFERRED,
		.subject = 4, .detail = 3 },
	[FRAME_HOSTS_SELF] = { .result = FRAME_RESULT_FAILED,
		.subject = 4, .detail = 6 },
};

static void
delivery_question_absent(struct delivery_question *question,
	const struct frame_hosts *hosts)
{
	size_t outcome = hosts->outcome;
	struct delivery_absence absence;
	char words[REASON_TEXT_MAX];

	if (outcome >= sizeof(delivery_absences) /
	    sizeof(delivery_absences[0]))
		outcome = FRAME_HOSTS_TEMPORARY;
	absence = delivery_absences[outcome];
	/* A route is the operator's word: mistakes there cost no mail. */
	if (question->is_route && absence.result == FRAME_RESULT_FAILED)
		absence = (struct delivery_absence){
			.result = FRAME_RESULT_DEFERRED, .subject = 4,
			.detail = 4 };
	(void)snprintf(words, sizeof(words), "%.*s: %.*s",
	    TEXT_ARG(question->name), TEXT_ARG(hosts->reason));
	delivery_resolve_failed(question->resolve, absence.result,
	    absence.subject, absence.detail, text_from(words));
}

static bool
delivery_host_is_literal(struct text name)
{
	return name.len > 0 && name.data[0] == '[';
}

/*
 * A host is known by name only.  Where the form of a message hangs on all of
 * them it is asked for again soon.
 */
static void
delivery_question_misses(struct delivery_question *question)
{
	struct delivery_resolve *resolve = question->resolve;

	resolve->misses_some = true;
	if (resolve->owner->settings.or_envelope)
		delivery_resolve_believe(resolve, 0);
}

static void
delivery_question_found(struct delivery_question *question,
	const struct frame_hosts *hosts)
{
	const struct frame_host *host;
	bool named;
	size_t i, j;

	if (question->found == NULL)
		question->found = delivery_targets_new();
	for (i = 0; i < hosts->host_count; i++) {
		host = &hosts->hosts[i];
		if (host->temporary)
			delivery_question_misses(question);
		named = !delivery_host_is_literal(host->name);
		for (j = 0; j < host->address_count; j++)
			delivery_targets_add(question->found, host->name,
			    named, &host->addresses[j], question->port);
	}
}

void
delivery_question_answer(struct delivery_question *question,
	const struct frame_hosts *hosts)
{
	struct delivery_resolve *resolve = question->resolve;

	delivery_question_close(question);
	delivery_resolve_believe(resolve, hosts->ttl_s);
	if (hosts->outcome == FRAME_HOSTS_FOUND)
		delivery_question_found(question, hosts);
	else
		delivery_question_absent(question, hosts);
	if (resolve->open == 0)
		delivery_resolve_finish(resolve);
}

/* ---- questions ---- */

void
delivery_question_ask(struct delivery_question *question)
{
	struct delivery *delivery = question->resolve->owner->delivery;
	struct frame_hosts_ask ask = { .id = question->id,
		.name = question->name,
		.address_only = question->is_route };

	delivery->peers->ask_hosts(delivery->context, &ask);
}

static void
delivery_question_open(struct delivery_question *question)
{
	struct delivery *delivery = question->resolve->owner->delivery;

	question->id = ++delivery->last_ask;
	question->resolve->open++;
	(void)map_put(delivery->asks, question->id, question);
}

/* A host of the route: an address needs no look-up. */
static void
delivery_question_route(struct delivery_question *question, struct text host)
{
	struct delivery_route_host parsed;

	question->is_route = true;
	question->name = host;
	if (delivery_route_host_parse(host, &parsed) < 0) {
		delivery_resolve_failed(question->resolve,
		    FRAME_RESULT_DEFERRED, 3, 5,
		    TEXT("a host of the static route cannot be read"));
		return;
	}
	question->name = parsed.host;
	question->port = parsed.port;
	if (!parsed.is_address) {
		delivery_question_open(question);
		return;
	}
	question->found = delivery_targets_new();
	delivery_targets_add(question->found, parsed.host, false, &parsed.ip,
	    parsed.port);
}

static void
delivery_resolve_begin(struct delivery_resolve *resolve)
{
	const struct frame_destination *settings = &resolve->owner->settings;
	size_t count = settings->host_count > 0 ? settings->host_count : 1, i;

	memset(&resolve->trouble, 0, sizeof(resolve->trouble));
	resolve->misses_some = false;
	resolve->until_ms = INT64_MAX;
	resolve->questions = memory_array(count, sizeof(*resolve->questions));
	resolve->question_count = count;
	for (i = 0; i < count; i++)
		resolve->questions[i].resolve = resolve;
	if (settings->host_count == 0) {
		resolve->questions[0].name = settings->domain;
		resolve->questions[0].port = DELIVERY_PORT;
		delivery_question_open(&resolve->questions[0]);
	}
	for (i = 0; i < settings->host_count; i++)
		delivery_question_route(&resolve->questions[i],
		    settings->hosts[i]);
}

void
delivery_resolve_want(struct delivery_resolve *resolve)
{
	struct delivery *delivery = resolve->owner->delivery;
	size_t i;

	if (resolve->state == DELIVERY_RESOLVE_ASKED ||
	    (resolve->state != DELIVERY_RESOLVE_NONE &&
	    clock_monotonic_ms() < resolve->until_ms))
		return;
	resolve->state = DELIVERY_RESOLVE_ASKED;
	delivery_resolve_begin(resolve);
	if (resolve->open == 0) {
		/* All addresses: they hold until the configuration changes. */
		delivery_resolve_believe(resolve, DELIVERY_TTL_MOST_S);
		delivery_resolve_found(resolve);
		delivery_resolve_drop_questions(resolve);
		return;
	}
	if (resolve->timer == NULL)
		resolve->timer = loop_timer_new(delivery->loop,
		    delivery_resolve_late, resolve);
	loop_timer_set(resolve->timer,
	    (int64_t)delivery->config->dns.timeout_ms +
	    DELIVERY_LOOKUP_GRACE_MS);
	for (i = 0; i < resolve->question_count; i++)
		if (resolve->questions[i].id != 0)
			delivery_question_ask(&resolve->questions[i]);
}
