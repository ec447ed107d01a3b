/*
 * Channels: opening, frames in, ending.
 */
#include "queue/queue_channel.h"

#include <stdlib.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "queue/queue.h"

/* A SUBMIT with ten thousand recipients takes about one of these. */
#define FRAME_ARENA_MAX (8u * 1024 * 1024)

union queue_frame {
	struct frame_id_lease_ask id_lease_ask;
	struct frame_budget budget;
	struct frame_submit submit;
	struct frame_disposition disposition;
	struct frame_fact_ask fact;
	struct frame_protected protected_answer;
	struct frame_job_result job_result;
	struct frame_queue_list_ask list_ask;
	struct frame_queue_mid message_ask;
	struct frame_queue_act_ask act_ask;
	struct frame_ask ledger_ask;
};

/* The descriptor is the handler's, where the frame may bring one. */
static void (*const handlers[FRAME_TYPES])(struct queue_channel *channel,
    const void *frame, int descriptor) = {
	[FRAME_ID_LEASE_ASK] = queue_budget_on_id_lease,
	[FRAME_BUDGET_ASK] = queue_budget_on_ask,
	[FRAME_BUDGET_RETURN] = queue_budget_on_return,
	[FRAME_SUBMIT] = queue_accept_on_submit,
	[FRAME_DISPOSITION] = queue_judge_on_disposition,
	[FRAME_FACT] = queue_facts_on_fact,
	[FRAME_PROTECTED] = queue_protect_on_protected,
	[FRAME_JOB_RESULT] = queue_outcome_on_result,
	[FRAME_QUEUE_LIST_ASK] = queue_admin_on_list,
	[FRAME_QUEUE_MESSAGE_ASK] = queue_admin_on_message,
	[FRAME_QUEUE_ACT_ASK] = queue_act_on_ask,
	[FRAME_QUEUE_LEDGER_ASK] = queue_admin_on_ledger,
};

void
queue_channels_init(struct queue_channels *channels)
{
	list_init(&channels->all);
	list_init(&channels->ended);
	channels->arena = arena_new(FRAME_ARENA_MAX);
}

static void
channel_free(struct queue_channel *channel)
{
	list_remove(&channel->link);
	ipc_free(channel->ipc);
	free(channel);
}

void
queue_channels_clear(struct queue *queue)
{
	struct list *link, *after;

	queue_channels_turn(queue);
	LIST_EACH(&queue->channels.all, link, after)
		channel_free(LIST_OWNER(link, struct queue_channel, link));
	arena_free(queue->channels.arena);
	queue->channels.arena = NULL;
}

void
queue_channels_turn(struct queue *queue)
{
	struct list *link, *after;

	LIST_EACH(&queue->channels.ended, link, after)
		channel_free(LIST_OWNER(link, struct queue_channel, link));
}

/* Everything that was kept for it goes; itself at the end of the turn. */
static void
channel_end(struct queue_channel *channel)
{
	struct queue *queue = channel->queue;

	if (channel->has_ended)
		return;
	channel->has_ended = true;
	list_remove(&channel->link);
	list_append(&queue->channels.ended, &channel->link);
	if (channel->kind == PROCESS_DELIVER) {
		queue->channels.deliver_count--;
		queue_lease_channel_ended(queue, channel);
	}
	queue_errand_channel_ended(queue, channel);
	queue_facts_channel_ended(queue, channel);
	queue_budget_channel_ended(queue, channel);
	queue_answer_channel_ended(queue, channel);
	queue_stream_channel_ended(queue, channel);
	queue_scan_channel_ended(queue, channel);
	loop_again(queue->loop);
}

