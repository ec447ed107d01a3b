/*
 * The head of a segment file: encode, decode, verify.  PROTOCOL.queuelog.
 */
#include "gateway/store/segment_header.h"

#include <stdbool.h>
#include <string.h>

#include "gateway/base/crc32c.h"
#include "gateway/store/segment_bytes.h"

#define MAGIC 0x47455351u	/* "QSEG" */
#define VERSION 1u

enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_SEGMENT = 8,
	AT_PREVIOUS = 12,
	AT_SALT = 16,
	AT_FIRST_LSN = 24,
	AT_PREVIOUS_LAST_LSN = 32,
	AT_CREATED = 40,
	AT_SIZE = 48,
	AT_CRC = 60,
};

void
segment_header_encode(const struct segment_header *header,
    unsigned char out[SEGMENT_HEADER_SIZE])
{
	memset(out, 0, SEGMENT_HEADER_SIZE);
	segment_put_u32(out + AT_MAGIC, MAGIC);
	segment_put_u32(out + AT_VERSION, VERSION);
	segment_put_u32(out + AT_SEGMENT, header->segment);
	segment_put_u32(out + AT_PREVIOUS, header->previous);
	segment_put_u64(out + AT_SALT, header->salt);
	segment_put_u64(out + AT_FIRST_LSN, header->first_lsn);
	segment_put_u64(out + AT_PREVIOUS_LAST_LSN,
	    header->previous_last_lsn);
	segment_put_u64(out + AT_CREATED, (uint64_t)header->created_us);
	segment_put_u32(out + AT_SIZE, header->size);
	segment_put_u32(out + AT_CRC, crc32c(0, out, AT_CRC));
}

static bool
is_zero(const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static bool
is_sane(const struct segment_header *header)
{
	return header->segment > 0 && header->previous < header->segment &&
	    header->first_lsn > header->previous_last_lsn &&
	    header->size > SEGMENT_START;
}

int
segment_header_decode(const unsigned char in[SEGMENT_HEADER_SIZE],
    struct segment_header *out)
{
	uint32_t version;

	memset(out, 0, sizeof(*out));
	if (is_zero(in, SEGMENT_HEADER_SIZE))
		return ERROR_NOT_FOUND;
	if (segment_get_u32(in + AT_MAGIC) != MAGIC ||
	    segment_get_u32(in + AT_CRC) != crc32c(0, in, AT_CRC))
		return ERROR_MALFORMED;
	version = segment_get_u32(in + AT_VERSION);
	if (version != VERSION)
		return version > VERSION ? ERROR_MISMATCH : ERROR_MALFORMED;
	out->segment = segment_get_u32(in + AT_SEGMENT);
	out->previous = segment_get_u32(in + AT_PREVIOUS);
	out->salt = segment_get_u64(in + AT_SALT);
	out->first_lsn = segment_get_u64(in + AT_FIRST_LSN);
	out->previous_last_lsn =
	    segment_get_u64(in + AT_PREVIOUS_LAST_LSN);
	out->created_us = (int64_t)segment_get_u64(in + AT_CREATED);
	out->size = segment_get_u32(in + AT_SIZE);
	return is_sane(out) ? 0 : ERROR_MALFORMED;
}
