/*
 * Jobs: which deliver process, and what it is told.
 *
 * A destination's jobs go to as few processes as its share of connections
 * needs, so that connections are used again; the first one is chosen by the
 * hash of its key.
 */
#include "queue/queue_dispatch.h"

#include <string.h>

#include "gateway/base/log.h"
#include "gateway/protocol/process.h"
#include "queue/queue.h"

/* A channel with more than this waiting in it takes no jobs now. */
#define BACKLOG_MAX (4u * 1024 * 1024)

/* Processes that a destination is spread over. */
static uint32_t
spread_of(const struct queue *queue,
    const struct queue_destination *destination)
{
	uint32_t count = queue->channels.deliver_count;

	if (count > QUEUE_WORKERS)
		count = QUEUE_WORKERS;
	return count < destination->to.concurrency ? count :
	    destination->to.concurrency;
}

/* Connections of each of them. */
static uint32_t
share_of(const struct queue *queue,
    const struct queue_destination *destination)
{
	uint32_t spread = spread_of(queue, destination);

	return spread == 0 ? 1 :
	    (destination->to.concurrency + spread - 1) / spread;
}

static struct queue_channel *
choose_channel(const struct queue *queue,
    const struct queue_destination *destination)
{
	uint64_t start = text_hash(destination->to.key);
	uint32_t spread = spread_of(queue, destination);
	uint32_t most = share_of(queue, destination) * 2;

	for (uint32_t i = 0; i < spread; i++) {
		struct queue_channel *channel =
		    queue_channels_deliver(queue, start + i);
		uint32_t worker;

		if (channel == NULL)
			return NULL;
		worker = channel->number % QUEUE_WORKERS;
		if (destination->leased_by[worker] < most &&
		    ipc_backlog(channel->ipc) < BACKLOG_MAX)
			return channel;
	}
	return NULL;
}

/* ---- the frame ---------------------------------------------------------- */

/* Only the recipients of this part; the list is the envelope's own. */
static void
keep_recipients(const struct queue_part *part, struct envelope *envelope)
{
	const struct queue_message *message = part->message;
	size_t kept = 0;

	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].part == part)
			envelope->recipients[kept++] =
			    envelope->recipients[i];
	envelope->recipient_count = kept;
}

static void
set_protection(const struct queue_protection *protection,
    struct frame_job *job)
{
	if (protection == NULL)
		return;
	job->protection = protection->form;
	if (protection->met_us != 0)
		memcpy(job->met_sha256, protection->met_sha256,
		    sizeof(job->met_sha256));
}

/*
 * Fail closed: false, and nothing is sent, where the body is not what the
 * message must have become.
 */
static bool
send_job(struct queue *queue, struct queue_lease *lease,
    const struct message_body *body)
{
	const struct queue_message *message = lease->part->message;
	struct frame_job job = {
		.job = lease->job,
		.attempt = lease->attempt,
		.destination = lease->destination->to,
	};
	int descriptor;

	job.destination.concurrency = share_of(queue, lease->destination);
	job.destination.config_version = queue->config_version;
	arena_reset(queue->arena);
	require(queue_message_envelope(message, queue->arena,
	    &job.envelope) == 0);
	if (!queue_protection_may_send(message->protection,
	    job.envelope.sha256, job.destination.tls))
		return false;
	set_protection(message->protection, &job);
	keep_recipients(lease->part, &job.envelope);
	job.body = message_body_frame(body, &descriptor);
	queue_channel_send(lease->channel, FRAME_JOB, &job, descriptor);
	queue->counts.jobs++;
	return true;
}

int
queue_dispatch_send(struct queue *queue, struct queue_lease *lease)
{
	struct queue_message *message = lease->part->message;
	struct message_body *body = NULL;
	int r;

	process_in_hand(message->mid);
	r = queue_body_get(queue, message, &body);
	if (r != 0) {
		queue_hold_aside(queue, message,
		    TEXT("the body cannot be read from the log"));
	} else if (!send_job(queue, lease, body)) {
		queue_hold_aside(queue, message,
		    TEXT("its protection is not met"));
		r = ERROR_MISMATCH;
	}
	message_body_release(&body);
	process_in_hand(0);
	return r;
}

/* ---- the next one ------------------------------------------------------- */

/* The configuration is another one since this was resolved. */
static enum queue_dispatch_result
resolve_again(struct queue *queue, struct queue_part *part)
{
	struct queue_message *message = part->message;

	queue_part_drop(queue, part);
	queue_schedule_message(queue, message);
	return QUEUE_DISPATCH_SKIPPED;
}

static enum queue_dispatch_result
give(struct queue *queue, struct queue_part *part,
    struct queue_channel *channel)
{
	struct queue_lease *lease;

	queue_schedule_leave(queue, part);
	lease = queue_lease_new(queue, part, channel,
	    queue_ids_take(queue, QUEUE_ID_JOB, 1));
	if (queue_dispatch_send(queue, lease) == 0)
		return QUEUE_DISPATCH_SENT;
	/* Set aside with the lease on it, which ends here. */
	queue_lease_end(queue, lease);
	queue_part_drop(queue, part);
	return QUEUE_DISPATCH_SKIPPED;
}

enum queue_dispatch_result
queue_dispatch_first(struct queue *queue,
    struct queue_destination *destination)
{
	struct queue_part *part = LIST_OWNER(destination->due.next,
	    struct queue_part, link);
	struct queue_message *message = part->message;
	struct queue_channel *channel;

	if (part->version != queue->config_version)
		return resolve_again(queue, part);
	/* What no sync has covered is nobody's to deliver. */
	if (message->lsn > queue_log_synced_lsn(queue))
		return QUEUE_DISPATCH_NOT_YET;
	if (queue->channels.deliver_count == 0 || queue->is_stopping ||
	    !queue_lease_has_room(queue, message->size))
		return QUEUE_DISPATCH_NO_ROOM;
	channel = choose_channel(queue, destination);
	if (channel == NULL)
		return QUEUE_DISPATCH_NOT_YET;
	return give(queue, part, channel);
}
