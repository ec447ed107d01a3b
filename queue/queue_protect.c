/*
 * PROTECT and PROTECTED.
 */
#include "queue/queue_protect.h"

#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/protocol/process.h"
#include "queue/queue.h"

/*
 * RFC 3463 3.8: X.7.5, cryptographic failure: what was needed, such as a
 * key, was not available.
 */
static const struct text never_status = TEXT_INIT("5.7.5");

static const struct config_encryption_profile *
profile_of(const struct queue *queue, const struct queue_message *message)
{
	return config_encryption_profile_find(queue->config,
	    message->protection->profile);
}

/* Until its time is over; 0 or less when it is. */
static int64_t
left_us(struct queue *queue, const struct queue_message *message)
{
	const struct config_encryption_profile *profile =
	    profile_of(queue, message);
	const struct queue_protection *protection = message->protection;
	int64_t most_us = QUEUE_PROTECT_TIMEOUT_US;

	if (profile != NULL)
		most_us = profile->timeout_ms > (uint64_t)INT64_MAX / 1000 ?
		    INT64_MAX : (int64_t)(profile->timeout_ms * 1000);
	return most_us - queue_time_age_us(&queue->time,
	    protection->since_us, protection->seen_ms);
}

/* A clock set back makes nobody wait longer than the longest. */
static int64_t
wait_us(const struct queue_message *message)
{
	int64_t next_us = message->protection->next_try_us;
	int64_t wait = next_us == 0 ? 0 : next_us - clock_now_us();

	return wait > QUEUE_PROTECT_MOST_US + QUEUE_PROTECT_MOST_US / 10 ?
	    QUEUE_PROTECT_MOST_US : wait;
}

/* ---- the line ----------------------------------------------------------- */

/* The next moment at which something is to be done about it. */
static void
set_due(struct queue *queue, struct queue_errand *errand)
{
	int64_t end_us = left_us(queue, errand->message);
	int64_t next_us = wait_us(errand->message);

	if (errand->state == QUEUE_ERRAND_RESTING && next_us < end_us)
		end_us = next_us;
	queue_errand_set(queue, errand, end_us);
}

void
queue_protect_schedule(struct queue *queue, struct queue_message *message)
{
	struct queue_errand *errand = message->errand;

	if (message->state != MESSAGE_PROTECTING)
		return;
	if (errand == NULL) {
		errand = queue_errand_new(queue, QUEUE_DESK_PROTECT, message);
		if (wait_us(message) <= 0)
			queue_errand_line_up(queue, errand, false);
	}
	set_due(queue, errand);
}

void
queue_protect_begin(struct queue *queue, struct queue_message *message)
{
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_PROTECTION,
		.state = MESSAGE_PROTECTING,
		.protection = *message->protection,
	};

	change.protection.form = PROTECTION_ENVELOPE;
	change.protection.since_us = clock_now_us();
	change.protection.seen_ms = 0;
	queue_part_drop_all(queue, message, false);
	queue_change(queue, message, &change);
	queue_message_move(message, message->state, MESSAGE_PROTECTING);
	mail_event_needs_envelope(message->mid, message->live,
	    message->protection->profile);
}

bool
queue_protect_hasten(struct queue *queue, struct queue_message *message)
{
	struct queue_change change = {
		.set = QUEUE_SET_PROTECTION,
		.protection = *message->protection,
	};

	if (message->errand == NULL ||
	    message->errand->state == QUEUE_ERRAND_OUT ||
	    message->errand->state == QUEUE_ERRAND_ANSWERED)
		return false;
	if (change.protection.next_try_us != 0) {
		change.protection.next_try_us = 0;
		queue_change(queue, message, &change);
	}
	queue_errand_line_up(queue, message->errand, true);
	set_due(queue, message->errand);
	return true;
}

/* ---- trouble ------------------------------------------------------------ */

