/*
 * What is gathered for one write.
 */
#include "gateway/store/segment_batch.h"

#include <string.h>
#include <unistd.h>

#include "gateway/store/segment_file.h"

/* Memory of a batch larger than this is given back when it is written. */
#define KEEP_BYTES (2u * 1024u * 1024u)

#ifdef POSTERN_SABOTAGE_ACK_BEFORE_SYNC
#define SABOTAGED true
#else
#define SABOTAGED false
#endif

void
segment_batch_init(struct segment_batch *batch, uint32_t max)
{
	memset(batch, 0, sizeof(*batch));
	buffer_init(&batch->bytes, max);
}

void
segment_batch_clear(struct segment_batch *batch)
{
	buffer_clear(&batch->bytes);
}

void
segment_batch_begin(struct segment_batch *batch,
    const struct segment_header *header)
{
	unsigned char start[SEGMENT_START] = { 0 };

	require(segment_batch_is_empty(batch));
	batch->base = 0;
	segment_header_encode(header, start);
	require(buffer_add(&batch->bytes, start, sizeof(start)) == 0);
}

uint32_t
segment_batch_add(struct segment_batch *batch,
    const struct segment_record *record, const struct segment_use *use)
{
	uint32_t offset = segment_batch_end(batch);

	segment_record_encode(record, use, !batch->begun, &batch->bytes);
	batch->begun = true;
	return offset;
}

uint32_t
segment_batch_end(const struct segment_batch *batch)
{
	return batch->base + (uint32_t)buffer_len(&batch->bytes);
}

bool
segment_batch_is_empty(const struct segment_batch *batch)
{
	return buffer_len(&batch->bytes) == 0;
}

size_t
segment_batch_pending(const struct segment_batch *batch)
{
	return buffer_len(&batch->bytes) - batch->claimed;
}

bool
segment_batch_holds(const struct segment_batch *batch, uint32_t offset)
{
	return offset >= batch->base;
}

int
segment_batch_read(const struct segment_batch *batch, uint32_t offset,
    void *out, size_t len)
{
	struct text part = text_slice(buffer_text(&batch->bytes),
	    offset - batch->base, len);

	if (part.len != len)
		return ERROR_MISMATCH;
	if (len > 0)
		memcpy(out, part.data, len);
	return 0;
}

void
segment_batch_write(struct segment_batch *batch, int descriptor)
{
	if (segment_file_write(descriptor, batch->base,
	    buffer_text(&batch->bytes)) != 0)
		fatal_errno("queue log: write");
	/*
	 * Never again after an error: the kernel may have marked the pages
	 * clean, and a second sync would succeed without having written.
	 */
	if (!SABOTAGED && fdatasync(descriptor) != 0)
		fatal_errno("queue log: fdatasync");
	batch->base = segment_batch_end(batch);
	batch->claimed = 0;
	batch->begun = false;
	if (batch->bytes.size > KEEP_BYTES)
		buffer_clear(&batch->bytes);
	else
		buffer_reset(&batch->bytes);
}

bool
segment_batch_claim(struct segment_batch *batch)
{
	if (!SABOTAGED || batch->claimed > 0)
		return false;
	batch->claimed = buffer_len(&batch->bytes);
	return true;
}
