/*
 * The index in SQLite: one owner, one connection.
 */
#include "queue/queue_index.h"

#include <endian.h>
#include <stdlib.h>

#include "gateway/base/crc32c.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "queue/queue.h"

static const struct database_migration migrations[] = {
	{ "CREATE TABLE message ("
	  " mid INTEGER PRIMARY KEY,"
	  " state INTEGER NOT NULL,"
	  " live INTEGER NOT NULL,"		/* recipients */
	  " body_mid INTEGER NOT NULL,"
	  " segment INTEGER NOT NULL,"
	  " offset INTEGER NOT NULL,"
	  " envelope_len INTEGER NOT NULL,"
	  " body_len INTEGER NOT NULL,"
	  " saved BLOB NOT NULL) STRICT;"	/* as in a RELOC record */
	  "CREATE TABLE progress ("
	  " id INTEGER PRIMARY KEY CHECK (id = 1),"
	  " lsn INTEGER NOT NULL,"
	  " segment INTEGER NOT NULL,"
	  " offset INTEGER NOT NULL,"
	  " counters BLOB NOT NULL) STRICT;" },
	/* Checksums; no position remains, so the log fills the tables. */
	{ "DELETE FROM message;"
	  "DELETE FROM progress;"
	  "ALTER TABLE message ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;"
	  "ALTER TABLE progress ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;" },
};
#define MIGRATIONS (sizeof(migrations) / sizeof(migrations[0]))

static void
on_timer(void *context)
{
	struct queue *queue = context;

	queue->index.due = true;
}

static void
prepare(struct queue_index *index)
{
	struct database *database = index->database;

	index->write = database_prepare(database,
	    "INSERT INTO message (mid, state, live, body_mid, segment,"
	    " offset, envelope_len, body_len, saved, crc)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
	    " ON CONFLICT (mid) DO UPDATE SET state = ?2, live = ?3,"
	    " body_mid = ?4, segment = ?5, offset = ?6, envelope_len = ?7,"
	    " body_len = ?8, saved = ?9, crc = ?10");
	index->drop = database_prepare(database,
	    "DELETE FROM message WHERE mid = ?1");
	index->progress = database_prepare(database,
	    "INSERT OR REPLACE INTO progress"
	    " (id, lsn, segment, offset, counters, crc)"
	    " VALUES (1, ?1, ?2, ?3, ?4, ?5)");
	index->live = database_prepare(database,
	    "SELECT coalesce(sum(live), 0) FROM message");
	index->page = database_prepare(database,
	    "SELECT mid FROM message WHERE mid > ?1 ORDER BY mid LIMIT ?2");
}

static int
open_database(struct queue *queue, struct reason *why)
{
	char path[QUEUE_PATH_MAX];
	int r;

	queue_path(queue, "queue.db", path);
	r = database_open(path, DATABASE_SYNC_NORMAL, migrations, MIGRATIONS,
	    &queue->index.database, why);
	if (r == 0)
		prepare(&queue->index);
	return r;
}

static void
remove_database(struct queue *queue)
{
	char path[QUEUE_PATH_MAX];

	queue_path(queue, "queue.db", path);
	if (database_remove(path) != 0)
		fatal_errno("cannot remove %s", path);
}

void
queue_index_open(struct queue *queue)
{
	struct queue_index *index = &queue->index;
	struct reason why = { 0 };
	int r;

	list_init(&index->dirty);
	buffer_init(&index->scratch, (size_t)2 * QUEUE_ENVELOPE_MAX);
	index->timer = loop_timer_new(queue->loop, on_timer, queue);
	r = open_database(queue, &why);
	if (r == ERROR_MALFORMED) {
		log_event(LOG_ERROR_LEVEL, 0, "index_damaged",
		    LOG_STRING("reason", why.text));
		remove_database(queue);
		r = open_database(queue, &why);
	}
	if (r != 0)
		fatal("queue.db: %s", why.text);
}

void
queue_index_reset(struct queue *queue)
{
	struct queue_index *index = &queue->index;
	struct reason why = { 0 };

	database_close(index->database);
	index->gone_count = 0;
	index->last_lsn = 0;
	index->is_damaged = false;
	remove_database(queue);
	if (open_database(queue, &why) != 0)
		fatal("queue.db: %s", why.text);
}

void
queue_index_close(struct queue *queue)
{
	struct queue_index *index = &queue->index;

	/* An open transaction is rolled back: rows without a position. */
	database_close(index->database);
	loop_timer_free(index->timer);
	buffer_clear(&index->scratch);
	free(index->gone);
	*index = (struct queue_index){ 0 };
}

