/*
 * Replay.  Each record sets absolute values, so that reading one that memory
 * knows already changes nothing.
 */
#include "queue/queue_recover.h"

#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/process.h"
#include "queue/queue.h"

struct replay {
	struct queue *queue;
	struct queue_recovery *recovery;
	int64_t last_us;	/* the newest record's time */
};

static void
tell_damaged(struct replay *replay, const struct segment_record *record,
    const char *what)
{
	replay->recovery->damaged++;
	log_event(LOG_ERROR_LEVEL, record->mid, "record_damaged",
	    LOG_STRING("type", queue_record_name(record->type)),
	    LOG_NUMBER("lsn", record->lsn), LOG_STRING("what", what));
}

/* ---- messages ----------------------------------------------------------- */

/* A message that is there already stays indexed, for its row is replaced. */
static void
put_message(struct queue *queue, struct queue_message *message)
{
	struct queue_message *old = queue_table_find(queue, message->mid);

	if (old != NULL) {
		message->indexed = old->indexed;
		old->indexed = false;
		queue_table_remove(queue, old);
	}
	if (message->live > 0) {
		queue_table_add(queue, message);
		return;
	}
	queue_index_forget(queue, message);
	queue_message_free(message);
}

static int
decode_message(struct queue *queue, struct text encoded,
    struct queue_message **out)
{
	struct envelope envelope;
	int r;

	/* The record is in the other one, with many of them perhaps. */
	arena_reset(queue->arena);
	r = record_decode(&envelope_shape, encoded, queue->arena, &envelope);
	*out = NULL;
	return r != 0 ? r : queue_message_new(&envelope, encoded, out);
}

static int
restore_saved(struct queue *queue, const struct queue_saved *saved,
    struct queue_message **out)
{
	int r = decode_message(queue, saved->envelope, out);

	if (r != 0)
		return r;
	queue_message_set_pieces(*out, saved->pieces, saved->piece_count);
	if (saved->pieces_mid != 0)
		(*out)->pieces_mid = saved->pieces_mid;
	(*out)->parent_mid = saved->parent_mid;
	(*out)->passes = saved->passes;
	queue_message_restore(*out, &saved->state);
	return 0;
}

static int
replay_saved(struct replay *replay, const struct segment_record *record,
    const struct segment_place *place, const union queue_record *value)
{
	struct queue *queue = replay->queue;
	struct queue_message *message;
	int r = restore_saved(queue, &value->saved, &message);

	if (r != 0)
		return r;
	message->place = *place;
	message->lsn = record->lsn;
	message->damaged = record->body_damaged;
	queue_ids_saw(&queue->ids, QUEUE_ID_MID, message->mid);
	if (record->type == QUEUE_RECORD_ACCEPT)
		queue_ledger_count_message(&queue->ledger,
		    message->recipient_count,
		    message->class == ENVELOPE_CLASS_SERVICE);
	put_message(queue, message);
	return 0;
}

static int
replay_child(struct replay *replay, const struct segment_record *record,
    const struct segment_place *place, struct text encoded)
{
	struct queue *queue = replay->queue;
	struct queue_message *child;
	int r = decode_message(queue, encoded, &child);

	if (r != 0)
		return r;
	child->place = *place;
	child->body_mid = record->mid;
	child->lsn = record->lsn;
	child->damaged = record->body_damaged;
	queue_ids_saw(&queue->ids, QUEUE_ID_MID, child->mid);
	queue_ledger_count_message(&queue->ledger, child->recipient_count,
	    true);
	put_message(queue, child);
	return 0;
}

static void
restore_change(struct queue *queue, struct queue_message *message,
    const struct queue_change *change)
{
	if (message->state == MESSAGE_HELD)
		queue->table.held--;
	queue_change_apply(queue, message, change, queue_message_restore);
	if (message->state == MESSAGE_HELD)
		queue->table.held++;
	if (message->live == 0)
		queue_table_remove(queue, message);
}

static int
replay_change(struct replay *replay, const struct segment_record *record,
    const struct segment_place *place, const union queue_record *value)
{
	struct queue *queue = replay->queue;
	const struct queue_change *change = &value->change;
	struct queue_message *message =
	    queue_table_find(queue, record->mid);

	queue_ledger_count_change(&queue->ledger, change);
	if (message != NULL)
		restore_change(queue, message, change);
	if (text_is_empty(change->child))
		return 0;
	return replay_child(replay, record, place, change->child);
}

