/*
 * Budgets: memory, numbers, disk.
 */
#include "queue/queue_budget.h"

#include "gateway/base/log.h"
#include "queue/queue.h"

static const char disk_full[] = "disk nearly full";

static const enum queue_id kinds[] = {
	[FRAME_ID_MID] = QUEUE_ID_MID,
	[FRAME_ID_ICID] = QUEUE_ID_ICID,
	[FRAME_ID_DCID] = QUEUE_ID_DCID,
};

void
queue_budget_on_id_lease(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	const struct frame_id_lease_ask *ask = frame;
	union queue_answer_frame answer = { 0 };
	uint32_t count = ask->count;

	(void)descriptor;
	if (ask->kind > FRAME_ID_DCID || count == 0)
		return;
	if (count > QUEUE_ID_LEASE_MAX)
		count = QUEUE_ID_LEASE_MAX;
	answer.id_lease = (struct frame_id_lease){
		.kind = ask->kind,
		.first = queue_ids_take(channel->queue, kinds[ask->kind],
		    count),
		.count = count,
	};
	queue_answer_add(channel->queue, channel, FRAME_ID_LEASE, &answer);
}

/* ---- memory ------------------------------------------------------------- */

void
queue_budget_on_ask(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	struct queue_budget *budget = &channel->queue->budget;
	struct frame_budget answer = *(const struct frame_budget *)frame;
	uint64_t most = channel->queue->config->limits.in_flight;

	(void)descriptor;
	answer.granted = answer.bytes <= most &&
	    budget->granted <= most - answer.bytes && budget->accepting;
	if (answer.granted) {
		budget->granted += answer.bytes;
		channel->granted += answer.bytes;
	}
	queue_channel_send(channel, FRAME_BUDGET, &answer, -1);
}

static void
give_back(struct queue *queue, struct queue_channel *channel, uint64_t bytes)
{
	if (bytes > channel->granted)
		bytes = channel->granted;
	channel->granted -= bytes;
	queue->budget.granted -= bytes;
}

void
queue_budget_on_return(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	const struct frame_budget *back = frame;

	(void)descriptor;
	give_back(channel->queue, channel, back->bytes);
}

void
queue_budget_submitted(struct queue *queue, struct queue_channel *channel,
    uint64_t bytes)
{
	give_back(queue, channel, bytes);
}

void
queue_budget_channel_ended(struct queue *queue,
    struct queue_channel *channel)
{
	give_back(queue, channel, channel->granted);
}

/* ---- disk --------------------------------------------------------------- */

bool
queue_budget_has_space(const struct queue *queue, uint64_t bytes)
{
	uint64_t reserve = queue->config->limits.free_space_reserve;

	return segment_log_free_bytes(queue->log.log) >= reserve &&
	    segment_log_can_append(queue->log.log, (size_t)bytes);
}

static struct frame_accepting
standing(const struct queue *queue)
{
	const struct queue_budget *budget = &queue->budget;

	return (struct frame_accepting){
		.accepting = budget->accepting,
		.reason = text_from(budget->refusal),
	};
}

void
queue_budget_greet(struct queue *queue, struct queue_channel *channel)
{
	struct frame_accepting frame = standing(queue);

	queue_channel_send(channel, FRAME_ACCEPTING, &frame, -1);
}

void
queue_budget_check(struct queue *queue)
{
	struct queue_budget *budget = &queue->budget;
	struct frame_accepting frame;
	bool accepting = queue_budget_has_space(queue,
	    queue->config->limits.segment_size) && !queue->is_stopping;

	if (accepting == budget->accepting)
		return;
	budget->accepting = accepting;
	budget->refusal = accepting ? "" : disk_full;
	if (!queue->is_stopping)
		log_event(accepting ? LOG_WARNING_LEVEL : LOG_ERROR_LEVEL, 0,
		    accepting ? "accepting_again" : "accepting_stopped",
		    LOG_STRING("reason", budget->refusal));
	frame = standing(queue);
	queue_channels_tell(queue, PROCESS_SMTP, FRAME_ACCEPTING, &frame);
	queue_channels_tell(queue, PROCESS_VAULT, FRAME_ACCEPTING, &frame);
}