/* ---- checksums ---------------------------------------------------------- */

/*
 * SQLite's pages have none: a bit that turned over in an address would send
 * mail to a stranger.
 */
static uint32_t
checksum(const uint64_t *numbers, size_t count, struct text bytes)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t little = htole64(numbers[i]);

		crc = crc32c(crc, &little, sizeof(little));
	}
	return crc32c(crc, bytes.data, bytes.len);
}

#define ROW_NUMBERS 8

static uint32_t
row_checksum(uint64_t mid, uint64_t state, uint64_t live, uint64_t body_mid,
    const struct segment_place *place, struct text saved)
{
	const uint64_t numbers[ROW_NUMBERS] = { mid, state, live, body_mid,
		place->segment, place->offset, place->envelope_len,
		place->body_len };

	return checksum(numbers, ROW_NUMBERS, saved);
}

static uint32_t
progress_checksum(const struct segment_position *position,
    struct text counters)
{
	const uint64_t numbers[] = { position->lsn, position->segment,
		position->offset };

	return checksum(numbers, 3, counters);
}

/* ---- reading at start --------------------------------------------------- */

bool
queue_index_read_progress(struct queue *queue,
    struct segment_position *position, struct queue_counters *counters,
    struct arena *arena)
{
	struct database_statement *s =
	    database_prepare(queue->index.database,
	    "SELECT lsn, segment, offset, counters, crc FROM progress"
	    " WHERE id = 1");
	struct text bytes = TEXT_EMPTY;
	bool found = database_step(s);

	if (!found)
		return false;
	*position = (struct segment_position){
		.lsn = database_u64(s, 0),
		.segment = (uint32_t)database_u64(s, 1),
		.offset = (uint32_t)database_u64(s, 2),
	};
	found = arena_copy(arena, database_text(s, 3), &bytes) == 0 &&
	    progress_checksum(position, bytes) == database_u64(s, 4) &&
	    record_decode(&queue_counters_shape, bytes, arena, counters) == 0;
	database_reset(s);
	queue->index.is_damaged = !found;
	return found;
}

static bool
read_row(struct database_statement *s, struct queue_row *row)
{
	*row = (struct queue_row){
		.mid = database_u64(s, 0),
		.body_mid = database_u64(s, 3),
		.place = {
			.segment = (uint32_t)database_u64(s, 4),
			.offset = (uint32_t)database_u64(s, 5),
			.envelope_len = (uint32_t)database_u64(s, 6),
			.body_len = (uint32_t)database_u64(s, 7),
		},
		.saved = database_text(s, 9),
	};
	return row_checksum(row->mid, database_u64(s, 1),
	    database_u64(s, 2), row->body_mid, &row->place, row->saved) ==
	    database_u64(s, 8);
}

void
queue_index_read_rows(struct queue *queue,
    void (*take)(struct queue *queue, const struct queue_row *row))
{
	struct database_statement *s =
	    database_prepare(queue->index.database,
	    "SELECT mid, state, live, body_mid, segment, offset,"
	    " envelope_len, body_len, crc, saved FROM message ORDER BY mid");
	struct queue_row row;

	while (database_step(s)) {
		if (read_row(s, &row))
			take(queue, &row);
		else
			queue->index.is_damaged = true;
	}
}

/* ---- what changed ------------------------------------------------------- */

void
queue_index_dirty(struct queue *queue, struct queue_message *message)
{
	if (list_is_empty(&message->dirty))
		list_append(&queue->index.dirty, &message->dirty);
}

void
queue_index_forget(struct queue *queue, struct queue_message *message)
{
	struct queue_index *index = &queue->index;

	list_remove(&message->dirty);
	if (!message->indexed)
		return;
	if (index->gone_count == index->gone_size) {
		index->gone_size = index->gone_size == 0 ? 256 :
		    index->gone_size * 2;
		index->gone = memory_resize(index->gone, index->gone_size,
		    sizeof(*index->gone));
	}
	index->gone[index->gone_count++] = message->mid;
}

/* ---- writing ------------------------------------------------------------ */