/* The body that both share is elsewhere, whole or not. */
static int
replay_split(struct replay *replay, const struct segment_record *record,
    const struct segment_place *place, const union queue_record *value)
{
	struct queue *queue = replay->queue;
	const struct queue_split_record *split = &value->split;
	struct queue_message *message =
	    queue_table_find(queue, record->mid);
	struct queue_message *child;
	int r = restore_saved(queue, &split->child, &child);

	(void)place;
	if (r != 0)
		return r;
	child->place = split->place;
	child->body_mid = split->body_mid;
	child->lsn = record->lsn;
	queue_ids_saw(&queue->ids, QUEUE_ID_MID, child->mid);
	put_message(queue, child);
	if (message != NULL)
		restore_change(queue, message, &split->parent);
	return 0;
}

/* Its body, of those that the record tells of. */
static int
restore_disposed(struct queue *queue, const struct segment_record *record,
    const struct segment_place *place,
    const struct queue_dispose_record *dispose,
    const struct queue_disposed *disposed, struct queue_message **out)
{
	const struct queue_shared_body *body;
	int r;

	*out = NULL;
	if (disposed->body >= dispose->body_count)
		return ERROR_MALFORMED;
	body = &dispose->bodies[disposed->body];
	r = restore_saved(queue, &disposed->saved, out);
	if (r != 0)
		return r;
	queue_message_set_pieces(*out, body->pieces, body->piece_count);
	(*out)->pieces_mid = body->pieces_mid;
	(*out)->place = body->place.segment == 0 ? *place : body->place;
	(*out)->body_mid = body->body_mid;
	(*out)->lsn = record->lsn;
	return 0;
}

static void
join_disposed(struct queue *queue, struct queue_message *message,
    const struct queue_disposed *disposed)
{
	queue_ids_saw(&queue->ids, QUEUE_ID_MID, message->mid);
	if (disposed->generated)
		queue_ledger_count_message(&queue->ledger,
		    message->recipient_count, true);
	put_message(queue, message);
}

/* All of it or nothing: whoever has moved must be somewhere. */
static int
replay_dispose(struct replay *replay, const struct segment_record *record,
    const struct segment_place *place, const union queue_record *value)
{
	struct queue *queue = replay->queue;
	const struct queue_dispose_record *dispose = &value->dispose;
	struct queue_message **messages = memory_array(
	    dispose->message_count, sizeof(struct queue_message *));
	union queue_record parent = { .change = dispose->parent };
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < dispose->message_count; i++) {
		r = restore_disposed(queue, record, place, dispose,
		    &dispose->messages[i], &messages[i]);
		count += r == 0;
	}
	for (size_t i = 0; i < count; i++)
		if (r == 0)
			join_disposed(queue, messages[i],
			    &dispose->messages[i]);
		else
			queue_message_free(messages[i]);
	free(messages);
	return r != 0 ? r : replay_change(replay, record, place, &parent);
}

static void
take_counters(struct queue *queue, const struct queue_counters *counters)
{
	queue->ledger.totals = counters->totals;
	queue_ids_raise(&queue->ids, counters);
	queue_time_restore(&queue->time, counters);
}

/* ---- records ------------------------------------------------------------ */

static int
replay_counters(struct replay *replay, const struct segment_record *record,
    const struct segment_place *place, const union queue_record *value)
{
	(void)record;
	(void)place;
	take_counters(replay->queue, &value->counters);
	return 0;
}

/* Pieces have no life of their own: their ACCEPT says where they are. */
static int (*const replays[])(struct replay *replay,
    const struct segment_record *record, const struct segment_place *place,
    const union queue_record *value) = {
	[QUEUE_RECORD_COUNTERS] = replay_counters,
	[QUEUE_RECORD_ACCEPT] = replay_saved,
	[QUEUE_RECORD_BODY] = NULL,
	[QUEUE_RECORD_STATE] = replay_change,
	[QUEUE_RECORD_OUTCOME] = replay_change,
	[QUEUE_RECORD_RELOC] = replay_saved,
	[QUEUE_RECORD_SPLIT] = replay_split,
	[QUEUE_RECORD_DISPOSE] = replay_dispose,
};

static void
visit(void *context, const struct segment_record *record,
    const struct segment_place *place)
{
	struct replay *replay = context;
	struct queue *queue = replay->queue;
	union queue_record value;
	int r;

#ifdef POSTERN_SABOTAGE_NO_REPLAY
	/* For the crash tests only: believe the index. */
	if (replay->recovery->rows > 0 || queue->index.last_lsn > 0)
		return;
#endif
	replay->recovery->records++;
	if (record->time_us > replay->last_us)
		replay->last_us = record->time_us;
	process_in_hand(record->mid);
	arena_reset(queue->save_arena);
	r = queue_record_decode(record->type, record->envelope,
	    queue->save_arena, &value);
	if (r == 0 && replays[record->type] != NULL)
		r = replays[record->type](replay, record, place, &value);
	if (r != 0)
		tell_damaged(replay, record, error_name(r));
	process_in_hand(0);
}

/* ---- the index ---------------------------------------------------------- */

