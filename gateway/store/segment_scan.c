/*
 * Walk over the records in the bytes of one segment.
 */
#include "gateway/store/segment_scan.h"

void
segment_scan_init(struct segment_scan *scan,
    const struct segment_header *header, struct text bytes)
{
	scan->bytes = text_slice(bytes, 0, header->size);
	scan->use = segment_use_of(header);
	scan->end = (uint32_t)scan->bytes.len;
	scan->begins_batch = false;
	scan->offset = SEGMENT_START;
	scan->lsn = header->first_lsn - 1;
}

void
segment_scan_seek(struct segment_scan *scan, uint32_t offset, uint64_t lsn)
{
	scan->offset = offset;
	scan->lsn = lsn;
}

void
segment_scan_cut(struct segment_scan *scan)
{
	struct segment_scan walk = *scan;
	struct segment_record record;
	struct segment_place place;
	uint32_t end = walk.end;

	while (segment_scan_next(&walk, &record, &place) == 0) {
		if (walk.begins_batch)
			end = walk.end;
		if (record.body_damaged && place.offset < end)
			end = place.offset;
	}
	scan->end = end;
}

int
segment_scan_next(struct segment_scan *scan, struct segment_record *record,
    struct segment_place *place)
{
	struct segment_extent extent;
	struct text rest;

	if (scan->offset >= scan->end)
		return ERROR_NOT_FOUND;
	rest = text_skip(scan->bytes, scan->offset);
	if (segment_record_decode(rest, &scan->use, record, &extent) != 0 ||
	    record->lsn != scan->lsn + 1)
		return ERROR_NOT_FOUND;
	*place = (struct segment_place){
		.segment = scan->use.segment,
		.offset = scan->offset,
		.envelope_len = extent.envelope_len,
		.body_len = extent.body_len,
	};
	scan->begins_batch = extent.begins_batch;
	scan->lsn = record->lsn;
	scan->offset += extent.size;
	return 0;
}
