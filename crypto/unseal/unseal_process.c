/*
 * The unseal process: start, channels, counters.
 */
#include "crypto/unseal/unseal_process.h"

#include <string.h>
#include <sys/resource.h>

#include "crypto/openssl_library.h"
#include "crypto/unseal/unseal_channel.h"
#include "crypto/unseal/unseal_manifest.h"
#include "gateway/base/jail.h"
#include "gateway/mail/charset.h"

#define MEMORY_MAX (UINT64_C(1024) * 1024 * 1024)

static struct unseal_channel_set *set;

/* Callbacks come in whatever order; the first makes the set. */
static struct unseal_channel_set *
channels(void)
{
	if (set == NULL)
		set = unseal_channel_set_new(process_loop(),
		    process_identity());
	return set;
}

/*
 * What the largest envelope takes, twice over.  Sanitizers reserve more than
 * any limit.
 */
static void
limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__)
	static const struct rlimit limit = { .rlim_cur = MEMORY_MAX,
		.rlim_max = MEMORY_MAX };

	if (setrlimit(RLIMIT_DATA, &limit) != 0)
		fatal_errno("memory limit");
#endif
}

/* Children cannot open files: libraries load theirs now. */
static void
prepare(void)
{
	limit_memory();
	openssl_library_prepare();
	charset_prepare();
	unseal_manifest_prepare();
}

static void
run(void)
{
	unseal_channel_set_start(channels());
}

static void
channel(enum process_kind kind, uint32_t number, int descriptor)
{
	unseal_channel_open(channels(), kind, number, descriptor);
}

static size_t
counters(struct frame_counter *out, size_t max)
{
	const struct unseal *unseal = unseal_channel_service(channels());
	const struct unseal_counts *counts = unseal_counts(unseal);
	const struct frame_counter all[] = {
		{ .name = TEXT("opened"), .value = counts->opened },
		{ .name = TEXT("damaged"), .value = counts->damaged },
		{ .name = TEXT("told_later"), .value = counts->later },
		{ .name = TEXT("killed"), .value = counts->killed },
		{ .name = TEXT("tickets"),
		    .value = unseal_waiting(unseal) },
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	require(count <= max);
	memcpy(out, all, sizeof(all));
	return count;
}

static void
stop(void)
{
	unseal_channel_set_free(set);
	set = NULL;
	process_stopped();
}

const struct process unseal_process = {
	.kind = PROCESS_UNSEAL,
	.jail = JAIL_LOOP | JAIL_MEMFD | JAIL_FORK,
	.empty_root = true,
	.prepare = prepare,
	.run = run,
	.channel = channel,
	.counters = counters,
	.stop = stop,
};
