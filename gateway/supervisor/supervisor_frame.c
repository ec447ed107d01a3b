/*
 * What children say to the supervisor.
 */
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/protocol/frame.h"
#include "gateway/supervisor/supervisor_private.h"

#define FRAME_ARENA_MAX (1024u * 1024)
#define STATUS_ARENA_MAX (16u * 1024 * 1024)

static void
on_ready(struct supervisor *supervisor, struct child *child,
    const void *value, int descriptor)
{
	const struct frame_version *frame = value;

	(void)descriptor;
	if (supervisor->proposed == NULL || frame->version !=
	    config_snapshot_version(supervisor->proposed))
		return;
	child->answer = CHILD_READY;
	config_answered(supervisor);
}

static void
on_reject(struct supervisor *supervisor, struct child *child,
    const void *value, int descriptor)
{
	const struct frame_reject *frame = value;

	(void)descriptor;
	if (supervisor->proposed != NULL && frame->version ==
	    config_snapshot_version(supervisor->proposed)) {
		config_refused(supervisor, process_kind_name(child->kind),
		    frame->path, frame->reason);
		return;
	}
	/* It cannot use what all others run with: it never will. */
	log_event(LOG_ERROR_LEVEL, 0, "config_refused_at_start",
	    LOG_STRING("process", process_kind_name(child->kind)),
	    LOG_TEXT("path", frame->path), LOG_TEXT("reason", frame->reason));
	if (!supervisor->ready)
		supervisor_stop(supervisor, 1);
}

static void
announce(struct supervisor *supervisor)
{
	struct list *link, *after;

	if (supervisor->ready || supervisor->active == NULL)
		return;
	LIST_EACH(&supervisor->children, link, after)
		if (LIST_OWNER(link, struct child, link)->state !=
		    FRAME_PROCESS_RUNNING)
			return;
	supervisor->ready = true;
	log_event(LOG_INFO_LEVEL, 0, "ready",
	    LOG_NUMBER("start_ms",
	    (clock_now_us() - supervisor->started_us) / 1000));
	notify_send("READY=1");
}

static void
on_running(struct supervisor *supervisor, struct child *child,
    const void *value, int descriptor)
{
	(void)value;
	(void)descriptor;
	if (child->state != FRAME_PROCESS_STARTING)
		return;
	child->state = FRAME_PROCESS_RUNNING;
	log_event(LOG_INFO_LEVEL, 0, "child_running",
	    LOG_STRING("process", process_kind_name(child->kind)),
	    LOG_NUMBER("number", child->number),
	    LOG_NUMBER("pid", child->pid));
	if (child->kind == PROCESS_QUEUE)
		wiring_send_charges(supervisor);
	announce(supervisor);
}

static void
on_heartbeat(struct supervisor *supervisor, struct child *child,
    const void *value, int descriptor)
{
	struct frame_heartbeat copy;

	(void)supervisor;
	(void)descriptor;
	child->heard_ms = clock_monotonic_ms();
	arena_reset(child->counters_arena);
	child->counter_count = 0;
	if (record_copy(&frame_heartbeat_shape, value, child->counters_arena,
	    &copy) != 0)
		return;
	child->counters = copy.counters;
	child->counter_count = copy.counter_count;
}

static void
on_propose(struct supervisor *supervisor, struct child *child,
    const void *value, int descriptor)
{
	const struct frame_version *frame = value;

	(void)child;
	if (descriptor != -1)
		config_propose(supervisor, frame->version, descriptor);
}

static void
on_status_ask(struct supervisor *supervisor, struct child *child,
    const void *value, int descriptor)
{
	const struct frame_ask *ask = value;
	struct arena *arena = arena_new(STATUS_ARENA_MAX);
	struct frame_status status = { .id = ask->id,
		.started_us = supervisor->started_us };
	struct list *link, *after;
	size_t count = 0;

	(void)descriptor;
	LIST_EACH(&supervisor->children, link, after)
		count++;
	status.processes = arena_array(arena, count,
	    sizeof(*status.processes));
	require(status.processes != NULL);
	LIST_EACH(&supervisor->children, link, after) {
		struct child *one = LIST_OWNER(link, struct child, link);

		status.processes[status.process_count++] =
		    (struct frame_process){
			.kind = one->kind, .number = one->number,
			.pid = (uint32_t)one->pid,
			.state = (uint8_t)one->state,
			.restarts = one->restarts,
			.started_us = one->started_us,
			.counters = one->counters,
			.counter_count = one->counter_count,
		};
	}
	if (supervisor->active != NULL)
		status.config_version =
		    config_snapshot_version(supervisor->active);
	frame_send(child->ipc, FRAME_STATUS, &status, -1);
	arena_free(arena);
}

static const struct {
	void (*handle)(struct supervisor *supervisor, struct child *child,
		const void *value, int descriptor);
	bool owns;	/* the descriptor that came with it */
} handlers[FRAME_TYPES] = {
	[FRAME_SNAPSHOT_READY] = { .handle = on_ready },
	[FRAME_SNAPSHOT_REJECT] = { .handle = on_reject },
	[FRAME_RUNNING] = { .handle = on_running },
	[FRAME_HEARTBEAT] = { .handle = on_heartbeat },
	[FRAME_PROPOSE] = { .handle = on_propose, .owns = true },
	[FRAME_STATUS_ASK] = { .handle = on_status_ask },
};

union child_value {
	struct frame_version version;
	struct frame_reject reject;
	struct frame_empty empty;
	struct frame_heartbeat heartbeat;
	struct frame_ask ask;
};

void
child_frame(struct supervisor *supervisor, struct child *child,
    uint16_t type, struct text payload, int descriptor)
{
	struct arena *arena = arena_new(FRAME_ARENA_MAX);
	union child_value value;
	bool owns = false;
	int r = ERROR_MALFORMED;

	if (type < FRAME_TYPES && handlers[type].handle != NULL)
		r = frame_decode(child->kind, PROCESS_SUPERVISOR, type,
		    payload, arena, &value);
	if (r == 0) {
		owns = handlers[type].owns;
		handlers[type].handle(supervisor, child, &value, descriptor);
	} else
		log_event(LOG_ERROR_LEVEL, 0, "child_frame_refused",
		    LOG_STRING("process", process_kind_name(child->kind)),
		    LOG_NUMBER("type", type),
		    LOG_STRING("error", error_name(r)));
	if (descriptor != -1 && !owns)
		close(descriptor);
	arena_free(arena);
}