static void
give_up(struct queue *queue, struct queue_message *message,
    struct text status, struct text reason)
{
	const struct config_encryption_profile *profile =
	    profile_of(queue, message);
	struct queue_failure failure = {
		.status = text_starts(status, TEXT("5.")) ? status :
		    never_status,
		.reason = reason,
	};

	if (profile != NULL)
		failure.notice.subject = profile->failure_subject;
	(void)queue_outcome_give_up(queue, message, &failure);
}

static void
time_out(struct queue *queue, struct queue_message *message)
{
	const struct queue_protection *protection = message->protection;
	struct text reason = text_is_empty(protection->reason) ?
	    TEXT("no protect process took it") : protection->reason;

	mail_event_encryption_timeout(message->mid, protection->profile,
	    protection->attempts, reason);
	/* The text must outlive the message that it belongs to. */
	arena_reset(queue->scan_arena);
	reason = arena_printf(queue->scan_arena, "the message could not be "
	    "encrypted in time: %.*s", TEXT_ARG(reason));
	give_up(queue, message, never_status, reason);
}

/* Later, and why. */
static void
defer(struct queue *queue, struct queue_message *message, struct text reason)
{
	static const struct queue_retry retry = {
		.initial_us = QUEUE_PROTECT_FIRST_US,
		.most_us = QUEUE_PROTECT_MOST_US,
	};
	struct queue_change change = {
		.set = QUEUE_SET_PROTECTION,
		.protection = *message->protection,
	};
	struct queue_protection *protection = &change.protection;

	protection->attempts++;
	protection->next_try_us = clock_now_us() +
	    queue_retry_delay_us(queue, &retry, protection->attempts);
	protection->reason = text_slice(reason, 0, QUEUE_REASON_MAX);
	queue_change(queue, message, &change);
	mail_event_encryption_deferred(message->mid,
	    message->protection->profile, message->protection->attempts,
	    message->protection->reason, message->protection->next_try_us);
	queue_errand_rest(queue, message->errand);
	set_due(queue, message->errand);
}

/* ---- the desk ----------------------------------------------------------- */

static bool
is_ready(struct queue *queue, struct queue_errand *errand)
{
	struct queue_message *message = errand->message;

	if (profile_of(queue, message) != NULL)
		return true;
	arena_reset(queue->arena);
	defer(queue, message, arena_printf(queue->arena,
	    "the configuration has no encryption profile \"%.*s\"",
	    TEXT_ARG(message->protection->profile)));
	return false;
}

static void
send_protect(struct queue *queue, struct queue_errand *errand,
    const struct message_body *body)
{
	const struct queue_message *message = errand->message;
	const struct queue_protection *protection = message->protection;
	struct frame_protect frame = {
		.mid = message->mid,
		.attempt = errand->attempt,
		.profile = protection->profile,
		.subject = protection->subject,
	};
	int descriptor;

	memcpy(frame.envelope_id, protection->envelope_id,
	    sizeof(frame.envelope_id));
	arena_reset(queue->arena);
	require(queue_message_live_envelope(message, queue->arena,
	    &frame.envelope) == 0);
	frame.body = message_body_frame(body, &descriptor);
	queue_channel_send(errand->channel, FRAME_PROTECT, &frame,
	    descriptor);
}

static void
on_due(struct queue *queue, struct queue_errand *errand)
{
	queue_check_clock(queue);
	/* An envelope that is being written is made in time. */
	if (errand->state == QUEUE_ERRAND_ANSWERED)
		return;
	if (left_us(queue, errand->message) <= 0) {
		time_out(queue, errand->message);
		return;
	}
	if (errand->state == QUEUE_ERRAND_RESTING &&
	    wait_us(errand->message) <= 0)
		queue_errand_line_up(queue, errand, false);
	set_due(queue, errand);
}

const struct queue_desk_work queue_protect_desk = {
	.kind = PROCESS_PROTECT,
	.messages = QUEUE_PROTECT_MESSAGES,
	.bytes = QUEUE_PROTECT_BYTES,
	.ready = is_ready,
	.send = send_protect,
	.due = on_due,
};