static bool
may_come(uint16_t type, int descriptor)
{
	return type < FRAME_TYPES && handlers[type] != NULL &&
	    (descriptor == -1 || frame_definition(type)->descriptor);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct queue_channel *channel = context;
	struct queue *queue = channel->queue;
	union queue_frame frame;
	int r = ERROR_MALFORMED;

	arena_reset(queue->channels.arena);
	if (!channel->has_ended && may_come(type, descriptor))
		r = frame_decode(channel->kind, PROCESS_QUEUE, type, payload,
		    queue->channels.arena, &frame);
	if (r == 0) {
		handlers[type](channel, &frame, descriptor);
		return;
	}
	if (descriptor != -1)
		close(descriptor);
	if (channel->has_ended)
		return;
	log_event(LOG_ERROR_LEVEL, 0, "frame_refused",
	    LOG_STRING("from", process_kind_name(channel->kind)),
	    LOG_NUMBER("number", channel->number), LOG_NUMBER("type", type),
	    LOG_STRING("error", error_name(r)));
	ipc_want_input(channel->ipc, 0);
	channel_end(channel);
}

static void
on_ended(void *context, int error)
{
	struct queue_channel *channel = context;

	(void)error;
	channel_end(channel);
}

static const struct ipc_events events = {
	.frame = on_frame,
	.ended = on_ended,
};

static struct queue_channel *
find_channel(const struct queue *queue, enum process_kind kind,
    uint32_t number)
{
	struct list *link, *after;

	LIST_EACH(&queue->channels.all, link, after) {
		struct queue_channel *channel =
		    LIST_OWNER(link, struct queue_channel, link);

		if (channel->kind == kind && channel->number == number)
			return channel;
	}
	return NULL;
}

/* In the order of kinds and numbers. */
static void
insert_channel(struct queue *queue, struct queue_channel *channel)
{
	struct list *link, *after;

	LIST_EACH(&queue->channels.all, link, after) {
		struct queue_channel *other =
		    LIST_OWNER(link, struct queue_channel, link);

		if (other->kind > channel->kind ||
		    (other->kind == channel->kind &&
		    other->number > channel->number))
			break;
	}
	list_add_before(link, &channel->link);
}

void
queue_channel_open(struct queue *queue, enum process_kind kind,
    uint32_t number, int descriptor)
{
	struct queue_channel *channel = find_channel(queue, kind, number);

	if (channel != NULL)
		channel_end(channel);
	channel = memory_new(sizeof(*channel));
	channel->queue = queue;
	channel->kind = kind;
	channel->number = number;
	list_init(&channel->link);
	list_init(&channel->leases);
	list_init(&channel->errands);
	list_init(&channel->questions);
	insert_channel(queue, channel);
	channel->ipc = ipc_new(queue->loop, descriptor, &queue->identity,
	    &events, channel);
	if (kind == PROCESS_DELIVER) {
		queue->channels.deliver_count++;
		queue_lease_channel_came(queue, channel);
	}
	if (kind == PROCESS_SMTP || kind == PROCESS_VAULT)
		queue_budget_greet(queue, channel);
	loop_again(queue->loop);
}

void
queue_channel_send(struct queue_channel *channel, enum frame_type type,
    const void *value, int descriptor)
{
	frame_send(channel->ipc, type, value, descriptor);
}

void
queue_channels_tell(struct queue *queue, enum process_kind kind,
    enum frame_type type, const void *value)
{
	struct list *link, *after;

	LIST_EACH(&queue->channels.all, link, after) {
		struct queue_channel *channel =
		    LIST_OWNER(link, struct queue_channel, link);

		if (channel->kind == kind)
			queue_channel_send(channel, type, value, -1);
	}
}

struct queue_channel *
queue_channels_deliver(const struct queue *queue, uint64_t place)
{
	struct list *link, *after;

	if (queue->channels.deliver_count == 0)
		return NULL;
	place %= queue->channels.deliver_count;
	LIST_EACH(&queue->channels.all, link, after) {
		struct queue_channel *channel =
		    LIST_OWNER(link, struct queue_channel, link);

		if (channel->kind == PROCESS_DELIVER && place-- == 0)
			return channel;
	}
	return NULL;
}
