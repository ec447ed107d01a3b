/*
 * The insides of a log, for segment_log.c, segment_replay.c and
 * segment_read.c.
 */
#ifndef GATEWAY_STORE_SEGMENT_LOG_PRIVATE_H
#define GATEWAY_STORE_SEGMENT_LOG_PRIVATE_H

#include "gateway/store/segment_batch.h"
#include "gateway/store/segment_directory.h"
#include "gateway/store/segment_list.h"
#include "gateway/store/segment_log.h"
#include "gateway/store/segment_pool.h"

struct segment_log {
	struct segment_directory directory;
	struct segment_pool pool;
	struct segment_list list;	/* the last one is being written */
	struct segment_batch batch;
	struct segment_use use;		/* of the last one */
	const struct segment_log_events *events;
	void *context;
	uint32_t size;			/* of a segment, bytes */
	uint32_t next_number;		/* above all that were ever used */
	uint64_t lsn;			/* given last, or found last */
	struct segment_position synced;
	uint64_t sync_us;
	bool live;			/* replay is done */
};

/*
 * Begin the next segment with this LSN; what the one before ends with is
 * log->lsn.  The header and the counters go into the batch, which must be
 * empty.  ERROR_SYSTEM: there is no file for it.
 */
int segment_log_begin(struct segment_log *log, uint64_t first_lsn)
	MUST_CHECK;
/* Write and sync the batch. */
void segment_log_write(struct segment_log *log);

#endif