/* ---- answers ------------------------------------------------------------ */

static void
take(struct queue *queue, struct queue_message *message, const void *answer,
    const struct queue_rewrite_body *body)
{
	const struct frame_protected *done = answer;
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_PROTECTION,
		.state = MESSAGE_READY,
		.protection = *message->protection,
	};
	struct queue_protection *protection = &change.protection;
	uint64_t mid = message->mid;

	queue_errand_end(queue, message);
	queue_rewrite_set(&change, body);
	protection->met_us = clock_now_us();
	memcpy(protection->met_sha256, change.sha256,
	    sizeof(protection->met_sha256));
	protection->reference = done->reference;
	protection->reason = (struct text){ 0 };
	protection->next_try_us = 0;
	queue_change(queue, message, &change);
	queue_message_move(message, MESSAGE_PROTECTING, MESSAGE_READY);
	mail_event_protected(message->mid, message->protection->profile,
	    message->protection->reference, message->size,
	    message->protection->attempts + 1);
	queue_schedule_message(queue, message);
	queue_rewrite_keep(queue, mid, body);
}

static void
failed(struct queue *queue, struct queue_message *message)
{
	defer(queue, message, TEXT("the envelope could not be stored"));
}

static const struct queue_rewrite_work rewrite_work = {
	.shape = &frame_protected_shape,
	.take = take,
	.failed = failed,
};

/* Takes the descriptor. */
static void
take_done(struct queue *queue, struct queue_errand *errand,
    const struct frame_protected *given, int *descriptor)
{
	struct frame_protected answer = *given;
	struct queue_rewrite_body body = { 0 };
	int r = message_body_receive(given->body, *descriptor, given->size,
	    &body.body);

	*descriptor = -1;
	if (r != 0 || given->size == 0) {
		queue_hold_aside(queue, errand->message,
		    TEXT("protect gave a body that cannot be read"));
	} else {
		answer.body = (struct text){ 0 };
		memcpy(body.sha256, given->sha256, sizeof(body.sha256));
		/* Words and a hash: there is always room for them. */
		require(queue_rewrite_begin(queue, errand, &rewrite_work,
		    &answer, &body, 1) == 0);
	}
	message_body_release(&body.body);
}

static void
take_later(struct queue *queue, struct queue_errand *errand,
    const struct frame_protected *answer, int *descriptor)
{
	(void)descriptor;
	queue_errand_take_back(errand);
	defer(queue, errand->message, text_is_empty(answer->reason) ?
	    TEXT("protect cannot do it now") : answer->reason);
}

static void
take_failed(struct queue *queue, struct queue_errand *errand,
    const struct frame_protected *answer, int *descriptor)
{
	(void)descriptor;
	give_up(queue, errand->message, answer->status,
	    text_is_empty(answer->reason) ?
	    TEXT("the message cannot be encrypted") : answer->reason);
}

static void (*const takes[])(struct queue *queue,
    struct queue_errand *errand, const struct frame_protected *answer,
    int *descriptor) = {
	[FRAME_PROTECT_DONE] = take_done,
	[FRAME_PROTECT_LATER] = take_later,
	[FRAME_PROTECT_FAILED] = take_failed,
};
#define OUTCOMES (sizeof(takes) / sizeof(takes[0]))

void
queue_protect_on_protected(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	struct queue *queue = channel->queue;
	const struct frame_protected *answer = frame;
	struct queue_errand *errand = queue_errand_answered(channel,
	    QUEUE_DESK_PROTECT, answer->mid, answer->attempt);

	process_in_hand(answer->mid);
	if (errand != NULL && answer->outcome < OUTCOMES)
		takes[answer->outcome](queue, errand, answer, &descriptor);
	else if (errand != NULL)
		queue_hold_aside(queue, errand->message,
		    TEXT("protect gave an answer that nobody understands"));
	if (descriptor != -1)
		close(descriptor);
	process_in_hand(0);
}
