/*
 * Wiring of the inspect process.  Names are looked up, passwords and
 * authorities read before the jail: another configuration, or a name that
 * must be looked up anew, needs another process.
 */
#include "policy/inspect/inspect_process.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_fact.h"
#include "policy/inspect/inspect_directory.h"

/* A question, what is found, and its answer. */
#define INSPECT_ARENA_MAX ((size_t)4 * 1024 * 1024)
/* Names are not looked up more often than this. */
#define INSPECT_NAMES_AGE_MS 60000

static struct {
	struct config_snapshot *snapshot;
	struct inspect_directory **directories;
	size_t directory_count;
	struct arena *arena;
	struct ipc *queue;
	int64_t names_ms;	/* when they were looked up */
	bool is_stopped;
	uint64_t asked;
	uint64_t unknown;
} inspect;

/* ---- starting anew ---- */

static void
inspect_restart(const char *event)
{
	if (inspect.is_stopped)
		return;
	inspect.is_stopped = true;
	log_event(LOG_INFO_LEVEL, 0, event);
	if (inspect.queue != NULL)
		ipc_flush(inspect.queue);
	process_stopped();
}

static void
inspect_activate(struct config_snapshot *snapshot)
{
	if (inspect.snapshot != NULL) {
		inspect_restart("restart_for_new_directories");
		return;
	}
	inspect.arena = arena_new(INSPECT_ARENA_MAX);
	inspect.snapshot = config_snapshot_ref(snapshot);
}

/* With the rights that passwords and the resolver's files need. */
static void
inspect_prepare(void)
{
	const struct config *config =
	    config_snapshot_config(inspect.snapshot);
	size_t i;

	inspect.directories = memory_array(config->directory_count + 1,
	    sizeof(inspect.directories[0]));
	for (i = 0; i < config->directory_count; i++)
		inspect.directories[i] = inspect_directory_new(config,
		    &config->directories[i]);
	inspect.directory_count = config->directory_count;
	inspect.names_ms = clock_monotonic_ms();
}

/* ---- questions ---- */

static struct inspect_directory *
inspect_find(struct text name)
{
	size_t i;

	for (i = 0; i < inspect.directory_count; i++)
		if (text_equal(inspect_directory_name(
		    inspect.directories[i]), name))
			return inspect.directories[i];
	return NULL;
}

static void
inspect_answer(struct frame_fact *fact)
{
	struct config_directory_source source;
	struct inspect_directory *directory = NULL;
	struct reason why = { .text = "" };

	if (config_directory_source_find(config_snapshot_config(
	    inspect.snapshot), fact->source, &source, &why) == 0)
		directory = inspect_find(source.directory->name);
	if (directory != NULL) {
		inspect_directory_answer(directory, &source, inspect.arena,
		    fact);
		return;
	}
	fact->outcome = FACT_UNKNOWN;
	fact->reason = arena_printf(inspect.arena, "%s", why.text);
}

static bool
inspect_has_stale_names(void)
{
	size_t i;

	for (i = 0; i < inspect.directory_count; i++)
		if (inspect_directory_is_stale(inspect.directories[i]))
			return true;
	return false;
}

static int
inspect_take(uint16_t type, struct text payload)
{
	struct frame_fact_ask frame;
	int error = frame_decode(PROCESS_QUEUE, PROCESS_INSPECT, type,
	    payload, inspect.arena, &frame);

	if (error != 0)
		return error;
	inspect.asked++;
	inspect_answer(&frame.fact);
	if (frame.fact.outcome != FACT_KNOWN)
		inspect.unknown++;
	frame_send(inspect.queue, FRAME_FACT, &frame, -1);
	if (inspect_has_stale_names() && clock_monotonic_ms() -
	    inspect.names_ms >= INSPECT_NAMES_AGE_MS)
		inspect_restart("restart_for_names");
	return 0;
}

/* ---- channels ---- */

static void
inspect_queue_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	int error;

	(void)context;
	if (descriptor >= 0)
		(void)close(descriptor);
	if (inspect.is_stopped)
		return;
	error = inspect_take(type, payload);
	arena_reset(inspect.arena);
	/* Only a new process gets a new channel to it. */
	if (error != 0)
		fatal("a frame of queue cannot be read: %s",
		    error_name(error));
}

static void
inspect_queue_ended(void *context, int error)
{
	(void)context;
	if (error != 0 && error != ERROR_CLOSED)
		log_event(LOG_ERROR_LEVEL, 0, "channel_broken",
		    LOG_STRING("peer", "queue"),
		    LOG_STRING("reason", error_name(error)));
	ipc_free(inspect.queue);
	inspect.queue = NULL;
}

static const struct ipc_events inspect_queue_events = {
	.frame = inspect_queue_frame,
	.ended = inspect_queue_ended,
};

static void
inspect_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	(void)number;
	if (kind != PROCESS_QUEUE) {
		log_event(LOG_ERROR_LEVEL, 0, "channel_unexpected",
		    LOG_STRING("peer", process_kind_name(kind)));
		(void)close(descriptor);
		return;
	}
	ipc_free(inspect.queue);
	inspect.queue = ipc_new(process_loop(), descriptor,
	    process_identity(), &inspect_queue_events, NULL);
}

static size_t
inspect_counters(struct frame_counter *out, size_t max)
{
	const struct frame_counter counters[] = {
		{ .name = TEXT_INIT("asked"), .value = inspect.asked },
		{ .name = TEXT_INIT("unknown"), .value = inspect.unknown },
	};
	size_t count = sizeof(counters) / sizeof(counters[0]);

	if (count > max)
		count = max;
	memcpy(out, counters, count * sizeof(counters[0]));
	return count;
}

const struct process inspect_process = {
	.kind = PROCESS_INSPECT,
	.jail = JAIL_LOOP | JAIL_CONNECT,
	.privileged_prepare = true,
	.empty_root = true,
	.activate = inspect_activate,
	.prepare = inspect_prepare,
	.channel = inspect_channel,
	.counters = inspect_counters,
};
