/*
 * One record of the log: encode, decode, verify.  PROTOCOL.queuelog.
 */
#include "gateway/store/segment_record.h"

#include <string.h>

#include "gateway/base/crc32c.h"
#include "gateway/store/segment_bytes.h"

#define MAGIC 0x43455251u	/* "QREC" */
#define BEGINS_BATCH 0x8000u

enum {
	AT_MAGIC = 0,
	AT_CRC = 4,
	AT_SIZE = 8,	/* the checksum covers from here on */
	AT_TYPE = 12,	/* the top bit: begins a batch */
	AT_FLAGS = 14,
	AT_LSN = 16,
	AT_MID = 24,
	AT_SEGMENT = 32,
	AT_ENVELOPE_LEN = 36,
	AT_BODY_LEN = 40,
	AT_BODY_CRC = 44,
	AT_SALT = 48,
	AT_TIME = 56,
};

struct segment_use
segment_use_of(const struct segment_header *header)
{
	unsigned char salt[8];

	segment_put_u64(salt, header->salt);
	return (struct segment_use){
		.segment = header->segment,
		.seed = crc32c(0, salt, sizeof(salt)),
		.salt = header->salt,
	};
}

uint64_t
segment_record_size(size_t envelope_len, size_t body_len)
{
	uint64_t size = SEGMENT_RECORD_HEADER_SIZE + (uint64_t)envelope_len +
	    (uint64_t)body_len;

	return (size + 7) & ~UINT64_C(7);
}

static void
copy_text(char *at, struct text t)
{
	if (t.len > 0)
		memcpy(at, t.data, t.len);
}

void
segment_record_encode(const struct segment_record *record,
    const struct segment_use *use, bool begins_batch, struct buffer *out)
{
	uint64_t size = segment_record_size(record->envelope.len,
	    record->body.len);
	size_t used = SEGMENT_RECORD_HEADER_SIZE + record->envelope.len +
	    record->body.len;
	uint32_t crc;
	char *at;

	require(size <= UINT32_MAX && record->type > 0 &&
	    record->type <= SEGMENT_TYPE_MAX);
	require(buffer_reserve(out, size, &at) == 0);
	segment_put_u32(at + AT_MAGIC, MAGIC);
	segment_put_u32(at + AT_SIZE, (uint32_t)size);
	segment_put_u16(at + AT_TYPE, (uint16_t)(record->type |
	    (begins_batch ? BEGINS_BATCH : 0)));
	segment_put_u16(at + AT_FLAGS, record->flags);
	segment_put_u64(at + AT_LSN, record->lsn);
	segment_put_u64(at + AT_MID, record->mid);
	segment_put_u32(at + AT_SEGMENT, use->segment);
	segment_put_u32(at + AT_ENVELOPE_LEN, (uint32_t)record->envelope.len);
	segment_put_u32(at + AT_BODY_LEN, (uint32_t)record->body.len);
	segment_put_u32(at + AT_BODY_CRC,
	    crc32c(use->seed, record->body.data, record->body.len));
	segment_put_u64(at + AT_SALT, use->salt);
	segment_put_u64(at + AT_TIME, (uint64_t)record->time_us);
	copy_text(at + SEGMENT_RECORD_HEADER_SIZE, record->envelope);
	crc = crc32c(use->seed, at + AT_SIZE,
	    SEGMENT_RECORD_HEADER_SIZE - AT_SIZE + record->envelope.len);
	segment_put_u32(at + AT_CRC, crc);
	copy_text(at + SEGMENT_RECORD_HEADER_SIZE + record->envelope.len,
	    record->body);
	memset(at + used, 0, size - used);
	buffer_commit(out, size);
}

/* Whether lengths agree with each other and the envelope lies in bytes. */
static bool
is_sane(const struct segment_extent *extent, struct text bytes)
{
	return extent->size == segment_record_size(extent->envelope_len,
	    extent->body_len) && extent->envelope_len <=
	    bytes.len - SEGMENT_RECORD_HEADER_SIZE;
}

int
segment_record_decode_head(struct text bytes, const struct segment_use *use,
    struct segment_record *out, struct segment_extent *extent)
{
	const char *at = bytes.data;
	size_t covered;

	memset(out, 0, sizeof(*out));
	memset(extent, 0, sizeof(*extent));
	if (bytes.len < SEGMENT_RECORD_HEADER_SIZE ||
	    segment_get_u32(at + AT_MAGIC) != MAGIC ||
	    segment_get_u32(at + AT_SEGMENT) != use->segment ||
	    segment_get_u64(at + AT_SALT) != use->salt)
		return ERROR_MALFORMED;
	extent->size = segment_get_u32(at + AT_SIZE);
	extent->envelope_len = segment_get_u32(at + AT_ENVELOPE_LEN);
	extent->body_len = segment_get_u32(at + AT_BODY_LEN);
	extent->body_crc = segment_get_u32(at + AT_BODY_CRC);
	if (!is_sane(extent, bytes))
		return ERROR_MALFORMED;
	covered = SEGMENT_RECORD_HEADER_SIZE - AT_SIZE +
	    (size_t)extent->envelope_len;
	if (segment_get_u32(at + AT_CRC) !=
	    crc32c(use->seed, at + AT_SIZE, covered))
		return ERROR_MALFORMED;
	extent->begins_batch =
	    (segment_get_u16(at + AT_TYPE) & BEGINS_BATCH) != 0;
	out->type = segment_get_u16(at + AT_TYPE) & SEGMENT_TYPE_MAX;
	out->flags = segment_get_u16(at + AT_FLAGS);
	out->lsn = segment_get_u64(at + AT_LSN);
	out->mid = segment_get_u64(at + AT_MID);
	out->time_us = (int64_t)segment_get_u64(at + AT_TIME);
	out->envelope = text_of(at + SEGMENT_RECORD_HEADER_SIZE,
	    extent->envelope_len);
	out->body = TEXT_EMPTY;
	return 0;
}

bool
segment_record_is_body(const struct segment_use *use,
    const struct segment_extent *extent, struct text body)
{
	return body.len == extent->body_len &&
	    crc32c(use->seed, body.data, body.len) == extent->body_crc;
}

int
segment_record_decode(struct text bytes, const struct segment_use *use,
    struct segment_record *out, struct segment_extent *extent)
{
	int rc = segment_record_decode_head(bytes, use, out, extent);

	if (rc != 0)
		return rc;
	if (extent->size > bytes.len)
		return ERROR_MALFORMED;
	out->body = text_of(out->envelope.data + out->envelope.len,
	    extent->body_len);
	out->body_damaged = !segment_record_is_body(use, extent, out->body);
	return 0;
}
