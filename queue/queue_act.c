/*
 * Acts on messages.
 */
#include "queue/queue_act.h"

#include "queue/queue.h"

/*
 * What an act did to one message: recipients affected, 0 if it does not
 * apply.  The message may be gone afterwards.
 */
typedef uint64_t (*act_run)(struct queue *queue,
	struct queue_message *message, const struct frame_queue_act_ask *ask);

static bool
may_retry(const struct queue_recipient *recipient)
{
	return recipient->state == RECIPIENT_LIVE &&
	    (recipient->part == NULL || recipient->part->lease == NULL);
}

static uint64_t
retry_envelope(struct queue *queue, struct queue_message *message,
    const struct frame_queue_act_ask *ask)
{
	if (!queue_protect_hasten(queue, message))
		return 0;
	mail_event_retried(message->mid, ask->actor, message->live);
	return message->live;
}

static uint64_t
run_retry(struct queue *queue, struct queue_message *message,
    const struct frame_queue_act_ask *ask)
{
	struct queue_change change = { 0 };
	uint64_t count = 0;

	if (message->state == MESSAGE_PROTECTING)
		return retry_envelope(queue, message, ask);
	if (!queue_message_is_sendable(message))
		return 0;
	arena_reset(queue->arena);
	change.recipients = arena_array(queue->arena,
	    message->recipient_count, sizeof(*change.recipients));
	require(change.recipients != NULL);
	for (size_t i = 0; i < message->recipient_count; i++) {
		struct queue_recipient_change *one =
		    &change.recipients[change.recipient_count];

		if (!may_retry(&message->recipients[i]))
			continue;
		count++;
		if (message->recipients[i].next_try_us == 0)
			continue;
		queue_recipient_save(&message->recipients[i], one);
		one->next_try_us = 0;
		change.recipient_count++;
	}
	if (change.recipient_count > 0)
		queue_change(queue, message, &change);
	if (count > 0) {
		/* Many at once keep their order. */
		queue_schedule_hasten(queue, message, ask->mid != 0);
		mail_event_retried(message->mid, ask->actor, count);
	}
	return count;
}

static uint64_t
run_hold(struct queue *queue, struct queue_message *message,
    const struct frame_queue_act_ask *ask)
{
	uint64_t count = message->live;

	if (message->state == MESSAGE_HELD)
		return 0;
	queue_hold(queue, message, ask->actor,
	    TEXT("held by an administrator"));
	return count;
}

static uint64_t
run_release(struct queue *queue, struct queue_message *message,
    const struct frame_queue_act_ask *ask)
{
	uint64_t count = message->live;

	if (message->state != MESSAGE_HELD)
		return 0;
	queue_release(queue, message, ask->actor);
	return count;
}

static uint64_t
run_delete(struct queue *queue, struct queue_message *message,
    const struct frame_queue_act_ask *ask)
{
	struct queue_change change = { 0 };

	arena_reset(queue->arena);
	change.recipients = arena_array(queue->arena,
	    message->recipient_count, sizeof(*change.recipients));
	require(change.recipients != NULL);
	for (size_t i = 0; i < message->recipient_count; i++) {
		const struct queue_recipient *recipient =
		    &message->recipients[i];

		if (recipient->state != RECIPIENT_LIVE ||
		    (ask->rid != 0 && recipient->rid != ask->rid))
			continue;
		change.recipients[change.recipient_count++] =
		    (struct queue_recipient_change){
			.rid = recipient->rid,
			.state = RECIPIENT_DELETED,
			.attempts = recipient->attempts,
		};
	}
	if (change.recipient_count == 0)
		return 0;
	queue_change(queue, message, &change);
	mail_event_deleted(message->mid, ask->actor, change.recipient_count);
	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].state != RECIPIENT_LIVE)
			queue_part_leave(queue, &message->recipients[i]);
	if (message->live == 0)
		queue_change_done(queue, message);
	else
		queue_errand_renew(queue, message);
	return change.recipient_count;
}

static uint64_t
run_abort(struct queue *queue, struct queue_message *message,
    const struct frame_queue_act_ask *ask)
{
	static const struct queue_failure failure = {
		/* RFC 3463 3.3: X.3.0, the mail system's own doing. */
		.status = TEXT_INIT("5.3.0"),
		.reason = TEXT_INIT("given up by an administrator"),
	};
	uint64_t mid = message->mid;
	uint64_t count = queue_outcome_give_up(queue, message, &failure);

	if (count > 0)
		mail_event_aborted(mid, ask->actor, count);
	return count;
}

static const struct {
	act_run run;
	const char *refusal;
} acts[] = {
	[FRAME_QUEUE_RETRY] = { run_retry, "it is held or being sent" },
	[FRAME_QUEUE_HOLD] = { run_hold, "it is held already" },
	[FRAME_QUEUE_RELEASE] = { run_release, "it is not held" },
	[FRAME_QUEUE_DELETE] = { run_delete, "no such recipient" },
	[FRAME_QUEUE_ABORT] = { run_abort, "it is being sent" },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

static void
answer(struct queue_channel *channel, const struct frame_queue_act *act)
{
	union queue_answer_frame frame = { .act = *act };

	queue_answer_add(channel->queue, channel, FRAME_QUEUE_ACT, &frame);
}

static bool
act_visit(struct queue_scan *scan, struct queue_message *message,
    const struct envelope *envelope)
{
	uint64_t count = acts[scan->ask.action].run(scan->queue, message,
	    &scan->ask);

	(void)envelope;
	scan->act.recipients += count;
	scan->act.affected += count > 0;
	return true;
}

static void
act_end(struct queue_scan *scan, bool more)
{
	(void)more;
	if (scan->act.affected == 0)
		scan->act.reason = TEXT("no message matches");
	answer(scan->channel, &scan->act);
}

static const struct queue_scan_work act_work = {
	.visit = act_visit,
	.end = act_end,
};

static void
act_on_many(struct queue_channel *channel,
    const struct frame_queue_act_ask *ask)
{
	struct queue_filter filter = {
		.sender = ask->sender,
		.recipient = ask->recipient,
		.destination = ask->destination,
		.quarantine = ask->quarantine,
		.held_only = ask->action == FRAME_QUEUE_RELEASE,
		/* Who names no quarantine opens none. */
		.unquarantined_only = ask->action == FRAME_QUEUE_RELEASE &&
		    text_is_empty(ask->quarantine),
	};
	struct queue_scan *scan = queue_scan_new(channel, &act_work,
	    &filter);

	scan->ask.action = ask->action;
	require(arena_copy(scan->arena, ask->actor, &scan->ask.actor) == 0);
	scan->act.id = ask->id;
}

void
queue_act_on_ask(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	const struct frame_queue_act_ask *ask = frame;
	struct queue_message *message =
	    queue_table_find(channel->queue, ask->mid);
	struct frame_queue_act act = { .id = ask->id };

	(void)descriptor;
	if (ask->action >= ACTS) {
		act.reason = TEXT("no such action");
		answer(channel, &act);
		return;
	}
	if (ask->mid == 0) {
		act_on_many(channel, ask);
		return;
	}
	if (message == NULL) {
		act.reason = TEXT("no such message in the queue");
	} else if (!text_is_empty(ask->quarantine) && !text_equal(
	    ask->quarantine, text_from(message->quarantine))) {
		act.reason = TEXT("it is not in this quarantine");
	} else {
		act.recipients = acts[ask->action].run(channel->queue,
		    message, ask);
		act.affected = act.recipients > 0;
		if (act.recipients == 0)
			act.reason = text_from(acts[ask->action].refusal);
	}
	answer(channel, &act);
}
