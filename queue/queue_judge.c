/*
 * JUDGE and DISPOSITION.
 */
#include "queue/queue_judge.h"

#include <string.h>
#include <unistd.h>

#include "gateway/config/config_policy.h"
#include "gateway/protocol/process.h"
#include "queue/queue.h"

bool
queue_judge_is_needed(const struct queue *queue,
    const struct queue_message *message)
{
	return message->class != ENVELOPE_CLASS_SERVICE &&
	    config_judges(queue->config,
	    message->direction == ENVELOPE_INCOMING);
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
		.passes = errand->message->passes,
	};
	int descriptor;

	arena_reset(queue->arena);
	require(queue_message_live_envelope(errand->message, queue->arena,
	    &frame.envelope) == 0);
	queue_facts_fill(errand, &frame);
	frame.body = message_body_frame(body, &descriptor);
	frame.protection = queue_protection_asked(errand->message->protection);
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
failed(struct queue *queue, struct queue_message *message)
{
	queue_errand_rest(queue, message->errand);
	queue_errand_set(queue, message->errand, QUEUE_JUDGE_PAUSE_US);
}

/* They are asked once: the record of the disposition has them, too. */
static void
keep_facts(struct queue_message *message)
{
	struct buffer facts;

	buffer_init(&facts, QUEUE_FACTS_MAX);
	queue_facts_encode(message->errand, &facts);
	queue_message_set_facts(message, buffer_text(&facts));
	buffer_clear(&facts);
}

/* The errand is ANSWERED; what makes messages needs space for them. */
static void
take(struct queue *queue, struct queue_message *message, const void *given,
    const struct queue_rewrite_body *bodies)
{
	const struct frame_disposition *answer = given;

	if (answer->judgement == FRAME_JUDGED &&
	    !queue_dispose_is_plain(answer) &&
	    !segment_log_can_append(queue->log.log,
	    segment_log_record_max(queue->log.log))) {
		failed(queue, message);
		return;
	}
	keep_facts(message);
	queue_errand_end(queue, message);
	queue_disposition_take(queue, message, answer, bodies);
}

static const struct queue_rewrite_work rewrite_work = {
	.shape = &frame_disposition_shape,
	.take = take,
	.failed = failed,
};

/* In words; NULL where it can be taken. */
static const char *
find_problem(struct queue_message *message,
    const struct frame_disposition *answer)
{
	if (answer->judgement == FRAME_SET_ASIDE)
		return NULL;
	if (answer->judgement != FRAME_JUDGED)
		return "scan gave an answer that nobody understands";
	return queue_dispose_problem(message, answer);
}

/* Only what goes on, now or later, needs the bodies that filters made. */
static bool
wants_bodies(const struct frame_disposition *answer)
{
	if (answer->judgement != FRAME_JUDGED)
		return false;
	for (size_t i = 0; i < answer->splinter_count; i++)
		if (answer->splinters[i].body > 0 &&
		    queue_fate_goes_on(&answer->splinters[i]))
			return true;
	for (size_t i = 0; i < answer->made_count; i++)
		if (answer->made[i].body > 0)
			return true;
	return false;
}

/* Takes the descriptor; all bodies are one, one behind the other. */
static int
receive_bodies(const struct frame_disposition *given, int descriptor,
    struct message_body **out)
{
	uint64_t size = 0;

	for (size_t i = 0; i < given->body_count; i++)
		if (given->bodies[i].size > QUEUE_BODY_MAX) {
			if (descriptor != -1)
				close(descriptor);
			return ERROR_LIMIT;
		} else
			size += given->bodies[i].size;
	return message_body_receive(given->body, descriptor, size, out);
}

/* A single one is the whole. */
static void
slice_bodies(const struct frame_disposition *given,
    struct message_body *whole, struct queue_rewrite_body *bodies)
{
	uint64_t offset = 0;

	for (size_t i = 0; i < given->body_count; i++) {
		uint64_t size = given->bodies[i].size;

		memcpy(bodies[i].sha256, given->bodies[i].sha256,
		    sizeof(bodies[i].sha256));
		if (given->body_count == 1)
			bodies[i].body = message_body_ref(whole);
		else
			require(message_body_slice(whole, offset, size,
			    &bodies[i].body) == 0);
		offset += size;
	}
}

static void
take_bodies(struct queue *queue, struct queue_errand *errand,
    const struct frame_disposition *given, int descriptor)
{
	struct queue_rewrite_body bodies[FRAME_BODIES_MAX] = { 0 };
	struct frame_disposition answer = *given;
	struct message_body *whole = NULL;

	if (receive_bodies(given, descriptor, &whole) != 0) {
		queue_hold_aside(queue, errand->message,
		    TEXT("scan gave a body that cannot be read"));
		return;
	}
	answer.body = (struct text){ 0 };
	slice_bodies(given, whole, bodies);
	if (queue_rewrite_begin(queue, errand, &rewrite_work, &answer,
	    bodies, given->body_count) != 0)
		queue_hold_aside(queue, errand->message,
		    TEXT("scan gave an answer that is too large"));
	for (size_t i = 0; i < given->body_count; i++)
		message_body_release(&bodies[i].body);
	message_body_release(&whole);
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
take_answer(struct queue *queue, struct queue_errand *errand,
    const struct frame_disposition *answer, int *descriptor)
{
	struct queue_message *message = errand->message;
	const char *problem = find_problem(message, answer);

	if (answer->judgement == FRAME_WANTS_FACTS) {
		want_facts(queue, errand, answer);
	} else if (problem != NULL) {
		queue_hold_aside(queue, message, text_from(problem));
	} else if (wants_bodies(answer)) {
		take_bodies(queue, errand, answer, *descriptor);
		*descriptor = -1;
	} else {
		queue_errand_take_back(errand);
		take(queue, message, answer, NULL);
	}
}

void
queue_judge_on_disposition(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	const struct frame_disposition *answer = frame;
	struct queue_errand *errand = queue_errand_answered(channel,
	    QUEUE_DESK_JUDGE, answer->mid, answer->attempt);

	process_in_hand(answer->mid);
	if (errand != NULL)
		take_answer(channel->queue, errand, answer, &descriptor);
	if (descriptor != -1)
		close(descriptor);
	process_in_hand(0);
}
