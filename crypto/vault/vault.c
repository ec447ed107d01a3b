/*
 * The vault process's parts together.
 */
#include "crypto/vault/vault.h"

#include <stdlib.h>

#include "crypto/vault/vault_channel.h"
#include "crypto/vault/vault_delay.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define ARENA_MAX (32u * 1024 * 1024)
#define RATE_ENTRIES_MAX 100000
#define PURGE_SLICE 100

struct vault *
vault_new(struct loop *loop, const struct ipc_identity *self)
{
	struct vault *vault = memory_new(sizeof(*vault));

	vault->loop = loop;
	vault->self = self;
	vault->challenges = vault_challenge_set_new();
	vault->sessions = vault_session_set_new();
	vault->rate = vault_rate_new(RATE_ENTRIES_MAX);
	vault->outbox = vault_outbox_new(loop);
	vault->delay = vault_delay_new(vault);
	vault->channels = map_new();
	vault->arena = arena_new(ARENA_MAX);
	return vault;
}

void
vault_free(struct vault *vault)
{
	if (vault == NULL)
		return;
	vault_channel_close_all(vault);
	map_free(vault->channels);
	vault_delay_free(vault->delay);
	vault_outbox_free(vault->outbox);
	vault_rate_free(vault->rate);
	vault_session_set_free(vault->sessions);
	vault_challenge_set_free(vault->challenges);
	vault_store_close(vault->store);
	config_snapshot_release(&vault->snapshot);
	arena_free(vault->arena);
	free(vault);
}

void
vault_configure(struct vault *vault, struct config_snapshot *snapshot)
{
	struct config_snapshot *before = vault->snapshot;

	vault->snapshot = config_snapshot_ref(snapshot);
	config_snapshot_release(&before);
}

const struct config *
vault_config(const struct vault *vault)
{
	return config_snapshot_config(vault->snapshot);
}

bool
vault_purge(struct vault *vault)
{
	uint64_t kept_us = vault_config(vault)->key_service.retention_ms *
	    1000;
	int64_t now_us = clock_now_us();
	size_t count;

	if (kept_us >= (uint64_t)now_us)
		return false;
	count = vault_store_purge(vault->store, now_us - (int64_t)kept_us,
	    PURGE_SLICE);
	vault->counts.purged += count;
	if (count > 0)
		log_event(LOG_INFO_LEVEL, 0, "vault_purged",
		    LOG_NUMBER("envelopes", count));
	return count == PURGE_SLICE;
}
