/*
 * The vault process: configuration, jail, channels, the orderly end.
 */
#include "crypto/vault/vault_process.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/key_service_message.h"
#include "crypto/remote_key.h"
#include "crypto/vault/vault.h"
#include "crypto/vault/vault_channel.h"
#include "crypto/vault/vault_management.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"

#define KEYS_TIMEOUT_MS 5000
#define PURGE_EVERY_MS 60000
#define PURGE_NEXT_MS 20	/* while there is more */
#define STOP_MS 5000

static struct {
	struct vault *vault;		/* NULL before the first callback */
	struct vault_management *management;
	struct remote_key_channel *keys;
	struct vault_master_key *key;
	struct loop_timer *purge_timer;
	struct loop_timer *stop_timer;
	bool is_running;
	bool is_stopped;
} state;

static void purge(void *context);
static void stop_now(void *context);

/* Callbacks come in whatever order; the first makes everything. */
static struct vault *
vault(void)
{
	if (state.vault == NULL) {
		remote_key_prepare();
		key_service_message_prepare();
		state.keys = remote_key_channel_new(-1, KEYS_TIMEOUT_MS);
		state.vault = vault_new(process_loop(), process_identity());
		state.management = vault_management_new(state.vault,
		    state.keys);
		state.purge_timer = loop_timer_new(process_loop(), purge,
		    NULL);
		state.stop_timer = loop_timer_new(process_loop(), stop_now,
		    NULL);
	}
	return state.vault;
}

/* ---- configuration ------------------------------------------------------- */

static bool
same_store(const struct config_key_service *a,
    const struct config_key_service *b)
{
	return text_equal(a->directory, b->directory) &&
	    text_equal(a->master_key_file, b->master_key_file);
}

/*
 * Another database or key is out of reach from the jail: end, and be started
 * anew with it.
 */
static void
activate(struct config_snapshot *snapshot)
{
	const struct config *config = config_snapshot_config(snapshot);

	if (state.is_running && !same_store(&vault_config(vault())->
	    key_service, &config->key_service)) {
		log_event(LOG_INFO_LEVEL, 0, "restart_for_new_store",
		    LOG_NUMBER("version", config_snapshot_version(snapshot)));
		process_stopped();
	}
	vault_configure(vault(), snapshot);
	if (state.is_running)
		vault_management_renew(state.management);
}

/* ---- start --------------------------------------------------------------- */

static void
wipe_key(void)
{
	vault_master_key_free(state.key);
	state.key = NULL;
}

static void
prepare(void)
{
	const struct config_key_service *service =
	    &vault_config(vault())->key_service;
	struct reason why = { 0 };

	if (vault_master_key_load(service->master_key_file, &state.key, &why)
	    != 0)
		fatal("key_service.master_key: %s", why.text);
	if (atexit(wipe_key) != 0)
		fatal("no room for another exit function");
}

static void
open_store(void)
{
	struct text directory = vault_config(vault())->key_service.directory;
	char path[PATH_MAX];
	struct reason why = { 0 };

	if (snprintf(path, sizeof(path), "%.*s/vault.db",
	    TEXT_ARG(directory)) >= (int)sizeof(path))
		fatal("key_service.directory is too long");
	if (vault_store_open(path, state.key, &vault()->store, &why) != 0)
		fatal("%s: %s", path, why.text);
}

static void
run(void)
{
	open_store();
	state.is_running = true;
	vault_channel_start(vault());
	vault_management_renew(state.management);
	loop_timer_set(state.purge_timer, PURGE_EVERY_MS);
}

static void
purge(void *context)
{
	bool has_more = vault_purge(vault());

	(void)context;
	loop_timer_set(state.purge_timer, has_more ? PURGE_NEXT_MS :
	    PURGE_EVERY_MS);
}

/* ---- channels and sockets ------------------------------------------------ */

static void
listener(struct text name, int descriptor)
{
	if (state.is_stopped || !text_equal(name, TEXT("key-service"))) {
		if (descriptor != -1)
			close(descriptor);
		return;
	}
	(void)vault();
	vault_management_listen(state.management, descriptor);
}

static void
channel(enum process_kind kind, uint32_t number, int descriptor)
{
	if (state.is_stopped) {
		close(descriptor);
		return;
	}
	if (kind != PROCESS_KEYS) {
		vault_channel_open(vault(), kind, number, descriptor);
		return;
	}
	(void)vault();
	remote_key_channel_replace(state.keys, descriptor);
	if (state.is_running)
		vault_management_renew(state.management);
}

static size_t
counters(struct frame_counter *out, size_t max)
{
	const struct vault_counts *counts = &vault()->counts;
	const struct frame_counter all[] = {
		{ .name = TEXT("keys_registered"),
		    .value = counts->registered },
		{ .name = TEXT("codes_asked"), .value = counts->codes_asked },
		{ .name = TEXT("codes_wrong"), .value = counts->codes_wrong },
		{ .name = TEXT("proved"), .value = counts->proved },
		{ .name = TEXT("keys_released"), .value = counts->released },
		{ .name = TEXT("releases_refused"),
		    .value = counts->refused },
		{ .name = TEXT("envelopes_purged"), .value = counts->purged },
		{ .name = TEXT("mails_waiting"),
		    .value = vault_outbox_waiting(vault()->outbox) },
		{ .name = TEXT("mails_sent"),
		    .value = vault_outbox_sent(vault()->outbox) },
		{ .name = TEXT("sessions"),
		    .value = vault_session_count(vault()->sessions) },
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	require(count <= max);
	memcpy(out, all, sizeof(all));
	return count;
}

/* ---- stop ---------------------------------------------------------------- */

static void
stop_now(void *context)
{
	(void)context;
	if (state.is_stopped)
		return;
	state.is_stopped = true;
	/* What comes in this last turn finds nobody. */
	vault_channel_close_all(state.vault);
	loop_timer_unset(state.purge_timer);
	vault_store_close(state.vault->store);
	state.vault->store = NULL;
	process_stopped();
}

static void
stop(void)
{
	loop_timer_set(state.stop_timer, STOP_MS);
	vault_management_stop(state.management, stop_now, NULL);
}

const struct process vault_process = {
	.kind = PROCESS_VAULT,
	.jail = JAIL_LOOP | JAIL_ACCEPT | JAIL_FILES,
	.privileged_prepare = true,
	.activate = activate,
	.prepare = prepare,
	.run = run,
	.listener = listener,
	.channel = channel,
	.counters = counters,
	.stop = stop,
};
