/*
 * Questions to vault and unseal.  portal process.
 */
#include "webui/server/portal_link.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame_unseal.h"
#include "gateway/protocol/frame_vault.h"

#define ARENA_MAX (1024 * 1024)
#define SWEEP_MS 1000

struct portal_wait {
	uint64_t id;
	enum frame_type expected;
	portal_link_answer answer;
	void *context;
	int64_t until_ms;
};

struct portal_link {
	struct loop *loop;
	const struct ipc_identity *self;
	enum process_kind peer;
	int64_t timeout_ms;
	struct ipc *ipc;	/* NULL: the process is away */
	struct arena *arena;
	struct map *waits;	/* by id */
	struct loop_timer *sweep;
	uint64_t last_id;
};

/* Every answer begins with the id of its question. */
union portal_frame {
	uint64_t id;
	struct frame_vault_find find;
	struct frame_vault_code code;
	struct frame_vault_verify verify;
	struct frame_vault_release release;
	struct frame_unseal unseal;
};

static void on_frame(void *context, uint16_t type, struct text payload,
	int descriptor);
static void on_ended(void *context, int error);
static void on_sweep(void *context);

static const struct ipc_events events = {
	.frame = on_frame,
	.ended = on_ended,
};

struct portal_link *
portal_link_new(struct loop *loop, const struct ipc_identity *self,
	enum process_kind peer, int64_t timeout_ms)
{
	struct portal_link *link = memory_new(sizeof(*link));

	link->loop = loop;
	link->self = self;
	link->peer = peer;
	link->timeout_ms = timeout_ms;
	link->arena = arena_new(ARENA_MAX);
	link->waits = map_new();
	link->sweep = loop_timer_new(loop, on_sweep, link);
	return link;
}

static void
end_wait(struct portal_link *link, struct portal_wait *wait,
	const void *value, int descriptor)
{
	(void)map_remove(link->waits, wait->id);
	wait->answer(wait->context, value, descriptor);
	free(wait);
}

/* Those whose time is over get no answer. */
static void
end_waits(struct portal_link *link, int64_t now_ms)
{
	struct portal_wait *wait;
	size_t cursor = 0;

	while ((wait = map_next(link->waits, &cursor)) != NULL) {
		if (wait->until_ms > now_ms)
			continue;
		end_wait(link, wait, NULL, -1);
		/* Who was told may have asked, and moved the map. */
		cursor = 0;
	}
}

static void
drop(struct portal_link *link)
{
	struct portal_wait *wait;
	size_t cursor = 0;

	ipc_free(link->ipc);
	link->ipc = NULL;
	while ((wait = map_next(link->waits, &cursor)) != NULL)
		wait->until_ms = INT64_MIN;
	end_waits(link, INT64_MIN);
}

void
portal_link_free(struct portal_link *link)
{
	if (link == NULL)
		return;
	drop(link);
	loop_timer_free(link->sweep);
	arena_free(link->arena);
	map_free(link->waits);
	free(link);
}

void
portal_link_connect(struct portal_link *link, int descriptor)
{
	if (link->ipc != NULL)
		drop(link);
	link->ipc = ipc_new(link->loop, descriptor, link->self, &events,
	    link);
}

bool
portal_link_is_open(const struct portal_link *link)
{
	return link != NULL && link->ipc != NULL;
}

uint64_t
portal_link_ask(struct portal_link *link, enum frame_type type, void *frame,
	int descriptor, enum frame_type expected, portal_link_answer answer,
	void *context)
{
	struct portal_wait *wait = memory_new(sizeof(*wait));

	wait->id = ++link->last_id;
	wait->expected = expected;
	wait->answer = answer;
	wait->context = context;
	wait->until_ms = clock_monotonic_ms() + link->timeout_ms;
	memcpy(frame, &wait->id, sizeof(wait->id));
	(void)map_put(link->waits, wait->id, wait);
	if (link->ipc != NULL) {
		frame_send(link->ipc, type, frame, descriptor);
	} else {
		if (descriptor != -1)
			(void)close(descriptor);
		wait->until_ms = INT64_MIN;
	}
	if (link->ipc == NULL || !loop_timer_is_set(link->sweep))
		loop_timer_set(link->sweep, link->ipc == NULL ? 0 : SWEEP_MS);
	return wait->id;
}

void
portal_link_cancel(struct portal_link *link, uint64_t id)
{
	free(map_remove(link->waits, id));
}

static void
on_sweep(void *context)
{
	struct portal_link *link = context;

	end_waits(link, clock_monotonic_ms());
	if (map_count(link->waits) > 0)
		loop_timer_set(link->sweep, SWEEP_MS);
}

static void
on_ended(void *context, int error)
{
	struct portal_link *link = context;

	/* The supervisor tells who died, and why. */
	log_event(error == ERROR_CLOSED ? LOG_INFO_LEVEL :
	    LOG_WARNING_LEVEL, 0, "channel_lost",
	    LOG_STRING("to", process_kind_name(link->peer)),
	    LOG_STRING("reason", error_name(error)));
	drop(link);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct portal_link *link = context;
	struct portal_wait *wait = NULL;
	union portal_frame value;
	int error;

	arena_reset(link->arena);
	error = frame_decode(link->peer, PROCESS_PORTAL, type, payload,
	    link->arena, &value);
	if (error == 0) {
		wait = map_get(link->waits, value.id);
		if (wait != NULL && wait->expected != type)
			error = ERROR_MISMATCH;
	}
	if (error == 0 && wait != NULL) {
		end_wait(link, wait, &value, descriptor);
		memory_wipe(&value, sizeof(value));
		return;
	}
	if (descriptor != -1)
		(void)close(descriptor);
	if (error == 0)
		return;
	log_event(LOG_ERROR_LEVEL, 0, "frame_refused",
	    LOG_STRING("from", process_kind_name(link->peer)),
	    LOG_NUMBER("type", type), LOG_STRING("reason",
	    error_name(error)));
	drop(link);
}
