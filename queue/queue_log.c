/*
 * Appending records, and the sync at the end of a turn.
 */
#include "queue/queue_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/clock.h"
#include "queue/queue.h"

/* A batch that grew so large is not kept waiting. */
#define PENDING_MAX (1024u * 1024)

static void
on_counters(void *context, struct buffer *out)
{
	struct queue *queue = context;
	struct queue_counters counters;

	queue_log_fill_counters(queue, &counters);
	require(record_encode(&queue_counters_shape, &counters, out) == 0);
}

static const struct segment_log_events events = {
	.counters = on_counters,
};

static void
on_timer(void *context)
{
	struct queue *queue = context;

	queue->log.due = true;
}

void
queue_log_open(struct queue *queue)
{
	const struct config_limits *limits = &queue->config->limits;
	struct segment_log_settings settings = {
		.segment_size = (uint32_t)limits->segment_size,
		.pool = limits->segment_pool,
	};
	struct reason why = { 0 };
	char path[QUEUE_PATH_MAX];

	queue_path(queue, "log", path);
	settings.directory = path;
	if (segment_log_open(&settings, &events, queue, &queue->log.log,
	    &why) != 0)
		fatal("queue log %s: %s", path, why.text);
	buffer_init(&queue->log.scratch, settings.segment_size);
	queue->log.timer = loop_timer_new(queue->loop, on_timer, queue);
}

void
queue_log_close(struct queue *queue)
{
	loop_timer_free(queue->log.timer);
	segment_log_close(queue->log.log);
	buffer_clear(&queue->log.scratch);
	queue->log = (struct queue_log){ 0 };
}

/* ---- records ------------------------------------------------------------ */

/* The record whose envelope is in the scratch buffer. */
static uint64_t
append_encoded(struct queue *queue, enum queue_record_type type,
    uint64_t mid, struct text body, struct segment_place *place)
{
	struct queue_log *log = &queue->log;
	struct segment_record record = {
		.type = (uint16_t)type,
		.mid = mid,
		.time_us = clock_now_us(),
		.envelope = buffer_text(&log->scratch),
		.body = body,
	};

	segment_log_append(log->log, &record, place);
	log->records++;
	log->bytes += record.envelope.len + body.len;
	return record.lsn;
}

static uint64_t
append(struct queue *queue, enum queue_record_type type, uint64_t mid,
    const union queue_record *value, struct text body,
    struct segment_place *place)
{
	buffer_reset(&queue->log.scratch);
	require(queue_record_encode(type, value, &queue->log.scratch) == 0);
	return append_encoded(queue, type, mid, body, place);
}

void
queue_log_accept(struct queue *queue, struct queue_message *message,
    struct text body)
{
	union queue_record value = {
		.saved = {
			.envelope = message->envelope,
			.pieces = message->pieces,
			.piece_count = message->piece_count,
		},
	};

	message->lsn = append(queue, QUEUE_RECORD_ACCEPT, message->mid,
	    &value, body, &message->place);
	message->body_mid = message->mid;
	queue_ledger_count_message(&queue->ledger, message->recipient_count,
	    message->class == ENVELOPE_CLASS_SERVICE);
}

void
queue_log_relocate(struct queue *queue, struct queue_message *message,
    struct text body)
{
	union queue_record value;

	arena_reset(queue->save_arena);
	require(queue_message_save(message, queue->save_arena, &value.saved)
	    == 0);
	(void)append(queue, QUEUE_RECORD_RELOC, message->mid, &value, body,
	    &message->place);
	message->body_mid = message->mid;
}

void
queue_log_piece(struct queue *queue, uint64_t mid, uint32_t index,
    struct text piece, struct segment_place *place)
{
	union queue_record value = { .piece = { .index = index } };

	(void)append(queue, QUEUE_RECORD_BODY, mid, &value, piece, place);
}

void
queue_log_counters(struct queue *queue)
{
	union queue_record value;

	queue_log_fill_counters(queue, &value.counters);
	(void)append(queue, QUEUE_RECORD_COUNTERS, 0, &value, TEXT_EMPTY,
	    NULL);
}

