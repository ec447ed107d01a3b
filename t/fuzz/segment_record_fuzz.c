/*
 * Arbitrary bytes as a segment of the queue's log.
 *
 * The first 64 bytes are the segment's header, what follows stands at the
 * first record.  Whatever the header, the bytes are also walked under a known
 * one, with the salt and the number put where records repeat them, so that
 * the walk gets further.
 *
 * Asserted: the walk stays inside; every record found has a checksum that
 * holds when it is computed a second way; encoded again it is the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"
#include "gateway/store/segment_bytes.h"
#include "gateway/store/segment_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* CRC-32C bit by bit, from its definition. */
static uint32_t
slow_crc32c(uint32_t crc, const char *bytes, size_t len)
{
	size_t i;
	int bit;

	crc = ~crc;
	for (i = 0; i < len; i++) {
		crc ^= (unsigned char)bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static void
check_record(const struct segment_scan *scan,
    const struct segment_record *record, const struct segment_place *place)
{
	const char *at = scan->bytes.data + place->offset;
	size_t head = 64 + record->envelope.len;
	uint32_t crc = slow_crc32c(scan->use.seed, at + 8, head - 8);
	struct segment_record whole = *record;
	struct buffer again;

	require(crc == segment_get_u32(at + 4));
	crc = slow_crc32c(scan->use.seed, record->body.data, record->body.len);
	require((crc == segment_get_u32(at + 44)) == !record->body_damaged);
	require(record->envelope.data == at + 64);
	require(record->body.data == at + head);
	require(head + record->body.len <= scan->offset - place->offset);
	if (record->type == 0 || record->body_damaged)
		return;
	buffer_init(&again, scan->bytes.len + 8);
	segment_record_encode(&whole, &scan->use, scan->begins_batch, &again);
	require(buffer_len(&again) == scan->offset - place->offset);
	require(memcmp(buffer_text(&again).data, at, head + record->body.len)
	    == 0);
	buffer_clear(&again);
}

static void
walk(const struct segment_header *header, struct text bytes)
{
	struct segment_scan scan;
	struct segment_record record;
	struct segment_place place;
	uint32_t offset;
	uint64_t lsn = header->first_lsn;

	segment_scan_init(&scan, header, bytes);
	segment_scan_cut(&scan);
	require(scan.end <= bytes.len);
	for (offset = scan.offset;
	    segment_scan_next(&scan, &record, &place) == 0;
	    offset = scan.offset) {
		require(place.offset == offset && record.lsn == lsn++);
		require(scan.offset <= bytes.len && scan.offset % 8 == 0);
		check_record(&scan, &record, &place);
	}
	require(scan.offset == offset);
}

/* Make plausible what chance would take too long to hit. */
static void
mend(char *bytes, size_t len, const struct segment_header *header)
{
	struct segment_use use = segment_use_of(header);
	uint64_t lsn = header->first_lsn;
	size_t at = SEGMENT_START, covered, body, size;

	while (at + SEGMENT_RECORD_HEADER_SIZE <= len) {
		char *head = bytes + at;

		segment_put_u32(head, 0x43455251u);
		segment_put_u64(head + 16, lsn++);
		segment_put_u32(head + 32, use.segment);
		segment_put_u64(head + 48, use.salt);
		covered = segment_get_u32(head + 36);
		body = segment_get_u32(head + 40);
		size = segment_record_size(covered, body);
		/* Two bits of the flags leave head or body as it is. */
		if (size > len - at || (head[15] & 0x80) != 0)
			return;
		segment_put_u32(head + 8, (uint32_t)size);
		if ((head[15] & 0x40) == 0)
			segment_put_u32(head + 44, slow_crc32c(use.seed,
			    head + 64 + covered, body));
		segment_put_u32(head + 4, slow_crc32c(use.seed, head + 8,
		    56 + covered));
		at += size;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment_header header, known = {
		.segment = 7,
		.previous = 6,
		.salt = UINT64_C(0x0123456789abcdef),
		.first_lsn = 4097,
		.previous_last_lsn = 1,
		.size = 1 << 20,
	};
	unsigned char again[SEGMENT_HEADER_SIZE];
	size_t len;
	char *bytes;

	if (size < SEGMENT_HEADER_SIZE)
		return 0;
	len = SEGMENT_START + size - SEGMENT_HEADER_SIZE;
	bytes = memory_new(len);
	memcpy(bytes, data, SEGMENT_HEADER_SIZE);
	memcpy(bytes + SEGMENT_START, data + SEGMENT_HEADER_SIZE,
	    size - SEGMENT_HEADER_SIZE);
	if (segment_header_decode(data, &header) == 0) {
		segment_header_encode(&header, again);
		require(memcmp(again, data, 52) == 0);
		walk(&header, text_of(bytes, len));
	}
	walk(&known, text_of(bytes, len));
	mend(bytes, len, &known);
	walk(&known, text_of(bytes, len));
	free(bytes);
	return 0;
}
