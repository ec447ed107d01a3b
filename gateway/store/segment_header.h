/*
 * The 64 bytes that open a segment file, as plain data.  PROTOCOL.queuelog
 * gives the layout.
 */
#ifndef GATEWAY_STORE_SEGMENT_HEADER_H
#define GATEWAY_STORE_SEGMENT_HEADER_H

#include <stdint.h>

#include "gateway/base/error.h"

#define SEGMENT_HEADER_SIZE 64
/* Where the first record of a segment stands. */
#define SEGMENT_START 4096

struct segment_header {
	uint32_t segment;	/* number, above 0 */
	uint32_t previous;	/* number of the one before; 0: none */
	uint64_t salt;		/* random, new at each use of a file */
	uint64_t first_lsn;	/* of the first record */
	uint64_t previous_last_lsn;	/* where the one before ends */
	int64_t created_us;
	uint32_t size;		/* of the file, bytes */
};

void segment_header_encode(const struct segment_header *header,
	unsigned char out[SEGMENT_HEADER_SIZE]);

/*
 * ERROR_NOT_FOUND: all zero, never written; ERROR_MALFORMED: damaged;
 * ERROR_MISMATCH: whole, but of a newer format.
 */
int segment_header_decode(const unsigned char in[SEGMENT_HEADER_SIZE],
	struct segment_header *out) MUST_CHECK;

#endif
