/*
 * The queue's log: records in zero-filled, recycled segment files
 * (PROTOCOL.queuelog describes the bytes).  The log is the truth; what
 * stands in it after a sync is never lost, and nothing else counts.
 *
 * Records are gathered into one batch, written by one pwrite and made
 * durable by one fdatasync.  Any error of these is fatal(): a sync is never
 * tried again, because the page cache may then show what the disk does not
 * have.  What the records mean is the queue's business.
 */
#ifndef GATEWAY_STORE_SEGMENT_LOG_H
#define GATEWAY_STORE_SEGMENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct segment_log;

/* Where a record stands. */
struct segment_place {
	uint32_t segment;	/* number, never used again; 0: nowhere */
	uint32_t offset;	/* of the record header */
	uint32_t envelope_len;
	uint32_t body_len;
};

struct segment_record {
	uint16_t type;		/* the queue's, 1 to SEGMENT_TYPE_MAX */
	uint16_t flags;
	uint64_t lsn;		/* given by the log */
	uint64_t mid;
	int64_t time_us;
	struct text envelope;	/* protected by the header checksum */
	struct text body;	/* protected by its own checksum */
	bool body_damaged;	/* replay: header good, body not */
};

#define SEGMENT_COUNTERS 1
#define SEGMENT_TYPE_MAX 0x7fff
#define SEGMENT_COUNTERS_MAX 65536	/* bytes of their envelope */
#define SEGMENT_SIZE_MIN (256 * 1024)
#define SEGMENT_SIZE_MAX (1024 * 1024 * 1024)

struct segment_log_settings {
	const char *directory;
	uint32_t segment_size;	/* SEGMENT_SIZE_MIN to _MAX; 16 MB */
	uint32_t pool;		/* zero-filled files kept ready; 8 */
};

struct segment_log_events {
	/*
	 * A new segment opens, inside append or replay: add to out what
	 * recycling would lose (ledger totals, high-water marks), as of the
	 * last record appended or visited; it becomes the envelope of the
	 * segment's first record, SEGMENT_COUNTERS.  Calls no log function.
	 */
	void (*counters)(void *context, struct buffer *out);
};

/* A point between two records. */
struct segment_position {
	uint64_t lsn;		/* of the last record before it */
	uint32_t segment;
	uint32_t offset;	/* of the next record */
};

/*
 * Open the log in a directory (made if missing, mode 0700) and lock it
 * against a second user.  ERROR_STATE: locked by another process;
 * ERROR_MISMATCH: a newer format; ERROR_SYSTEM.
 */
int segment_log_open(const struct segment_log_settings *settings,
	const struct segment_log_events *events, void *context,
	struct segment_log **out, struct reason *why) MUST_CHECK;
void segment_log_close(struct segment_log *log);

/*
 * Read every record behind *from (NULL: from the oldest segment) in order,
 * and make durable what is read before anything is acted upon (a kill -9
 * leaves records in the page cache that no sync ever covered).  Then open a
 * new segment with a number never used before; the lsn jumps by 4096.
 *
 * visit gets each record with its place; the texts are borrowed until it
 * returns.  A bad tail of the last segment is a tear: nobody's mail; so is
 * what follows a damaged body in the last batch that was written.  A bad
 * header in a segment that has a successor is an alarm (logged); that
 * segment is kept for good and replay goes on at the successor.  A damaged
 * body is visited with body_damaged set.
 * ERROR_NOT_FOUND: from's segment is gone or does not fit; call again with
 * NULL and rebuild the index.
 */
int segment_log_replay(struct segment_log *log,
	const struct segment_position *from,
	void (*visit)(void *context, const struct segment_record *record,
		const struct segment_place *place),
	void *context, struct reason *why) MUST_CHECK;

/*
 * Add a record to the batch at hand; lsn is given here, place may be NULL.
 * Larger than segment_log_record_max() is our bug (require): bodies over
 * segment_log_body_max() are split by the caller into several records.  May
 * close the segment, write and sync the batch so far, and open the next.
 */
void segment_log_append(struct segment_log *log,
	struct segment_record *record, struct segment_place *place);
uint32_t segment_log_body_max(const struct segment_log *log);
/* Envelope and body of one record together, at most. */
uint32_t segment_log_record_max(const struct segment_log *log);

/* Bytes that wait in the batch. */
size_t segment_log_pending(const struct segment_log *log);
/* Write and fdatasync what is pending; on return all is durable. */
void segment_log_sync(struct segment_log *log);
/* Behind the last synced record. */
struct segment_position segment_log_position(const struct segment_log *log);
/* Microseconds that the last sync took, smoothed. */
uint64_t segment_log_sync_us(const struct segment_log *log);

/*
 * Read the body of a synced or still pending record into out (appended).
 * Segment, mid and checksums are verified.  ERROR_MISMATCH: damaged;
 * ERROR_NOT_FOUND: recycled; ERROR_SYSTEM.
 */
int segment_log_read_body(struct segment_log *log,
	const struct segment_place *place, uint64_t mid, struct buffer *out)
	MUST_CHECK;
int segment_log_read_envelope(struct segment_log *log,
	const struct segment_place *place, uint64_t mid, struct buffer *out)
	MUST_CHECK;

/*
 * Recycling.  The oldest segment may leave when nothing in it is needed:
 * the caller copies live records to the head, syncs, makes its index
 * durable beyond them, then releases it, while there are at least two.  The
 * file goes back to the pool or is removed when that is full; a segment that
 * raised an alarm becomes damaged-N and is left to people.
 */
uint32_t segment_log_oldest(const struct segment_log *log);	/* 0: none */
uint32_t segment_log_count(const struct segment_log *log);
void segment_log_release_oldest(struct segment_log *log);
/* Work for a forked helper: call once per turn and at SIGCHLD. No wait. */
void segment_log_fill_pool(struct segment_log *log);

/*
 * Whether there is space for records of so many bytes in all, beside two
 * segments for outcomes and for a restart.  Ask before taking new mail:
 * segment_log_append() is fatal() where there is no next segment.
 */
bool segment_log_can_append(const struct segment_log *log, size_t bytes);
/* Bytes free for us on the file system. */
uint64_t segment_log_free_bytes(const struct segment_log *log);

#endif