void
queue_log_change(struct queue *queue, enum queue_record_type type,
    const struct queue_message *message, const struct queue_change *change,
    struct text child_body, struct segment_place *place, uint64_t *lsn)
{
	union queue_record value = { .change = *change };

	*lsn = append(queue, type, message->mid, &value, child_body, place);
	queue_ledger_count_change(&queue->ledger, change);
}

void
queue_log_split(struct queue *queue, const struct queue_message *message,
    const struct queue_change *change, struct queue_message *child)
{
	union queue_record value = {
		.split = {
			.parent = *change,
			.place = child->place,
			.body_mid = child->body_mid,
		},
	};

	arena_reset(queue->save_arena);
	require(queue_message_save(child, queue->save_arena,
	    &value.split.child) == 0);
	child->lsn = append(queue, QUEUE_RECORD_SPLIT, message->mid, &value,
	    TEXT_EMPTY, NULL);
}

int
queue_log_dispose(struct queue *queue, const struct queue_message *message,
    const struct queue_dispose_record *dispose, struct text body,
    struct segment_place *place, uint64_t *lsn)
{
	struct buffer *scratch = &queue->log.scratch;
	union queue_record value = { .dispose = *dispose };
	int r;

	buffer_reset(scratch);
	r = queue_record_encode(QUEUE_RECORD_DISPOSE, &value, scratch);
	if (r != 0)
		return r;
	if (buffer_len(scratch) + body.len >
	    segment_log_record_max(queue->log.log))
		return ERROR_LIMIT;
	*lsn = append_encoded(queue, QUEUE_RECORD_DISPOSE, message->mid, body,
	    place);
	queue_ledger_count_change(&queue->ledger, &dispose->parent);
	return 0;
}

void
queue_log_fill_counters(struct queue *queue, struct queue_counters *out)
{
	*out = (struct queue_counters){
		.totals = queue->ledger.totals,
		.mid_limit = queue->ids.numbers[QUEUE_ID_MID].limit,
		.icid_limit = queue->ids.numbers[QUEUE_ID_ICID].limit,
		.dcid_limit = queue->ids.numbers[QUEUE_ID_DCID].limit,
		.job_limit = queue->ids.numbers[QUEUE_ID_JOB].limit,
		.jumps = queue->time.jumps,
		.jump_count = queue->time.jump_count,
	};
}

uint32_t
queue_log_inline_max(const struct queue *queue)
{
	uint32_t most = segment_log_body_max(queue->log.log);

	return most < QUEUE_LOG_PIECE_MAX ? most : QUEUE_LOG_PIECE_MAX;
}

/* ---- syncs -------------------------------------------------------------- */

void
queue_log_hurry(struct queue *queue)
{
	queue->log.urgent = true;
}

void
queue_log_sync(struct queue *queue)
{
	struct queue_log *log = &queue->log;
	int64_t begun_us;

	if (segment_log_pending(log->log) > 0) {
		begun_us = clock_monotonic_us();
		segment_log_sync(log->log);
		log->syncs++;
		log->sync_us += (uint64_t)(clock_monotonic_us() - begun_us);
	}
	log->urgent = log->due = false;
	loop_timer_unset(log->timer);
}

void
queue_log_wait(struct queue *queue)
{
	if (!loop_timer_is_set(queue->log.timer))
		loop_timer_set(queue->log.timer, QUEUE_LOG_WAIT_MS);
}

void
queue_log_turn(struct queue *queue)
{
	struct queue_log *log = &queue->log;
	size_t pending = segment_log_pending(log->log);

	if (pending == 0 || log->urgent || log->due ||
	    pending > PENDING_MAX)
		queue_log_sync(queue);
	else
		queue_log_wait(queue);
}

bool
queue_log_is_synced(const struct queue *queue)
{
	return segment_log_pending(queue->log.log) == 0;
}

uint64_t
queue_log_synced_lsn(const struct queue *queue)
{
	return segment_log_position(queue->log.log).lsn;
}
