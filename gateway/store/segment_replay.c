/*
 * Reading the log at start.
 *
 * After a kill the page cache shows records that no sync ever covered, and
 * after an error of the disk it may go on showing what the disk does not
 * have, while a second fdatasync(2) succeeds.  Acting upon such a record (it
 * is delivered, say, and that is logged) and then losing power would leave a
 * log that contradicts itself.  So nothing found here is acted upon before
 * it is durable:
 *
 * - Which records can be in doubt?  A batch is written only after the sync
 *   of the one before, and a segment is begun only after the sync of all in
 *   the one before.  So the doubt is in the last segment alone, and there
 *   behind the position that the index has, since only synced records go to
 *   the index.
 * - What is in doubt is not synced again where it stands but copied: the
 *   whole valid part of the last segment goes into a fresh file, whose pages
 *   are dirty and whose sync therefore tells the truth, and that file then
 *   replaces the segment under its own name.  Numbers, LSNs, salt and places
 *   stay as they were; rename(2) makes it one step; a crash before it leaves
 *   the old file, which nobody has acted upon.  Behind the valid part the
 *   fresh file holds zeros or another use's bytes, never the torn tail.
 * - All other segments that are read are synced as well, which costs nothing
 *   where nothing is dirty.
 *
 * Any error of these syncs ends the process.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/store/segment_file.h"
#include "gateway/store/segment_log_private.h"
#include "gateway/store/segment_scan.h"

/* Between the last LSN found and the first one given. */
#define LSN_JUMP 4096

typedef void (*replay_visit)(void *context,
    const struct segment_record *record, const struct segment_place *place);

struct replay {
	struct segment_log *log;
	const struct segment_position *from;
	replay_visit visit;
	void *context;
	struct reason *why;
	char *bytes;		/* of one segment */
	uint32_t capacity;
	uint64_t lsn_lost;	/* LSNs that a lost segment may have used */
	uint64_t records;
};

static int
fail(const struct replay *replay, uint32_t segment, const char *what)
{
	reason_set(replay->why, "segment %" PRIu32 ": %s: %s", segment, what,
	    strerror(errno));
	return ERROR_SYSTEM;
}

static void
alarm_damaged(struct segment_entry *entry, const struct segment_scan *scan,
    uint64_t expected_lsn)
{
	entry->damaged = true;
	log_event(LOG_ERROR_LEVEL, 0, "segment_damaged",
	    LOG_NUMBER("segment", entry->number),
	    LOG_NUMBER("offset", scan == NULL ? 0 : scan->offset),
	    LOG_NUMBER("lsn", scan == NULL ? 0 : scan->lsn),
	    LOG_NUMBER("expected_lsn", expected_lsn));
}

/* ---- the last segment's header ------------------------------------------- */

/*
 * A header is one sector: old or new, never half.  Zero or another use's
 * header therefore means that a name was given and nothing was written.
 * Anything else was a header once, and its segment may hold mail.
 */
static int
settle_last(struct replay *replay, struct segment_entry *entry)
{
	struct segment_log *log = replay->log;
	struct segment_name name = { SEGMENT_LOG, entry->number };
	int descriptor, rc;

	if (entry->header_error == ERROR_NOT_FOUND) {
		descriptor = segment_list_descriptor(&log->list,
		    &log->directory, entry);
		rc = segment_pool_give(&log->pool, name,
		    descriptor < 0 ? 0 : segment_file_size(descriptor));
	} else {
		alarm_damaged(entry, NULL, 0);
		replay->lsn_lost += log->size / SEGMENT_RECORD_HEADER_SIZE;
		rc = segment_directory_rename(&log->directory, name,
		    (struct segment_name){ SEGMENT_DAMAGED, name.number });
		segment_directory_sync(&log->directory);
	}
	if (rc != 0)
		return fail(replay, name.number, "rename");
	segment_list_remove(&log->list, entry);
	return 0;
}

static int
settle_tail(struct replay *replay)
{
	struct segment_list *list = &replay->log->list;
	int rc = 0;

	while (rc == 0 && list->count > 0 &&
	    segment_list_last(list)->header_error != 0)
		rc = settle_last(replay, segment_list_last(list));
	return rc;
}

/* ---- the position to start from ------------------------------------------ */

/* Whether the position can be one of this segment. */
static bool
is_position_of(const struct segment_list *list,
    const struct segment_entry *entry, const struct segment_position *from)
{
	const struct segment_entry *next = entry + 1;

	if (entry->header_error != 0 || from->offset < SEGMENT_START ||
	    from->offset > entry->header.size || from->offset % 8 != 0 ||
	    from->lsn + 1 < entry->header.first_lsn)
		return false;
	return entry == segment_list_last(list) || next->header_error != 0 ||
	    from->lsn <= next->header.previous_last_lsn;
}

static int
find_start(const struct replay *replay, size_t *at)
{
	const struct segment_list *list = &replay->log->list;
	const struct segment_position *from = replay->from;
	const struct segment_entry *entry;

	*at = 0;
	if (from == NULL)
		return 0;
	entry = segment_list_find(list, from->segment);
	if (entry == NULL || !is_position_of(list, entry, from)) {
		reason_set(replay->why, "position %" PRIu32 ":%" PRIu32
		    " does not fit the log", from->segment, from->offset);
		return ERROR_NOT_FOUND;
	}
	*at = (size_t)(entry - list->entries);
	return 0;
}

/* ---- one segment --------------------------------------------------------- */

