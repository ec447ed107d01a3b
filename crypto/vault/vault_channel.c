/*
 * Channels and the frames that come over them.  vault process.
 */
#include "crypto/vault/vault_channel.h"

#include <stdlib.h>
#include <unistd.h>

#include "crypto/vault/vault.h"
#include "crypto/vault/vault_admin.h"
#include "crypto/vault/vault_ask.h"
#include "crypto/vault/vault_delay.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/frame_vault_admin.h"

struct vault_channel {
	struct vault *vault;
	enum process_kind kind;
	uint32_t number;
	uint64_t serial;
	struct ipc *ipc;
};

static uint64_t
key_of(enum process_kind kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

/* ---- questions ----------------------------------------------------------- */

static int
on_find(struct vault_channel *channel, const void *value)
{
	struct frame_vault_find answer;

	vault_ask_find(channel->vault, value, &answer);
	frame_send(channel->ipc, FRAME_VAULT_FIND, &answer, -1);
	return 0;
}

static int
on_code(struct vault_channel *channel, const void *value)
{
	int64_t arrived_ms = clock_monotonic_ms();
	struct frame_vault_code answer;

	vault_ask_code(channel->vault, value, &answer);
	vault_delay_add(channel->vault->delay, channel->serial, arrived_ms,
	    &answer);
	return 0;
}

static int
on_link(struct vault_channel *channel, const void *value)
{
	int64_t arrived_ms = clock_monotonic_ms();
	struct frame_vault_code answer;

	vault_ask_link(channel->vault, value, &answer);
	vault_delay_add(channel->vault->delay, channel->serial, arrived_ms,
	    &answer);
	return 0;
}

static int
on_verify(struct vault_channel *channel, const void *value)
{
	struct frame_vault_verify answer;

	vault_ask_verify(channel->vault, value, &answer);
	frame_send(channel->ipc, FRAME_VAULT_VERIFY, &answer, -1);
	memory_wipe(&answer, sizeof(answer));
	return 0;
}

static int
on_release(struct vault_channel *channel, const void *value)
{
	struct frame_vault_release answer;

	vault_ask_release(channel->vault, value, &answer);
	frame_send(channel->ipc, FRAME_VAULT_RELEASE, &answer, -1);
	return 0;
}

static int
on_act(struct vault_channel *channel, const void *value)
{
	struct frame_vault_act answer;

	vault_admin_act(channel->vault, value, &answer);
	frame_send(channel->ipc, FRAME_VAULT_ACT, &answer, -1);
	return 0;
}

/* ---- queue --------------------------------------------------------------- */

static int
on_id_lease(struct vault_channel *channel, const void *value)
{
	return vault_outbox_id_lease(channel->vault->outbox, value);
}

static int
on_submit_result(struct vault_channel *channel, const void *value)
{
	vault_outbox_submitted(channel->vault->outbox, value);
	return 0;
}

/* The few mails of this process wait by themselves. */
static int
on_accepting(struct vault_channel *channel, const void *value)
{
	(void)channel;
	(void)value;
	return 0;
}

/* ---- channels ------------------------------------------------------------ */

static int (*const handlers[FRAME_TYPES])(struct vault_channel *channel,
    const void *value) = {
	[FRAME_VAULT_FIND_ASK] = on_find,
	[FRAME_VAULT_CODE_ASK] = on_code,
	[FRAME_VAULT_LINK_ASK] = on_link,
	[FRAME_VAULT_VERIFY_ASK] = on_verify,
	[FRAME_VAULT_RELEASE_ASK] = on_release,
	[FRAME_VAULT_ACT_ASK] = on_act,
	[FRAME_ID_LEASE] = on_id_lease,
	[FRAME_SUBMIT_RESULT] = on_submit_result,
	[FRAME_ACCEPTING] = on_accepting,
};

union vault_frame {
	struct frame_vault_find_ask find;
	struct frame_vault_code_ask code;
	struct frame_vault_link_ask link;
	struct frame_vault_verify_ask verify;
	struct frame_vault_release_ask release;
	struct frame_vault_act_ask act;
	struct frame_id_lease id_lease;
	struct frame_submit_result submit_result;
	struct frame_accepting accepting;
};

static void
channel_free(struct vault_channel *channel)
{
	struct vault *vault = channel->vault;

	if (channel->kind == PROCESS_QUEUE)
		vault_outbox_connect(vault->outbox, NULL);
	(void)map_remove(vault->channels,
	    key_of(channel->kind, channel->number));
	ipc_free(channel->ipc);
	free(channel);
}

static void
on_ended(void *context, int error)
{
	struct vault_channel *channel = context;

	/* The supervisor tells who died, and why. */
	log_event(error == ERROR_CLOSED ? LOG_INFO_LEVEL :
	    LOG_WARNING_LEVEL, 0, "channel_lost",
	    LOG_STRING("peer", process_kind_name(channel->kind)),
	    LOG_STRING("reason", error_name(error)));
	channel_free(channel);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct vault_channel *channel = context;
	union vault_frame value;
	int error = ERROR_MALFORMED;

	if (descriptor != -1)
		(void)close(descriptor);
	else if (type < FRAME_TYPES && handlers[type] != NULL) {
		arena_reset(channel->vault->arena);
		error = frame_decode(channel->kind, PROCESS_VAULT, type,
		    payload, channel->vault->arena, &value);
	}
	if (error == 0)
		error = handlers[type](channel, &value);
	memory_wipe(&value, sizeof(value));
	if (error == 0)
		return;
	log_event(LOG_ERROR_LEVEL, 0, "frame_refused",
	    LOG_STRING("peer", process_kind_name(channel->kind)),
	    LOG_NUMBER("type", type), LOG_STRING("reason", error_name(error)));
	channel_free(channel);
}

void
vault_channel_open(struct vault *vault, enum process_kind kind,
    uint32_t number, int descriptor)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
	};
	struct vault_channel *channel = map_get(vault->channels,
	    key_of(kind, number));

	if (channel != NULL)
		channel_free(channel);
	channel = memory_new(sizeof(*channel));
	channel->vault = vault;
	channel->kind = kind;
	channel->number = number;
	channel->serial = ++vault->last_serial;
	channel->ipc = ipc_new(vault->loop, descriptor, vault->self, &events,
	    channel);
	ipc_want_input(channel->ipc, vault->store != NULL);
	(void)map_put(vault->channels, key_of(kind, number), channel);
	if (kind == PROCESS_QUEUE)
		vault_outbox_connect(vault->outbox, channel->ipc);
}