static void
write_row(struct queue *queue, struct queue_message *message)
{
	struct queue_index *index = &queue->index;
	struct queue_saved saved;
	struct database_statement *s = index->write;

	arena_reset(queue->save_arena);
	buffer_reset(&index->scratch);
	require(queue_message_save(message, queue->save_arena, &saved) == 0);
	require(record_encode(&queue_saved_shape, &saved, &index->scratch)
	    == 0);
	database_bind_u64(s, 1, message->mid);
	database_bind_u64(s, 2, message->state);
	database_bind_u64(s, 3, message->live);
	database_bind_u64(s, 4, message->body_mid);
	database_bind_u64(s, 5, message->place.segment);
	database_bind_u64(s, 6, message->place.offset);
	database_bind_u64(s, 7, message->place.envelope_len);
	database_bind_u64(s, 8, message->place.body_len);
	database_bind_blob(s, 9, buffer_text(&index->scratch));
	database_bind_u64(s, 10, row_checksum(message->mid, message->state,
	    message->live, message->body_mid, &message->place,
	    buffer_text(&index->scratch)));
	database_run(s);
	message->indexed = true;
	list_remove(&message->dirty);
}

static void
drop_row(struct queue_index *index)
{
	database_bind_u64(index->drop, 1, index->gone[--index->gone_count]);
	database_run(index->drop);
}

static bool
is_clean(const struct queue_index *index)
{
	return index->gone_count == 0 && list_is_empty(&index->dirty);
}

static void
write_slice(struct queue *queue, size_t most)
{
	struct queue_index *index = &queue->index;

	if (!index->is_open)
		database_begin(index->database);
	index->is_open = true;
	for (size_t i = 0; i < most && !is_clean(index); i++) {
		if (index->gone_count > 0)
			drop_row(index);
		else
			write_row(queue, LIST_OWNER(index->dirty.next,
			    struct queue_message, dirty));
		index->rows++;
	}
}

static void
commit(struct queue *queue)
{
	struct queue_index *index = &queue->index;
	struct segment_position position =
	    segment_log_position(queue->log.log);
	struct queue_counters counters;
	struct database_statement *s = index->progress;

	require(queue_log_is_synced(queue));
	queue_log_fill_counters(queue, &counters);
	buffer_reset(&index->scratch);
	require(record_encode(&queue_counters_shape, &counters,
	    &index->scratch) == 0);
	database_bind_u64(s, 1, position.lsn);
	database_bind_u64(s, 2, position.segment);
	database_bind_u64(s, 3, position.offset);
	database_bind_blob(s, 4, buffer_text(&index->scratch));
	database_bind_u64(s, 5, progress_checksum(&position,
	    buffer_text(&index->scratch)));
	database_run(s);
	database_commit(index->database);
	index->is_open = false;
	index->due = false;
	index->committed_segment = position.segment;
	index->last_lsn = position.lsn;
	loop_timer_set(index->timer, QUEUE_INDEX_EVERY_MS);
}

void
queue_index_turn(struct queue *queue)
{
	struct queue_index *index = &queue->index;

	if (!queue_log_is_synced(queue) || (!index->due && !index->is_open))
		return;
	if (index->last_lsn == queue_log_synced_lsn(queue) &&
	    is_clean(index) && !index->is_open) {
		index->due = false;
		loop_timer_set(index->timer, QUEUE_INDEX_EVERY_MS);
		return;
	}
	write_slice(queue, QUEUE_INDEX_SLICE);
	if (!is_clean(index)) {
		loop_again(queue->loop);
		return;
	}
	commit(queue);
}

void
queue_index_finish(struct queue *queue)
{
	require(queue_log_is_synced(queue));
	write_slice(queue, SIZE_MAX);
	commit(queue);
}

void
queue_index_make_durable(struct queue *queue)
{
	queue_index_finish(queue);
	database_checkpoint(queue->index.database);
	queue->index.durable_segment = queue->index.committed_segment;
}

uint32_t
queue_index_durable_segment(const struct queue *queue)
{
	return queue->index.durable_segment;
}

/* ---- questions ---------------------------------------------------------- */

uint64_t
queue_index_live(struct queue *queue)
{
	uint64_t live = 0;

	if (database_step(queue->index.live))
		live = database_u64(queue->index.live, 0);
	database_reset(queue->index.live);
	return live;
}

size_t
queue_index_page(struct queue *queue, uint64_t after, uint64_t *out,
    size_t most)
{
	struct database_statement *s = queue->index.page;
	size_t count = 0;

	database_bind_u64(s, 1, after);
	database_bind_u64(s, 2, most);
	while (count < most && database_step(s))
		out[count++] = database_u64(s, 0);
	database_reset(s);
	return count;
}