static void
take_row(struct queue *queue, const struct queue_row *row)
{
	struct queue_message *message = NULL;
	struct queue_saved saved;
	int r;

	arena_reset(queue->save_arena);
	r = record_decode(&queue_saved_shape, row->saved, queue->save_arena,
	    &saved);
	if (r == 0)
		r = restore_saved(queue, &saved, &message);
	if (r != 0 || message->mid != row->mid) {
		queue->index.is_damaged = true;
		queue_message_free(message);
		return;
	}
	message->place = row->place;
	message->body_mid = row->body_mid;
	message->indexed = true;
	put_message(queue, message);
	list_remove(&message->dirty);
}

/*
 * Memory as the index has it.  False: it is empty or cannot be used.  Rows
 * that are gone altogether, or back again, show in the ledger.
 */
static bool
load_index(struct queue *queue, struct segment_position *position)
{
	struct queue_index *index = &queue->index;
	struct queue_counters counters;

	arena_reset(queue->save_arena);
	if (queue_index_read_progress(queue, position, &counters,
	    queue->save_arena)) {
		take_counters(queue, &counters);
		index->last_lsn = position->lsn;
		queue_index_read_rows(queue, take_row);
		if (!index->is_damaged && queue->table.live ==
		    queue_ledger_live(&queue->ledger.totals))
			return true;
		index->is_damaged = true;
	}
	if (index->is_damaged)
		log_event(LOG_ERROR_LEVEL, 0, "index_damaged",
		    LOG_STRING("reason", "rows and checksums differ"));
	return false;
}

static void
forget_all(struct queue *queue)
{
	queue_table_clear(queue);
	queue_table_init(&queue->table);
	queue_ids_init(&queue->ids);
	queue->ledger = (struct queue_ledger){ 0 };
	queue->time.jump_count = 0;
	queue_index_reset(queue);
}

static void
replay_log(struct replay *replay, bool use_index,
    const struct segment_position *position)
{
	struct queue *queue = replay->queue;
	struct reason why = { 0 };
	int r;

	r = segment_log_replay(queue->log.log, use_index ? position : NULL,
	    visit, replay, &why);
	if (r == ERROR_NOT_FOUND && use_index) {
		log_event(LOG_ERROR_LEVEL, 0, "index_does_not_fit",
		    LOG_STRING("reason", why.text));
		*replay->recovery = (struct queue_recovery){ 0 };
		forget_all(queue);
		r = segment_log_replay(queue->log.log, NULL, visit, replay,
		    &why);
	}
	if (r != 0)
		fatal("queue log: %s", why.text);
}

/* ---- to work ------------------------------------------------------------ */

/* What was not judged yet is; what is damaged is set aside. */
static void
settle_messages(struct queue *queue)
{
	struct list *link, *after;

	LIST_EACH(&queue->table.all, link, after) {
		struct queue_message *message =
		    LIST_OWNER(link, struct queue_message, all);

		process_in_hand(message->mid);
		if (message->damaged)
			queue_hold_aside(queue, message,
			    TEXT("the body is damaged in the log"));
		if (message->state == MESSAGE_RECEIVED)
			queue_disposition_ask(queue, message);
		queue_schedule_message(queue, message);
	}
	process_in_hand(0);
}

/* The file knows better than the last record, which may be old. */
static void
start_clock(struct queue *queue, int64_t last_us)
{
	const struct queue_leases *leases = &queue->leases;
	size_t before = queue->time.jump_count;

	if (leases->wall_us > 0)
		queue_time_start(&queue->time, leases->wall_us,
		    leases->monotonic_us);
	else
		queue_time_start(&queue->time, last_us,
		    clock_monotonic_us());
	if (queue->time.jump_count != before)
		queue_log_counters(queue);
}

void
queue_recover(struct queue *queue, struct queue_recovery *recovery)
{
	struct replay replay = { .queue = queue, .recovery = recovery };
	struct segment_position position = { 0 };
	int64_t begun_ms = clock_monotonic_ms();
	bool use_index;

	*recovery = (struct queue_recovery){ 0 };
	queue_lease_open(queue);
	queue_log_open(queue);
	queue_index_open(queue);
	use_index = load_index(queue, &position);
	if (!use_index)
		forget_all(queue);
	recovery->rows = queue_table_count(queue);
	replay_log(&replay, use_index, &position);
	start_clock(queue, replay.last_us);
	settle_messages(queue);
	recovery->leases = queue_lease_restore(queue);
	queue_log_sync(queue);
	queue->index.due = true;
	recovery->duration_ms =
	    (uint64_t)(clock_monotonic_ms() - begun_ms);
	mail_event_queue_started(queue_table_count(queue),
	    queue->table.live, recovery->records, recovery->duration_ms);
	if (!queue->leases.was_clean)
		mail_event_queue_recovered(recovery->records, 0,
		    recovery->damaged, recovery->leases);
}
