/*
 * JUDGE and DISPOSITION.
 */
#include "queue/queue_judge.h"

#include <unistd.h>

#include "gateway/protocol/process.h"
#include "queue/queue.h"

bool
queue_judge_is_needed(const struct queue *queue,
    const struct queue_message *message)
{
	return message->class != ENVELOPE_CLASS_SERVICE &&
	    config_judges(queue->config, message->direction);
}

void
queue_judge_ask(struct queue *queue, struct queue_message *message)
{
	require(message->state == MESSAGE_JUDGING);
	queue_errand_line_up(queue,
	    queue_errand_new(queue, QUEUE_DESK_JUDGE, message), false);
}

/* ---- the desk ----------------------------------------------------------- */

/* The configuration may have lost its filters while the message waited. */
static bool
is_ready(struct queue *queue, struct queue_errand *errand)
{
	struct queue_message *message = errand->message;

	if (queue_judge_is_needed(queue, message))
		return true;
	queue_errand_end(queue, message);
	queue_disposition_without_policy(queue, message);
	mail_event_disposition(message->mid, message->config_version,
	    text_from(message->disposition));
	queue_schedule_message(queue, message);
	return false;
}

static void
send_judge(struct queue *queue, struct queue_errand *errand,
    const struct message_body *body)
{
	struct frame_judge frame = {
		.mid = errand->message->mid,
		.attempt = errand->attempt,
	};
	int descriptor;

	arena_reset(queue->arena);
	require(queue_message_live_envelope(errand->message, queue->arena,
	    &frame.envelope) == 0);
	frame.body = message_body_frame(body, &descriptor);
	queue_facts_fill(errand, &frame);
	queue_channel_send(errand->channel, FRAME_JUDGE, &frame, descriptor);
}

static void
on_due(struct queue *queue, struct queue_errand *errand)
{
	if (queue_facts_are_open(errand))
		queue_facts_due(queue, errand);
	else if (errand->state == QUEUE_ERRAND_RESTING)
		queue_errand_line_up(queue, errand, false);
}

const struct queue_desk_work queue_judge_desk = {
	.kind = PROCESS_SCAN,
	.messages = QUEUE_JUDGE_MESSAGES,
	.bytes = QUEUE_JUDGE_BYTES,
	.ready = is_ready,
	.send = send_judge,
	.due = on_due,
};

/* ---- answers ------------------------------------------------------------ */

static void
take(struct queue *queue, struct queue_message *message, const void *answer,
    struct queue_change *change)
{
	struct buffer facts;

	buffer_init(&facts, QUEUE_FACTS_MAX);
	queue_facts_encode(message->errand, &facts);
	change->facts = buffer_text(&facts);
	queue_errand_end(queue, message);
	queue_disposition_take(queue, message, answer, change);
	buffer_clear(&facts);
}

static void
failed(struct queue *queue, struct queue_message *message)
{
	queue_errand_rest(queue, message->errand);
	queue_errand_set(queue, message->errand, QUEUE_JUDGE_PAUSE_US);
}

static const struct queue_rewrite_work rewrite_work = {
	.shape = &frame_disposition_shape,
	.take = take,
	.failed = failed,
};

static bool
is_sane_splinter(const struct frame_splinter *splinter,
    const struct frame_disposition *answer)
{
	return splinter->verdict < FRAME_VERDICTS &&
	    splinter->protection.form < PROTECTION_FORMS &&
	    splinter->body <= answer->body_count &&
	    (splinter->verdict != FRAME_VERDICT_QUARANTINE ||
	    !text_is_empty(splinter->quarantine)) &&
	    (splinter->protection.form == PROTECTION_NONE ||
	    !text_is_empty(splinter->protection.profile));
}

static bool
is_sane(const struct frame_disposition *answer)
{
	if (answer->judgement == FRAME_SET_ASIDE ||
	    answer->judgement == FRAME_WANTS_FACTS)
		return true;
	return answer->judgement == FRAME_JUDGED &&
	    answer->splinter_count == 1 &&
	    is_sane_splinter(&answer->splinters[0], answer);
}

/* Only what goes on, now or later, needs the body that filters made. */
static bool
wants_body(const struct frame_disposition *answer)
{
	return answer->judgement == FRAME_JUDGED &&
	    answer->splinters[0].body > 0 &&
	    (answer->splinters[0].verdict == FRAME_VERDICT_DELIVER ||
	    answer->splinters[0].verdict == FRAME_VERDICT_QUARANTINE);
}

static void
want_facts(struct queue *queue, struct queue_errand *errand,
    const struct frame_disposition *answer)
{
	int r = queue_facts_want(queue, errand, answer->wanted,
	    answer->wanted_count);

	if (r != 0)
		queue_hold_aside(queue, errand->message, r == ERROR_LIMIT ?
		    TEXT("it needs more facts than can be kept") :
		    TEXT("scan wants facts that nobody can find out"));
}

static void
take_body(struct queue *queue, struct queue_errand *errand,
    const struct frame_disposition *given, int descriptor)
{
	struct frame_disposition answer = *given;
	struct message_body *body = NULL;

	if (message_body_receive(given->body, descriptor,
	    given->bodies[0].size, &body) != 0) {
		queue_hold_aside(queue, errand->message,
		    TEXT("scan gave a body that cannot be read"));
		return;
	}
	answer.body = (struct text){ 0 };
	queue_rewrite_begin(queue, errand, &rewrite_work, &answer, body,
	    given->bodies[0].sha256);
	message_body_release(&body);
}

void
queue_judge_on_disposition(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	struct queue *queue = channel->queue;
	const struct frame_disposition *answer = frame;
	struct queue_errand *errand = queue_errand_answered(channel,
	    QUEUE_DESK_JUDGE, answer->mid, answer->attempt);
	struct queue_change change = { 0 };

	process_in_hand(answer->mid);
	if (errand != NULL && is_sane(answer) && wants_body(answer)) {
		take_body(queue, errand, answer, descriptor);
		descriptor = -1;
	} else if (errand != NULL &&
	    answer->judgement == FRAME_WANTS_FACTS)
		want_facts(queue, errand, answer);
	else if (errand != NULL && is_sane(answer))
		take(queue, errand->message, answer, &change);
	else if (errand != NULL)
		queue_hold_aside(queue, errand->message,
		    TEXT("scan gave an answer that nobody understands"));
	if (descriptor != -1)
		close(descriptor);
	process_in_hand(0);
}
