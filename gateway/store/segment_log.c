/*
 * The queue's log: open, append, sync, recycle.  segment_replay.c reads it
 * at start, segment_read.c gives single records back.
 */
#include "gateway/store/segment_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/store/segment_file.h"
#include "gateway/store/segment_log_private.h"

/* Files kept back from new mail: a restart takes up to two. */
#define RESERVE 2

static void
read_header(struct segment_log *log, struct segment_name name,
    struct segment_header *header, int *error)
{
	unsigned char bytes[SEGMENT_HEADER_SIZE];
	int descriptor = segment_directory_open_file(&log->directory, name,
	    O_RDONLY);

	*error = ERROR_MALFORMED;
	memset(header, 0, sizeof(*header));
	if (descriptor < 0)
		return;
	if (segment_file_read(descriptor, 0, bytes, sizeof(bytes)) == 0)
		*error = segment_header_decode(bytes, header);
	close(descriptor);
}

static void
saw_number(struct segment_log *log, uint32_t number)
{
	if (number >= log->next_number)
		log->next_number = number + 1;
}

/*
 * Numbers are never used again, even where only pool files tell of them.
 */
static int
take_name(struct segment_log *log, struct segment_name name,
    struct reason *why)
{
	struct segment_entry *entry;
	struct segment_header header;
	int error;

	if (name.kind != SEGMENT_LOG && name.kind != SEGMENT_POOL &&
	    name.kind != SEGMENT_DAMAGED)
		return 0;
	read_header(log, name, &header, &error);
	saw_number(log, header.segment);
	if (name.kind != SEGMENT_POOL)
		saw_number(log, name.number);
	if (name.kind != SEGMENT_LOG)
		return 0;
	if (error == ERROR_MISMATCH) {
		reason_set(why, "segment %" PRIu32 " has a newer format",
		    name.number);
		return ERROR_MISMATCH;
	}
	entry = segment_list_add(&log->list, name.number);
	entry->header = header;
	/* A whole header of another segment is what the pool left. */
	entry->header_error = error == 0 && header.segment != name.number ?
	    ERROR_NOT_FOUND : error;
	return 0;
}

static int
take_stock(struct segment_log *log, uint32_t pool, struct reason *why)
{
	struct segment_name *names = NULL;
	size_t count = 0, i;
	int rc = segment_directory_list(&log->directory, &names, &count);

	if (rc != 0)
		reason_set(why, "folder of the queue log: %s",
		    strerror(errno));
	for (i = 0; i < count && rc == 0; i++)
		rc = take_name(log, names[i], why);
	if (rc == 0)
		segment_pool_open(&log->pool, &log->directory, log->size, pool,
		    names, count);
	free(names);
	return rc;
}

int
segment_log_open(const struct segment_log_settings *settings,
    const struct segment_log_events *events, void *context,
    struct segment_log **out, struct reason *why)
{
	struct segment_log *log;
	int rc;

	*out = NULL;
	require(settings->segment_size >= SEGMENT_SIZE_MIN &&
	    settings->segment_size <= SEGMENT_SIZE_MAX);
	log = memory_new(sizeof(*log));
	log->events = events;
	log->context = context;
	log->size = settings->segment_size;
	log->next_number = 1;
	segment_batch_init(&log->batch, log->size);
	rc = segment_directory_open(&log->directory, settings->directory, why);
	if (rc == 0)
		rc = take_stock(log, settings->pool, why);
	if (rc != 0)
		segment_log_close(log);
	else
		*out = log;
	return rc;
}

void
segment_log_close(struct segment_log *log)
{
	if (log == NULL)
		return;
	segment_pool_close(&log->pool);
	segment_list_clear(&log->list);
	segment_batch_clear(&log->batch);
	segment_directory_close(&log->directory);
	free(log);
}

/* ---- writing ------------------------------------------------------------- */

static uint64_t
make_salt(void)
{
	uint64_t salt;

	if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		fatal_errno("queue log: getrandom");
	return salt;
}

static void
mark_synced(struct segment_log *log)
{
	log->synced = (struct segment_position){
		.lsn = log->lsn,
		.segment = log->use.segment,
		.offset = segment_batch_end(&log->batch),
	};
}

/* Into the batch; the caller has seen that it fits. */
static void
put_record(struct segment_log *log, struct segment_record *record,
    struct segment_place *place)
{
	uint32_t offset;

	record->lsn = ++log->lsn;
	offset = segment_batch_add(&log->batch, record, &log->use);
	if (place == NULL)
		return;
	*place = (struct segment_place){
		.segment = log->use.segment,
		.offset = offset,
		.envelope_len = (uint32_t)record->envelope.len,
		.body_len = (uint32_t)record->body.len,
	};
}

static void
put_counters(struct segment_log *log)
{
	struct segment_record record = {
		.type = SEGMENT_COUNTERS,
		.time_us = clock_now_us(),
	};
	struct buffer envelope;

	buffer_init(&envelope, SEGMENT_COUNTERS_MAX);
	if (log->events != NULL && log->events->counters != NULL)
		log->events->counters(log->context, &envelope);
	record.envelope = buffer_text(&envelope);
	put_record(log, &record, NULL);
	buffer_clear(&envelope);
}

