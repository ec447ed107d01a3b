/*
 * Frames of smtp, deliver and queue: part of the lookup process.
 */
#include "gateway/lookup/lookup_peer.h"

#include <stdlib.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/ipc.h"
#include "gateway/base/list.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/process.h"

#define LOOKUP_PEER_ARENA_MAX 65536

struct lookup_question {
	struct list link;
	struct lookup_peer *peer;
	struct lookup_hosts *hosts;	/* or ... */
	struct lookup_fact *fact;	/* ... with ... */
	uint64_t id;			/* ... this number */
};

struct lookup_peer {
	struct lookup_service *service;
	struct ipc *ipc;
	struct arena *arena;
	enum process_kind kind;
	uint32_t number;
	uint32_t holder;
	struct list questions;
	size_t question_count;
	void (*ended)(void *context);
	void *context;
};

static void
lookup_question_free(struct lookup_question *question)
{
	list_remove(&question->link);
	question->peer->question_count--;
	free(question);
}

static void
lookup_question_answered(void *context, const struct frame_hosts *hosts)
{
	struct lookup_question *question = context;
	struct lookup_peer *peer = question->peer;

	if (hosts->outcome == FRAME_HOSTS_TEMPORARY ||
	    hosts->outcome == FRAME_HOSTS_BOGUS)
		peer->service->hosts_failed++;
	lookup_question_free(question);
	frame_send(peer->ipc, FRAME_HOSTS, hosts, -1);
}

static struct lookup_question *
lookup_question_new(struct lookup_peer *peer)
{
	struct lookup_question *question = memory_new(sizeof(*question));

	question->peer = peer;
	peer->question_count++;
	list_append(&peer->questions, &question->link);
	return question;
}

static void
lookup_peer_hosts_ask(struct lookup_peer *peer, const void *value)
{
	const struct frame_hosts_ask *ask = value;
	struct frame_hosts busy = { .id = ask->id,
		.outcome = FRAME_HOSTS_TEMPORARY,
		.reason = TEXT_INIT("too many look-ups at once") };
	struct lookup_question *question;

	peer->service->hosts_asked++;
	if (peer->question_count >= LOOKUP_PEER_QUESTIONS_MAX) {
		peer->service->hosts_failed++;
		frame_send(peer->ipc, FRAME_HOSTS, &busy, -1);
		return;
	}
	question = lookup_question_new(peer);
	question->hosts = lookup_hosts_ask(&peer->service->hosts, ask,
	    lookup_question_answered, question);
}

static void
lookup_peer_fact(struct lookup_peer *peer, uint64_t id,
	const struct frame_fact *answer)
{
	struct frame_fact_ask frame = { .id = id, .fact = *answer };

	if (answer->outcome != FACT_KNOWN)
		peer->service->facts_unknown++;
	frame_send(peer->ipc, FRAME_FACT, &frame, -1);
}

static void
lookup_fact_is_answered(void *context, const struct frame_fact *answer)
{
	struct lookup_question *question = context;
	struct lookup_peer *peer = question->peer;
	uint64_t id = question->id;

	lookup_question_free(question);
	lookup_peer_fact(peer, id, answer);
}

static void
lookup_peer_fact_ask(struct lookup_peer *peer, const void *value)
{
	const struct frame_fact_ask *ask = value;
	const struct lookup_fact_setting setting = {
		.loop = peer->service->hosts.loop,
		.resolver = peer->service->hosts.resolver,
		.timeout_ms = peer->service->fact_timeout_ms };
	struct frame_fact busy = ask->fact;
	struct lookup_question *question;

	peer->service->facts_asked++;
	if (peer->question_count >= LOOKUP_PEER_QUESTIONS_MAX) {
		busy.outcome = FACT_UNKNOWN;
		busy.reason = TEXT("too many look-ups at once");
		lookup_peer_fact(peer, ask->id, &busy);
		return;
	}
	question = lookup_question_new(peer);
	question->id = ask->id;
	question->fact = lookup_fact_ask(&setting, &ask->fact,
	    lookup_fact_is_answered, question);
}