void
vault_channel_start(struct vault *vault)
{
	struct vault_channel *channel;
	size_t cursor = 0;

	while ((channel = map_next(vault->channels, &cursor)) != NULL)
		ipc_want_input(channel->ipc, 1);
}

void
vault_channel_close_all(struct vault *vault)
{
	struct vault_channel *channel;
	size_t cursor = 0;

	while ((channel = map_next(vault->channels, &cursor)) != NULL)
		channel_free(channel);
}

void
vault_channel_send(struct vault *vault, uint64_t serial,
    enum frame_type type, const void *value)
{
	struct vault_channel *channel;
	size_t cursor = 0;

	while ((channel = map_next(vault->channels, &cursor)) != NULL)
		if (channel->serial == serial)
			frame_send(channel->ipc, type, value, -1);
}

bool
vault_channel_send_to(struct vault *vault, enum process_kind kind,
    uint32_t number, enum frame_type type, const void *value)
{
	struct vault_channel *channel = map_get(vault->channels,
	    key_of(kind, number));

	if (channel == NULL)
		return false;
	frame_send(channel->ipc, type, value, -1);
	return true;
}

bool
vault_channel_is_open(const struct vault *vault, enum process_kind kind,
    uint32_t number)
{
	return map_get(vault->channels, key_of(kind, number)) != NULL;
}
