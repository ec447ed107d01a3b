/*
 * One record of the log as bytes.  PROTOCOL.queuelog gives the layout.
 *
 * A record is tied to one use of one file: it repeats segment number and
 * salt, and both checksums start from the salt.  What an earlier use left in
 * a recycled file, or what a sender wrote into a body to look like a record,
 * therefore never passes.
 */
#ifndef GATEWAY_STORE_SEGMENT_RECORD_H
#define GATEWAY_STORE_SEGMENT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/store/segment_header.h"
#include "gateway/store/segment_log.h"

#define SEGMENT_RECORD_HEADER_SIZE 64

/* One use of a file: what its records are checked against. */
struct segment_use {
	uint32_t segment;
	uint32_t seed;		/* of the checksums, from the salt */
	uint64_t salt;
};

struct segment_use segment_use_of(const struct segment_header *header);

/* What a record header says about what follows it. */
struct segment_extent {
	uint32_t size;		/* of the whole record, padded to 8 */
	uint32_t envelope_len;
	uint32_t body_len;
	uint32_t body_crc;
	bool begins_batch;	/* all before it was durable first */
};

/* Bytes of a record with such an envelope and body, padded to 8. */
uint64_t segment_record_size(size_t envelope_len, size_t body_len);

/*
 * Append the record to out, which must have room (require), as its type
 * must be one (SEGMENT_TYPE_MAX).
 */
void segment_record_encode(const struct segment_record *record,
	const struct segment_use *use, bool begins_batch,
	struct buffer *out);

/*
 * Read header and envelope from bytes, which begin at a record.  The
 * envelope is borrowed, the body left empty.  ERROR_MALFORMED: not a whole
 * record header of this use.
 */
int segment_record_decode_head(struct text bytes,
	const struct segment_use *use, struct segment_record *out,
	struct segment_extent *extent) MUST_CHECK;

/*
 * The same with the body, which must lie in bytes too.  A body that does
 * not match its checksum is given with body_damaged.
 */
int segment_record_decode(struct text bytes, const struct segment_use *use,
	struct segment_record *out, struct segment_extent *extent) MUST_CHECK;

bool segment_record_is_body(const struct segment_use *use,
	const struct segment_extent *extent, struct text body);

#endif