static void
lookup_peer_rate_ask(struct lookup_peer *peer, const void *value)
{
	const struct frame_rate_ask *ask = value;
	struct frame_rate answer = { .id = ask->id };

	peer->service->rates_asked++;
	answer.granted = lookup_rate_take(peer->service->rate, ask,
	    peer->holder, clock_monotonic_ms(), &answer.retry_after_ms);
	if (answer.granted == 0 && ask->count > 0)
		peer->service->rates_refused++;
	frame_send(peer->ipc, FRAME_RATE, &answer, -1);
}

static void
lookup_peer_rate_return(struct lookup_peer *peer, const void *value)
{
	lookup_rate_return(peer->service->rate, value, peer->holder,
	    clock_monotonic_ms());
}

static const struct {
	uint16_t type;
	void (*take)(struct lookup_peer *peer, const void *value);
} lookup_peer_frames[] = {
	{ .type = FRAME_HOSTS_ASK, .take = lookup_peer_hosts_ask },
	{ .type = FRAME_FACT_ASK, .take = lookup_peer_fact_ask },
	{ .type = FRAME_RATE_ASK, .take = lookup_peer_rate_ask },
	{ .type = FRAME_RATE_RETURN, .take = lookup_peer_rate_return },
};

static int
lookup_peer_take(struct lookup_peer *peer, uint16_t type,
	struct text payload)
{
	union {
		struct frame_hosts_ask hosts;
		struct frame_rate_ask rate;
		struct frame_fact_ask fact;
	} value;
	size_t i;
	int error;

	for (i = 0; i < sizeof(lookup_peer_frames) /
	    sizeof(lookup_peer_frames[0]); i++) {
		if (lookup_peer_frames[i].type != type)
			continue;
		error = frame_decode(peer->kind, PROCESS_LOOKUP, type,
		    payload, peer->arena, &value);
		if (error == 0)
			lookup_peer_frames[i].take(peer, &value);
		arena_reset(peer->arena);
		return error;
	}
	return ERROR_REFUSED;
}

static void
lookup_peer_end(struct lookup_peer *peer, int error)
{
	if (error != ERROR_CLOSED && error != 0)
		log_event(LOG_ERROR_LEVEL, 0, "channel_broken",
		    LOG_STRING("peer", process_kind_name(peer->kind)),
		    LOG_NUMBER("number", peer->number),
		    LOG_STRING("reason", error_name(error)));
	peer->ended(peer->context);
}

static void
lookup_peer_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	struct lookup_peer *peer = context;
	int error;

	if (descriptor >= 0)
		(void)close(descriptor);
	if ((error = lookup_peer_take(peer, type, payload)) < 0)
		lookup_peer_end(peer, error);
}

static void
lookup_peer_ended(void *context, int error)
{
	lookup_peer_end(context, error);
}

static const struct ipc_events lookup_peer_events = {
	.frame = lookup_peer_frame,
	.ended = lookup_peer_ended,
};

struct lookup_peer *
lookup_peer_new(struct lookup_service *service, enum process_kind kind,
	uint32_t number, uint32_t holder, int descriptor,
	void (*ended)(void *context), void *context)
{
	struct lookup_peer *peer = memory_new(sizeof(*peer));

	peer->service = service;
	peer->kind = kind;
	peer->number = number;
	peer->holder = holder;
	peer->ended = ended;
	peer->context = context;
	peer->arena = arena_new(LOOKUP_PEER_ARENA_MAX);
	list_init(&peer->questions);
	peer->ipc = ipc_new(service->hosts.loop, descriptor,
	    process_identity(), &lookup_peer_events, peer);
	return peer;
}

void
lookup_peer_free(struct lookup_peer *peer)
{
	struct lookup_question *question;

	if (peer == NULL)
		return;
	while (!list_is_empty(&peer->questions)) {
		question = LIST_OWNER(peer->questions.next,
		    struct lookup_question, link);
		lookup_hosts_drop(question->hosts);
		lookup_fact_drop(question->fact);
		lookup_question_free(question);
	}
	lookup_rate_forget(peer->service->rate, peer->holder);
	ipc_free(peer->ipc);
	arena_free(peer->arena);
	free(peer);
}
