/*
 * postern-keys: this gateway's private keys, in a process that parses no
 * mail and sees no network.  Keys are read before the jail; new ones need a
 * new process.
 */
#include <string.h>
#include <sys/mman.h>

#include "crypto/keys/keys_service.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/protocol/process.h"

static struct {
	struct config_snapshot *snapshot;
	struct keys_service *service;	/* NULL before first use */
	size_t left_out;
} keys;

static struct keys_service *
service(void)
{
	const struct config *config = config_snapshot_config(keys.snapshot);

	if (keys.service == NULL)
		keys.service = keys_service_new(process_loop(),
			config->tls.certificate_count);
	return keys.service;
}

/*
 * With new certificates, or where a key could not be used and may have been
 * mended: the files are out of reach from the jail, so end, and be started
 * anew with them.
 */
static void
activate(struct config_snapshot *snapshot)
{
	struct config_snapshot *before = keys.snapshot;
	bool anew = keys.service != NULL && before != NULL &&
	    (keys.left_out > 0 ||
	    !keys_service_same(config_snapshot_config(before),
		config_snapshot_config(snapshot)));

	keys.snapshot = config_snapshot_ref(snapshot);
	config_snapshot_release(&before);
	if (!anew)
		return;
	log_event(LOG_INFO_LEVEL, 0, "restart_for_new_keys",
		LOG_NUMBER("version", config_snapshot_version(snapshot)));
	process_stopped();
}

static void
prepare(void)
{
	const struct config *config = config_snapshot_config(keys.snapshot);

	keys.left_out = keys_service_load(service(), config);
	if (keys.left_out > 0 &&
	    keys.left_out == config->tls.certificate_count)
		fatal("not one of the private keys can be used");
	/* The secure heap is locked; the rest if the limits allow it. */
	if (mlockall(MCL_CURRENT) != 0)
		log_note(LOG_DEBUG_LEVEL, "only the keys' memory is locked");
}

static void
channel(enum process_kind kind, uint32_t number, int descriptor)
{
	if (keys_service_attach(service(), kind, number, descriptor) != 0)
		log_note(LOG_ERROR_LEVEL, "a channel was closed");
}

static size_t
counters(struct frame_counter *out, size_t max)
{
	const struct keys_counts *counts = keys_service_counts(service());
	const struct frame_counter all[] = {
		{ .name = TEXT("keys_held"),
		    .value = keys_service_key_count(service()) },
		{ .name = TEXT("keys_unusable"), .value = keys.left_out },
		{ .name = TEXT("signatures"), .value = counts->signed_count },
		{ .name = TEXT("refusals"), .value = counts->refused },
		{ .name = TEXT("failures"), .value = counts->failed },
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	require(count <= max);
	memcpy(out, all, sizeof(all));
	return count;
}

int
main(int argc, char **argv)
{
	static const struct process process = {
		.kind = PROCESS_KEYS,
		.jail = JAIL_LOOP,
		.privileged_prepare = true,
		.empty_root = true,
		.activate = activate,
		.prepare = prepare,
		.channel = channel,
		.counters = counters,
	};

	return process_main(argc, argv, &process);
}
