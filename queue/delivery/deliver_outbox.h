/*
 * Results that queue may not have seen: kept for a while after they were
 * sent, and sent again on a new channel.  They are idempotent, so once more
 * does no harm, and a queue that died between reading and recording one
 * does not deliver the message again.
 */
#ifndef QUEUE_DELIVERY_DELIVER_OUTBOX_H
#define QUEUE_DELIVERY_DELIVER_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/ipc.h"
#include "gateway/protocol/frame_deliver.h"

#define DELIVER_OUTBOX_MS 60000		/* how long */
#define DELIVER_OUTBOX_BYTES (16u * 1024u * 1024u)	/* and how much */

struct deliver_outbox;

struct deliver_outbox *deliver_outbox_new(void);
void deliver_outbox_free(struct deliver_outbox *outbox);

/* Keep a copy; now_ms is monotonic.  The oldest go where it is full. */
void deliver_outbox_add(struct deliver_outbox *outbox,
	const struct frame_job_result *result, int64_t now_ms);
/* Send everything that is kept, oldest first. */
void deliver_outbox_send(struct deliver_outbox *outbox, struct ipc *ipc,
	int64_t now_ms);
size_t deliver_outbox_count(const struct deliver_outbox *outbox);

#endif
