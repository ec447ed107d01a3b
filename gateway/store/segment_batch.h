/*
 * What is gathered for one write: a run of bytes that will stand at one
 * offset of one segment.
 */
#ifndef GATEWAY_STORE_SEGMENT_BATCH_H
#define GATEWAY_STORE_SEGMENT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/store/segment_header.h"
#include "gateway/store/segment_record.h"

struct segment_batch {
	struct buffer bytes;
	uint32_t base;		/* where they will stand in the file */
	bool begun;		/* it holds a record */
	size_t claimed;		/* 0 but in sabotaged builds */
};

/* max: bytes of the largest segment. */
void segment_batch_init(struct segment_batch *batch, uint32_t max);
void segment_batch_clear(struct segment_batch *batch);

/* Begin a segment: its header, and zeros up to the first record. */
void segment_batch_begin(struct segment_batch *batch,
	const struct segment_header *header);
/* Add a record; gives its offset in the segment. */
uint32_t segment_batch_add(struct segment_batch *batch,
	const struct segment_record *record, const struct segment_use *use);

/* Offset behind the last byte. */
uint32_t segment_batch_end(const struct segment_batch *batch);
/* Whether nothing is here to be written. */
bool segment_batch_is_empty(const struct segment_batch *batch);
/* Bytes not yet durable. */
size_t segment_batch_pending(const struct segment_batch *batch);
/* Whether the byte at this offset is still here, not in the file. */
bool segment_batch_holds(const struct segment_batch *batch, uint32_t offset);
/* Copy from here. ERROR_MISMATCH: not all of it is. */
int segment_batch_read(const struct segment_batch *batch, uint32_t offset,
	void *out, size_t len) MUST_CHECK;

/* One pwrite, one fdatasync; any error is fatal(). */
void segment_batch_write(struct segment_batch *batch, int descriptor);

/*
 * False, always, but in builds sabotaged for the crash tests
 * (POSTERN_SABOTAGE_ACK_BEFORE_SYNC), where every second batch is called
 * durable before it is even written, and nothing is ever synced.
 */
bool segment_batch_claim(struct segment_batch *batch);

#endif
