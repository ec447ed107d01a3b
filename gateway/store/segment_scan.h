/*
 * Walk over the records in the bytes of one segment.  No input, no output:
 * the caller has read the file.
 *
 * The walk ends at the first place that holds no record of this use with
 * the next LSN.  It never searches for another one behind: bodies come from
 * strangers, and may hold what looks like a record.
 */
#ifndef GATEWAY_STORE_SEGMENT_SCAN_H
#define GATEWAY_STORE_SEGMENT_SCAN_H

#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/store/segment_header.h"
#include "gateway/store/segment_log.h"
#include "gateway/store/segment_record.h"

struct segment_scan {
	struct text bytes;	/* of the file, from its beginning */
	struct segment_use use;
	uint32_t end;		/* no record from here on */
	uint32_t offset;	/* behind the last record found */
	uint64_t lsn;		/* of the last record found */
	bool begins_batch;	/* the last record found */
};

/*
 * Walk from the segment's first record.  Bytes behind header->size are not
 * looked at.
 */
void segment_scan_init(struct segment_scan *scan,
	const struct segment_header *header, struct text bytes);
/* Go on behind a known record instead. */
void segment_scan_seek(struct segment_scan *scan, uint32_t offset,
	uint64_t lsn);

/*
 * For the last segment, whose last batch may be torn: end the walk at the
 * first damaged body of that batch.  Damaged bodies in earlier batches are
 * another matter: those were durable before the last was written.
 */
void segment_scan_cut(struct segment_scan *scan);

/* The next record; its texts are borrowed from bytes. ERROR_NOT_FOUND. */
int segment_scan_next(struct segment_scan *scan,
	struct segment_record *record, struct segment_place *place)
	MUST_CHECK;

#endif
