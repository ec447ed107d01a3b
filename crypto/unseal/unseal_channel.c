/*
 * Channels and frames.  unseal process.
 */
#include "crypto/unseal/unseal_channel.h"

#include <stdlib.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"

#define ARENA_MAX 65536

struct unseal_channel {
	struct unseal_channel_set *set;
	enum process_kind kind;
	uint32_t number;
	uint64_t serial;
	struct ipc *ipc;
};

struct unseal_channel_set {
	struct loop *loop;
	const struct ipc_identity *self;
	struct unseal *unseal;
	struct map *channels;
	struct arena *arena;
	uint64_t last_serial;
	bool is_started;
};

static uint64_t
key_of(enum process_kind kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

static void
channel_free(struct unseal_channel *channel)
{
	(void)map_remove(channel->set->channels,
	    key_of(channel->kind, channel->number));
	unseal_forget_channel(channel->set->unseal, channel->serial);
	ipc_free(channel->ipc);
	free(channel);
}

static void
on_answer(void *context, uint64_t serial, const struct frame_unseal *answer,
    int descriptor)
{
	struct unseal_channel_set *set = context;
	struct unseal_channel *channel;
	size_t cursor = 0;

	while ((channel = map_next(set->channels, &cursor)) != NULL) {
		if (channel->serial == serial) {
			frame_send(channel->ipc, FRAME_UNSEAL, answer,
			    descriptor);
			return;
		}
	}
	if (descriptor != -1)
		close(descriptor);
}

/* ---- frames -------------------------------------------------------------- */

static void
on_key(struct unseal_channel *channel, const void *value, int descriptor)
{
	if (descriptor != -1)
		close(descriptor);
	unseal_key(channel->set->unseal, value);
}

static void
on_ask(struct unseal_channel *channel, const void *value, int descriptor)
{
	unseal_ask(channel->set->unseal, channel->serial, value, descriptor);
}

/* Handlers own the descriptor. */
static void (*const handlers[FRAME_TYPES])(struct unseal_channel *channel,
    const void *value, int descriptor) = {
	[FRAME_UNSEAL_KEY] = on_key,
	[FRAME_UNSEAL_ASK] = on_ask,
};

union unseal_frame {
	struct frame_unseal_key key;
	struct frame_unseal_ask ask;
};

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct unseal_channel *channel = context;
	union unseal_frame value;
	int error = ERROR_MALFORMED;

	if (type < FRAME_TYPES && handlers[type] != NULL) {
		arena_reset(channel->set->arena);
		error = frame_decode(channel->kind, PROCESS_UNSEAL, type,
		    payload, channel->set->arena, &value);
	}
	if (error == 0) {
		handlers[type](channel, &value, descriptor);
		memory_wipe(&value, sizeof(value));
		return;
	}
	if (descriptor != -1)
		close(descriptor);
	log_event(LOG_ERROR_LEVEL, 0, "frame_refused",
	    LOG_STRING("peer", process_kind_name(channel->kind)),
	    LOG_NUMBER("type", type), LOG_STRING("reason", error_name(error)));
	channel_free(channel);
}

static void
on_ended(void *context, int error)
{
	struct unseal_channel *channel = context;

	/* The supervisor tells who died, and why. */
	log_event(error == ERROR_CLOSED ? LOG_INFO_LEVEL :
	    LOG_WARNING_LEVEL, 0, "channel_lost",
	    LOG_STRING("peer", process_kind_name(channel->kind)),
	    LOG_STRING("reason", error_name(error)));
	channel_free(channel);
}

/* ---- channels ------------------------------------------------------------ */

struct unseal_channel_set *
unseal_channel_set_new(struct loop *loop, const struct ipc_identity *self)
{
	struct unseal_channel_set *set = memory_new(sizeof(*set));

	set->loop = loop;
	set->self = self;
	set->channels = map_new();
	set->arena = arena_new(ARENA_MAX);
	set->unseal = unseal_new(loop, on_answer, set);
	return set;
}

void
unseal_channel_set_free(struct unseal_channel_set *set)
{
	struct unseal_channel *channel;
	size_t cursor = 0;

	if (set == NULL)
		return;
	while ((channel = map_next(set->channels, &cursor)) != NULL)
		channel_free(channel);
	unseal_free(set->unseal);
	map_free(set->channels);
	arena_free(set->arena);
	free(set);
}

void
unseal_channel_open(struct unseal_channel_set *set, enum process_kind kind,
    uint32_t number, int descriptor)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
	};
	struct unseal_channel *channel = map_get(set->channels,
	    key_of(kind, number));

	if (channel != NULL)
		channel_free(channel);
	channel = memory_new(sizeof(*channel));
	channel->set = set;
	channel->kind = kind;
	channel->number = number;
	channel->serial = ++set->last_serial;
	channel->ipc = ipc_new(set->loop, descriptor, set->self, &events,
	    channel);
	ipc_want_input(channel->ipc, set->is_started);
	(void)map_put(set->channels, key_of(kind, number), channel);
}

void
unseal_channel_set_start(struct unseal_channel_set *set)
{
	struct unseal_channel *channel;
	size_t cursor = 0;

	set->is_started = true;
	while ((channel = map_next(set->channels, &cursor)) != NULL)
		ipc_want_input(channel->ipc, 1);
}

const struct unseal *
unseal_channel_service(const struct unseal_channel_set *set)
{
	return set->unseal;
}
