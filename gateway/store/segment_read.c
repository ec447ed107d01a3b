/*
 * Single records of the log, by their place.
 *
 * Everything is verified: an index that is older or newer than the log, or a
 * disk that gives other bytes than it was given, must never turn one message
 * into another.
 */
#include <string.h>

#include "gateway/store/segment_file.h"
#include "gateway/store/segment_log_private.h"

/* From the batch where the bytes are not written yet, else from the file. */
static int
read_bytes(struct segment_log *log, struct segment_entry *entry,
    uint32_t offset, void *out, size_t len)
{
	int descriptor;

	if (log->live && entry == segment_list_last(&log->list) &&
	    segment_batch_holds(&log->batch, offset))
		return segment_batch_read(&log->batch, offset, out, len);
	descriptor = segment_list_descriptor(&log->list, &log->directory,
	    entry);
	if (descriptor < 0)
		return ERROR_SYSTEM;
	return segment_file_read(descriptor, offset, out, len);
}

static bool
is_inside(const struct segment_entry *entry, const struct segment_place *place)
{
	return place->offset >= SEGMENT_START && place->offset +
	    segment_record_size(place->envelope_len, place->body_len) <=
	    entry->header.size;
}

/* Header and envelope, verified, appended to out; *out as before if not. */
static int
read_head(struct segment_log *log, struct segment_entry *entry,
    const struct segment_place *place, uint64_t mid, struct buffer *out,
    struct segment_extent *extent)
{
	size_t len = SEGMENT_RECORD_HEADER_SIZE + (size_t)place->envelope_len;
	struct segment_use use = segment_use_of(&entry->header);
	struct segment_record record;
	char *at;
	int rc = buffer_reserve(out, len, &at);

	if (rc == 0)
		rc = read_bytes(log, entry, place->offset, at, len);
	if (rc != 0)
		return rc;
	if (segment_record_decode_head(text_of(at, len), &use, &record,
	    extent) != 0 || record.mid != mid ||
	    extent->envelope_len != place->envelope_len ||
	    extent->body_len != place->body_len)
		return ERROR_MISMATCH;
	buffer_commit(out, len);
	return 0;
}

static int
find_entry(struct segment_log *log, const struct segment_place *place,
    struct segment_entry **entry)
{
	*entry = segment_list_find(&log->list, place->segment);
	if (*entry == NULL)
		return ERROR_NOT_FOUND;
	if ((*entry)->header_error != 0 || !is_inside(*entry, place))
		return ERROR_MISMATCH;
	return 0;
}

int
segment_log_read_envelope(struct segment_log *log,
    const struct segment_place *place, uint64_t mid, struct buffer *out)
{
	struct segment_entry *entry;
	struct segment_extent extent;
	struct buffer head;
	int rc = find_entry(log, place, &entry);

	if (rc != 0)
		return rc;
	buffer_init(&head, entry->header.size);
	rc = read_head(log, entry, place, mid, &head, &extent);
	if (rc == 0)
		rc = buffer_add_text(out, text_skip(buffer_text(&head),
		    SEGMENT_RECORD_HEADER_SIZE));
	buffer_clear(&head);
	return rc;
}

int
segment_log_read_body(struct segment_log *log,
    const struct segment_place *place, uint64_t mid, struct buffer *out)
{
	struct segment_entry *entry;
	struct segment_extent extent;
	struct segment_use use;
	struct buffer head;
	char *at;
	int rc = find_entry(log, place, &entry);

	if (rc != 0)
		return rc;
	use = segment_use_of(&entry->header);
	buffer_init(&head, entry->header.size);
	rc = read_head(log, entry, place, mid, &head, &extent);
	if (rc == 0)
		rc = buffer_reserve(out, extent.body_len, &at);
	if (rc == 0)
		rc = read_bytes(log, entry, place->offset +
		    (uint32_t)buffer_len(&head), at, extent.body_len);
	if (rc == 0 && !segment_record_is_body(&use, &extent,
	    text_of(at, extent.body_len)))
		rc = ERROR_MISMATCH;
	if (rc == 0)
		buffer_commit(out, extent.body_len);
	buffer_clear(&head);
	return rc;
}
