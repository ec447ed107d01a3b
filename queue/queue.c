/*
 * The queue as a whole: its life and its turns.
 */
#include "queue/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

/* Envelope and states of the widest message, decoded. */
#define ARENA_MAX (32u * 1024 * 1024)
/* What can be written can be read back. */
_Static_assert(sizeof(struct queue_disposed) * QUEUE_DISPOSED_MAX <
    ARENA_MAX / 2, "a disposition is too large");
#define TICK_MS 1000
/* Jobs that may be sent out between two records of their numbers. */
#define JOBS_AHEAD 10000

void
queue_path(const struct queue *queue, const char *name,
    char out[QUEUE_PATH_MAX])
{
	int len = snprintf(out, QUEUE_PATH_MAX, "%s/%s", queue->directory,
	    name);

	if (len < 0 || len >= QUEUE_PATH_MAX)
		fatal("path too long: %s", queue->directory);
}

static void
set_configuration(struct queue *queue, struct config_snapshot *snapshot)
{
	struct config_snapshot *old = queue->snapshot;

	queue->snapshot = config_snapshot_ref(snapshot);
	queue->config = config_snapshot_config(snapshot);
	queue->config_version = config_snapshot_version(snapshot);
	config_snapshot_release(&old);
}

static void
make_directory(struct queue *queue)
{
	struct text path = queue->config->processes.queue_directory;

	if (text_to_string(path, queue->directory,
	    sizeof(queue->directory)) != 0)
		fatal("processes.queue_directory is too long");
	if (mkdir(queue->directory, 0700) != 0 && errno != EEXIST)
		fatal_errno("%s", queue->directory);
}

static void
on_tick(void *context)
{
	struct queue *queue = context;

	queue_check_clock(queue);
	queue_lease_note_clock(queue);
	queue_budget_check(queue);
	loop_timer_set(queue->tick, TICK_MS);
}

static void
init_parts(struct queue *queue)
{
	queue->arena = arena_new(ARENA_MAX);
	queue->save_arena = arena_new(ARENA_MAX);
	queue->scan_arena = arena_new(ARENA_MAX);
	buffer_init(&queue->scratch, QUEUE_ENVELOPE_MAX);
	queue->tick = loop_timer_new(queue->loop, on_tick, queue);
	queue->random = (uint64_t)clock_now_us() ^ (uint64_t)getpid() << 40;
	queue_table_init(&queue->table);
	queue_ids_init(&queue->ids);
	queue_body_init(&queue->bodies);
	queue_streams_init(&queue->streams);
	queue_recycle_init(&queue->recycle);
	queue_destinations_init(&queue->destinations);
	queue_schedule_open(queue);
	queue_errands_init(queue);
	queue_facts_init(&queue->facts);
	queue_channels_init(&queue->channels);
	queue_scans_init(&queue->scans);
}

struct queue *
queue_new(struct loop *loop, const struct ipc_identity *identity,
    struct config_snapshot *snapshot)
{
	struct queue *queue = memory_new(sizeof(*queue));
	struct queue_recovery recovery;

	queue->loop = loop;
	queue->identity = *identity;
	queue->budget.accepting = true;
	queue->budget.refusal = "";
	set_configuration(queue, snapshot);
	make_directory(queue);
	init_parts(queue);
	queue_recover(queue, &recovery);
	return queue;
}

static void
on_turn(void *context)
{
	queue_turn(context);
}

void
queue_run(struct queue *queue)
{
	loop_on_turn_end(queue->loop, on_turn, queue);
	on_tick(queue);
	loop_again(queue->loop);
}

void
queue_stop(struct queue *queue)
{
	queue->is_stopping = true;
	queue_budget_check(queue);
	queue_log_sync(queue);
	queue_answers_give(queue);
	queue_index_make_durable(queue);
	queue_lease_note_clock(queue);
	queue_lease_note_clean(queue);
	mail_event_queue_stopped(queue_table_count(queue),
	    queue->table.live);
}

