/*
 * Results kept by the deliver process.
 */
#include "queue/delivery/deliver_outbox.h"

#include <stdlib.h>

#include "gateway/base/buffer.h"
#include "gateway/base/list.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"

struct deliver_kept {
	struct list link;
	int64_t at_ms;
	struct text payload;
};

struct deliver_outbox {
	struct list kept;	/* oldest first */
	size_t count;
	size_t bytes;
	struct buffer scratch;
};

struct deliver_outbox *
deliver_outbox_new(void)
{
	struct deliver_outbox *outbox = memory_new(sizeof(*outbox));

	list_init(&outbox->kept);
	buffer_init(&outbox->scratch, IPC_PAYLOAD_MAX);
	return outbox;
}

static size_t
deliver_kept_size(const struct deliver_kept *kept)
{
	return sizeof(*kept) + kept->payload.len;
}

static void
deliver_outbox_drop(struct deliver_outbox *outbox)
{
	struct deliver_kept *kept = LIST_OWNER(outbox->kept.next,
	    struct deliver_kept, link);

	list_remove(&kept->link);
	outbox->count--;
	outbox->bytes -= deliver_kept_size(kept);
	free((void *)(uintptr_t)kept->payload.data);
	free(kept);
}

void
deliver_outbox_free(struct deliver_outbox *outbox)
{
	if (outbox == NULL)
		return;
	while (!list_is_empty(&outbox->kept))
		deliver_outbox_drop(outbox);
	buffer_clear(&outbox->scratch);
	free(outbox);
}

static void
deliver_outbox_expire(struct deliver_outbox *outbox, int64_t now_ms)
{
	const struct deliver_kept *oldest;

	while (!list_is_empty(&outbox->kept)) {
		oldest = LIST_OWNER(outbox->kept.next, struct deliver_kept,
		    link);
		if (outbox->bytes <= DELIVER_OUTBOX_BYTES &&
		    now_ms - oldest->at_ms < DELIVER_OUTBOX_MS)
			return;
		deliver_outbox_drop(outbox);
	}
}

void
deliver_outbox_add(struct deliver_outbox *outbox,
	const struct frame_job_result *result, int64_t now_ms)
{
	struct deliver_kept *kept;

	buffer_reset(&outbox->scratch);
	/* Our own words, cut so that they fit. */
	require(record_encode(&frame_job_result_shape, result,
	    &outbox->scratch) == 0);
	kept = memory_new(sizeof(*kept));
	kept->at_ms = now_ms;
	kept->payload = memory_text(buffer_text(&outbox->scratch));
	list_append(&outbox->kept, &kept->link);
	outbox->count++;
	outbox->bytes += deliver_kept_size(kept);
	deliver_outbox_expire(outbox, now_ms);
}

void
deliver_outbox_send(struct deliver_outbox *outbox, struct ipc *ipc,
	int64_t now_ms)
{
	struct list *link, *after;

	deliver_outbox_expire(outbox, now_ms);
	LIST_EACH(&outbox->kept, link, after)
		ipc_send(ipc, FRAME_JOB_RESULT, LIST_OWNER(link,
		    struct deliver_kept, link)->payload, -1);
}

size_t
deliver_outbox_count(const struct deliver_outbox *outbox)
{
	return outbox->count;
}