static int
load(struct replay *replay, struct segment_entry *entry, int *descriptor,
    uint32_t *len, bool *unreadable)
{
	struct segment_log *log = replay->log;
	uint64_t size;

	*descriptor = segment_list_descriptor(&log->list, &log->directory,
	    entry);
	if (*descriptor < 0)
		return fail(replay, entry->number, "open");
	size = segment_file_size(*descriptor);
	*len = size < entry->header.size ? (uint32_t)size :
	    entry->header.size;
	if (*len > replay->capacity) {
		replay->bytes = memory_resize(replay->bytes, *len, 1);
		replay->capacity = *len;
	}
	segment_file_read_all(*descriptor, replay->bytes, *len, unreadable);
	return 0;
}

static void
visit_all(struct replay *replay, struct segment_scan *scan)
{
	struct segment_record record;
	struct segment_place place;

	while (segment_scan_next(scan, &record, &place) == 0) {
		replay->records++;
		replay->visit(replay->context, &record, &place);
	}
}

/*
 * Compare where the walk ended with what the successor says, unless that
 * one's header is damaged too.
 */
static void
check_successor(struct segment_entry *entry, const struct segment_entry *next,
    const struct segment_scan *scan)
{
	if (next->header_error != 0)
		return;
	if (next->header.previous != entry->number)
		log_event(LOG_ERROR_LEVEL, 0, "segment_missing",
		    LOG_NUMBER("segment", next->header.previous));
	else if (next->header.previous_last_lsn != scan->lsn)
		alarm_damaged(entry, scan, next->header.previous_last_lsn);
}

/* Put the valid part of the last segment into a fresh file; see above. */
static int
renew(struct replay *replay, struct segment_entry *entry, uint32_t end,
    bool unreadable)
{
	struct segment_log *log = replay->log;
	struct segment_name fresh = { SEGMENT_FILL, 0 };
	struct segment_name name = { SEGMENT_LOG, entry->number };
	int descriptor = segment_pool_take(&log->pool, fresh);

	if (descriptor < 0)
		return fail(replay, entry->number, "fresh file");
	if (segment_file_write(descriptor, 0, text_of(replay->bytes, end))
	    != 0)
		fatal_errno("queue log: copy of segment %" PRIu32,
		    entry->number);
	if (fdatasync(descriptor) != 0)
		fatal_errno("queue log: fdatasync of a copy");
	if (unreadable && segment_directory_link(&log->directory, name,
	    (struct segment_name){ SEGMENT_DAMAGED, entry->number }) != 0)
		fatal_errno("queue log: link to a segment");
	if (segment_directory_rename(&log->directory, fresh, name) != 0)
		fatal_errno("queue log: rename of a copy");
	segment_directory_sync(&log->directory);
	segment_list_set_descriptor(&log->list, entry, descriptor);
	return 0;
}

static int
replay_segment(struct replay *replay, size_t at, bool from_here)
{
	struct segment_list *list = &replay->log->list;
	struct segment_entry *entry = &list->entries[at];
	const struct segment_position *from = replay->from;
	struct segment_scan scan;
	uint32_t len;
	bool unreadable;
	int descriptor, rc;

	if (entry->header_error != 0) {
		alarm_damaged(entry, NULL, 0);
		return 0;
	}
	rc = load(replay, entry, &descriptor, &len, &unreadable);
	if (rc != 0)
		return rc;
	segment_scan_init(&scan, &entry->header, text_of(replay->bytes, len));
	if (from_here)
		segment_scan_seek(&scan, from->offset, from->lsn);
	if (entry == segment_list_last(list))
		segment_scan_cut(&scan);
	visit_all(replay, &scan);
	replay->log->lsn = scan.lsn;
	if (fdatasync(descriptor) != 0)
		fatal_errno("queue log: fdatasync of segment %" PRIu32,
		    entry->number);
	if (entry != segment_list_last(list)) {
		check_successor(entry, entry + 1, &scan);
		return 0;
	}
	if (unreadable)
		alarm_damaged(entry, &scan, 0);
	/* The index knows all, so all was synced; and no torn record. */
	if (from_here && scan.offset == from->offset && scan.end == len)
		return 0;
	return renew(replay, entry, scan.offset, unreadable);
}

/* A segment of our own, behind whatever was found. */
static int
begin_anew(struct replay *replay)
{
	struct segment_log *log = replay->log;

	if (segment_log_begin(log, log->lsn + replay->lsn_lost + LSN_JUMP)
	    != 0) {
		reason_set(replay->why, "next segment: %s", strerror(errno));
		return ERROR_SYSTEM;
	}
	log->live = true;
	segment_log_write(log);
	return 0;
}

int
segment_log_replay(struct segment_log *log,
    const struct segment_position *from, replay_visit visit, void *context,
    struct reason *why)
{
	struct replay replay = {
		.log = log,
		.from = from,
		.visit = visit,
		.context = context,
		.why = why,
	};
	size_t first = 0, at;
	int rc;

	require(!log->live);
	rc = settle_tail(&replay);
	if (rc == 0)
		rc = find_start(&replay, &first);
	for (at = first; rc == 0 && at < log->list.count; at++)
		rc = replay_segment(&replay, at, from != NULL && at == first);
	if (rc == 0)
		rc = begin_anew(&replay);
	if (rc == 0)
		log_event(LOG_INFO_LEVEL, 0, "log_replayed",
		    LOG_NUMBER("records", replay.records),
		    LOG_NUMBER("segments", log->list.count - 1),
		    LOG_NUMBER("lsn", log->synced.lsn));
	free(replay.bytes);
	return rc;
}