int
segment_log_begin(struct segment_log *log, uint64_t first_lsn)
{
	struct segment_entry *entry = segment_list_last(&log->list);
	struct segment_header header = {
		.segment = log->next_number,
		.previous = entry == NULL ? 0 : entry->number,
		.salt = make_salt(),
		.first_lsn = first_lsn,
		.previous_last_lsn = log->lsn,
		.created_us = clock_now_us(),
		.size = log->size,
	};
	int descriptor;

	require(log->next_number < UINT32_MAX);
	descriptor = segment_pool_take(&log->pool,
	    (struct segment_name){ SEGMENT_LOG, header.segment });
	if (descriptor < 0)
		return descriptor;
	log->next_number++;
	entry = segment_list_add(&log->list, header.segment);
	entry->header = header;
	segment_list_set_descriptor(&log->list, entry, descriptor);
	log->use = segment_use_of(&header);
	log->lsn = first_lsn - 1;
	segment_batch_begin(&log->batch, &header);
	put_counters(log);
	return 0;
}

void
segment_log_write(struct segment_log *log)
{
	int64_t begun_us = clock_monotonic_us();
	int64_t took_us;

	segment_batch_write(&log->batch,
	    segment_list_last(&log->list)->descriptor);
	took_us = clock_monotonic_us() - begun_us;
	if (took_us < 0)
		took_us = 0;
	log->sync_us = log->sync_us == 0 ? (uint64_t)took_us :
	    (log->sync_us * 7 + (uint64_t)took_us) / 8;
	mark_synced(log);
}

/* A batch never spans segments: the part so far is made durable first. */
static void
change_segment(struct segment_log *log)
{
	if (!segment_batch_is_empty(&log->batch))
		segment_log_write(log);
	if (segment_log_begin(log, log->lsn + 1) != 0)
		fatal_errno("queue log: next segment");
}

void
segment_log_append(struct segment_log *log, struct segment_record *record,
    struct segment_place *place)
{
	uint64_t size = segment_record_size(record->envelope.len,
	    record->body.len);

	require(log->live);
	require((uint64_t)record->envelope.len + record->body.len <=
	    segment_log_record_max(log));
	if (segment_batch_end(&log->batch) + size > log->size)
		change_segment(log);
	put_record(log, record, place);
}

/* What fits whatever the counters take. */
uint32_t
segment_log_record_max(const struct segment_log *log)
{
	return log->size - SEGMENT_START - SEGMENT_COUNTERS_MAX -
	    2 * SEGMENT_RECORD_HEADER_SIZE - 16;
}

/*
 * Half a segment, so that two bodies share one, less a little for their
 * heads; it leaves as much for an envelope.
 */
uint32_t
segment_log_body_max(const struct segment_log *log)
{
	return segment_log_record_max(log) / 2 - 4096;
}

size_t
segment_log_pending(const struct segment_log *log)
{
	return segment_batch_pending(&log->batch);
}

void
segment_log_sync(struct segment_log *log)
{
	require(log->live);
	if (segment_batch_pending(&log->batch) == 0)
		return;
	if (segment_batch_claim(&log->batch))
		mark_synced(log);
	else
		segment_log_write(log);
}

struct segment_position
segment_log_position(const struct segment_log *log)
{
	return log->synced;
}

uint64_t
segment_log_sync_us(const struct segment_log *log)
{
	return log->sync_us;
}

/* ---- space --------------------------------------------------------------- */

bool
segment_log_can_append(const struct segment_log *log, size_t bytes)
{
	uint64_t rest = log->size - segment_batch_end(&log->batch);
	uint64_t need = RESERVE;

	require(log->live);
	/* The worst case leaves half of each segment empty. */
	if (bytes > rest / 2)
		need += bytes / (segment_log_record_max(log) / 2) + 1;
	if (segment_pool_ready(&log->pool) >= need)
		return true;
	need -= segment_pool_ready(&log->pool);
	return segment_log_free_bytes(log) / log->size > need;
}

uint32_t
segment_log_oldest(const struct segment_log *log)
{
	return log->list.count == 0 ? 0 : log->list.entries[0].number;
}

uint32_t
segment_log_count(const struct segment_log *log)
{
	return (uint32_t)log->list.count;
}

void
segment_log_release_oldest(struct segment_log *log)
{
	struct segment_entry *oldest = &log->list.entries[0];
	struct segment_name name = { SEGMENT_LOG, oldest->number };
	int descriptor, rc;

	require(log->live && log->list.count > 1);
	/* What remains must stand on its own, its counters above all. */
	if (segment_batch_holds(&log->batch, 0))
		segment_log_write(log);
	if (oldest->damaged) {
		rc = segment_directory_rename(&log->directory, name,
		    (struct segment_name){ SEGMENT_DAMAGED, name.number });
		segment_directory_sync(&log->directory);
	} else {
		descriptor = segment_list_descriptor(&log->list,
		    &log->directory, oldest);
		rc = segment_pool_give(&log->pool, name,
		    descriptor < 0 ? 0 : segment_file_size(descriptor));
	}
	if (rc != 0)
		fatal_errno("queue log: release of segment %" PRIu32,
		    name.number);
	segment_list_remove(&log->list, oldest);
}

void
segment_log_fill_pool(struct segment_log *log)
{
	segment_pool_fill(&log->pool);
}

uint64_t
segment_log_free_bytes(const struct segment_log *log)
{
	return segment_directory_free_bytes(&log->directory);
}