void
queue_free(struct queue *queue)
{
	queue_scans_clear(queue);
	queue_streams_clear(queue);
	queue_lease_close(queue);
	queue_table_clear(queue);
	queue_channels_clear(queue);
	queue_answers_clear(&queue->answers);
	queue_destinations_clear(queue);
	queue_schedule_close(queue);
	queue_recycle_clear(&queue->recycle);
	queue->index.gone_count = 0;
	queue_index_close(queue);
	queue_log_close(queue);
	queue_errands_clear(queue);
	loop_timer_free(queue->tick);
	buffer_clear(&queue->scratch);
	arena_free(queue->arena);
	arena_free(queue->save_arena);
	arena_free(queue->scan_arena);
	config_snapshot_release(&queue->snapshot);
	free(queue);
}

void
queue_configure(struct queue *queue, struct config_snapshot *snapshot)
{
	set_configuration(queue, snapshot);
	queue_schedule_renew(queue);
	loop_again(queue->loop);
}

void
queue_check_clock(struct queue *queue)
{
	if (queue_time_tick(&queue->time))
		queue_log_counters(queue);
}

/* What was appended behind the sync must not wait for chance. */
static void
watch_log(struct queue *queue)
{
	if (queue_log_is_synced(queue))
		return;
	if (queue->log.urgent)
		loop_again(queue->loop);
	else
		queue_log_wait(queue);
}

void
queue_turn(struct queue *queue)
{
	if (queue->is_stopping)
		return;
	queue_streams_turn(queue);
	queue_recycle_turn(queue);
	queue_ids_reserve(queue, QUEUE_ID_JOB, JOBS_AHEAD);
	queue_log_turn(queue);
	if (queue_log_is_synced(queue))
		queue_answers_give(queue);
	queue_schedule_turn(queue);
	queue_errands_turn(queue);
	queue_facts_turn(queue);
	queue_scans_turn(queue);
	queue_index_turn(queue);
	if (queue_log_is_synced(queue))
		queue_recycle_release(queue);
	segment_log_fill_pool(queue->log.log);
	queue_channels_turn(queue);
	watch_log(queue);
}

size_t
queue_counters(struct queue *queue, struct frame_counter *out, size_t max)
{
	const struct frame_counter all[] = {
		{ TEXT("messages"), queue_table_count(queue) },
		{ TEXT("recipients"), queue->table.live },
		{ TEXT("held"), queue->table.held },
		{ TEXT("deferred"), queue->schedule.waiting },
		{ TEXT("due"), queue->schedule.due },
		{ TEXT("sending"), queue_lease_count(queue) },
		{ TEXT("judging"), queue->errands.counts[QUEUE_DESK_JUDGE] },
		{ TEXT("protecting"),
		    queue->errands.counts[QUEUE_DESK_PROTECT] },
		{ TEXT("facts_asked"), queue->facts.asked },
		{ TEXT("facts_unknown"), queue->facts.unknown },
		{ TEXT("accepted"), queue->counts.accepted },
		{ TEXT("refused"), queue->counts.refused },
		{ TEXT("delivered"), queue->counts.delivered },
		{ TEXT("deferrals"), queue->counts.deferred },
		{ TEXT("failed"), queue->counts.failed },
		{ TEXT("expired"), queue->counts.expired },
		{ TEXT("jobs"), queue->counts.jobs },
		{ TEXT("records"), queue->log.records },
		{ TEXT("record_bytes"), queue->log.bytes },
		{ TEXT("syncs"), queue->log.syncs },
		{ TEXT("sync_us"), queue->log.sync_us },
		{ TEXT("segments"), segment_log_count(queue->log.log) },
		{ TEXT("live_bytes"), queue->recycle.live_bytes },
		{ TEXT("relocated"), queue->recycle.relocated },
		{ TEXT("hot_bytes"), queue->bodies.bytes },
		{ TEXT("bodies_read"), queue->bodies.read },
		{ TEXT("index_rows"), queue->index.rows },
		{ TEXT("in_flight"), queue->budget.granted },
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	if (count > max)
		count = max;
	memcpy(out, all, count * sizeof(out[0]));
	return count;
}
