/*
 * SUBMIT.
 */
#include "queue/queue_accept.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/process.h"
#include "queue/queue.h"

/* What one recipient's state takes in a RELOC, at most; few and many. */
#define STATE_BYTES_FEW 520
#define STATE_BYTES_MANY 240
/* Clocks of two processes may differ by so much. */
#define FUTURE_MAX_US (INT64_C(60) * 1000000)

enum refusal {
	REFUSAL_NONE,
	REFUSAL_SPACE,
	REFUSAL_ENVELOPE,
	REFUSAL_TOO_LARGE,
	REFUSAL_RECIPIENTS,
	REFUSAL_BODY,
	REFUSAL_DUPLICATE,
};

static const struct {
	enum frame_submit_outcome outcome;
	uint16_t reply;
	const char *status;
	const char *reason;
} refusals[] = {
	[REFUSAL_SPACE] = { FRAME_SUBMIT_TRY_LATER, 452, "4.3.1",
	    "Insufficient system storage" },
	[REFUSAL_ENVELOPE] = { FRAME_SUBMIT_TRY_LATER, 451, "4.3.0",
	    "Internal error, try again" },
	[REFUSAL_TOO_LARGE] = { FRAME_SUBMIT_REFUSED, 552, "5.3.4",
	    "Message too large" },
	[REFUSAL_RECIPIENTS] = { FRAME_SUBMIT_TRY_LATER, 452, "4.5.3",
	    "Too many recipients for one message" },
	[REFUSAL_BODY] = { FRAME_SUBMIT_TRY_LATER, 451, "4.3.0",
	    "Internal error, try again" },
	[REFUSAL_DUPLICATE] = { FRAME_SUBMIT_REFUSED, 554, "5.3.0",
	    "Message number used twice" },
};

static void
refuse(struct queue_channel *channel, uint64_t id, uint64_t mid,
    enum refusal why)
{
	struct frame_submit_result result = {
		.id = id,
		.mid = mid,
		.outcome = (uint8_t)refusals[why].outcome,
		.reply = refusals[why].reply,
		.status = text_from(refusals[why].status),
		.reason = text_from(refusals[why].reason),
	};

	channel->queue->counts.refused++;
	log_event(LOG_WARNING_LEVEL, mid, "submit_refused",
	    LOG_NUMBER("reply", result.reply),
	    LOG_TEXT("reason", result.reason));
	queue_channel_send(channel, FRAME_SUBMIT_RESULT, &result, -1);
}

static void
answer_committed(struct queue_channel *channel, uint64_t id, uint64_t mid)
{
	union queue_answer_frame answer = { 0 };

	answer.submit_result = (struct frame_submit_result){
		.id = id,
		.mid = mid,
		.outcome = FRAME_SUBMIT_COMMITTED,
		.reply = 250,
		.status = TEXT("2.0.0"),
	};
	queue_answer_add(channel->queue, channel, FRAME_SUBMIT_RESULT,
	    &answer);
}

/*
 * The body is in the log as message->pieces, or is text: the ACCEPT and all
 * that follows.
 */
static void
finish(struct queue_channel *channel, uint64_t id,
    struct queue_message *message, struct message_body *body,
    struct text inline_body)
{
	struct queue *queue = channel->queue;
	uint64_t mid = message->mid;

	queue_log_accept(queue, message, inline_body);
	queue_table_add(queue, message);
	queue_body_keep(queue, message, message_body_ref(body));
	queue->counts.accepted++;
	queue_disposition_ask(queue, message);
	queue_schedule_message(queue, message);
	answer_committed(channel, id, mid);
}

/* ---- large bodies ------------------------------------------------------- */

/* A message whose body is on its way into the log. */
struct accepting {
	struct queue_channel *channel;
	uint64_t id;
	struct queue_message *message;
	struct message_body *body;
};

static void
accepting_free(struct accepting *accepting)
{
	message_body_release(&accepting->body);
	free(accepting);
}

static void
on_streamed(struct queue *queue, void *owner,
    const struct segment_place *pieces, size_t count)
{
	struct accepting *accepting = owner;

	(void)queue;
	queue_message_set_pieces(accepting->message, pieces, count);
	finish(accepting->channel, accepting->id, accepting->message,
	    accepting->body, TEXT_EMPTY);
	accepting_free(accepting);
}

static void
on_dropped(void *owner)
{
	struct accepting *accepting = owner;

	queue_message_free(accepting->message);
	accepting_free(accepting);
}

static void
on_not_streamed(struct queue *queue, void *owner)
{
	struct accepting *accepting = owner;

	(void)queue;
	refuse(accepting->channel, accepting->id, accepting->message->mid,
	    REFUSAL_BODY);
	on_dropped(accepting);
}

static const struct queue_stream_work stream_work = {
	.done = on_streamed,
	.failed = on_not_streamed,
	.drop = on_dropped,
};

static void
stream(struct queue_channel *channel, uint64_t id,
    struct queue_message *message, struct message_body *body)
{
	struct accepting *accepting = memory_new(sizeof(*accepting));

	*accepting = (struct accepting){
		.channel = channel,
		.id = id,
		.message = message,
		.body = message_body_ref(body),
	};
	queue_stream_add(channel->queue, &stream_work, accepting, channel,
	    message->mid, &body, 1);
}

/* ---- checks ------------------------------------------------------------- */

bool
queue_accept_is_too_wide(const struct queue *queue, size_t recipients,
    size_t envelope_len)
{
	size_t each = recipients <= QUEUE_WORDS_SHORT_FROM ?
	    STATE_BYTES_FEW : STATE_BYTES_MANY;

	return envelope_len + recipients * each + QUEUE_WORDS_MAX * 8 +
	    queue_facts_room(queue) + queue_log_inline_max(queue) >
	    segment_log_record_max(queue->log.log);
}

/* Who hands in what: smtp mail, vault service mail. */
static enum envelope_class
class_of(const struct queue_channel *channel)
{
	return channel->kind == PROCESS_VAULT ? ENVELOPE_CLASS_SERVICE :
	    ENVELOPE_CLASS_MAIL;
}

static enum refusal
check(const struct queue_channel *channel, const struct envelope *envelope)
{
	const struct queue *queue = channel->queue;

	if (!queue->budget.accepting || queue->is_stopping ||
	    !segment_log_can_append(queue->log.log, envelope->size))
		return REFUSAL_SPACE;
	if (envelope->size > QUEUE_BODY_MAX)
		return REFUSAL_TOO_LARGE;
	if (envelope->class != class_of(channel) ||
	    !queue_ids_is_given(&queue->ids, QUEUE_ID_MID, envelope->mid))
		return REFUSAL_ENVELOPE;
	return REFUSAL_NONE;
}

/*
 * Whether it is the very message that is there already; of one that filters
 * or protect have changed, what smtp gave it tells.
 */
static bool
is_same(struct queue *queue, const struct queue_message *message,
    const struct envelope *envelope)
{
	struct envelope there;

	arena_reset(queue->arena);
	if (queue_message_envelope(message, queue->arena, &there) != 0)
		return false;
	if (message->rewritten)
		return there.icid == envelope->icid &&
		    text_equal(there.sender, envelope->sender) &&
		    there.recipient_count == envelope->recipient_count;
	return there.size == envelope->size && memcmp(there.sha256,
	    envelope->sha256, sizeof(there.sha256)) == 0;
}

/* Sent twice: durable is durable, but nothing else may hide behind it. */
static bool
is_known(struct queue_channel *channel, const struct frame_submit *submit)
{
	struct queue *queue = channel->queue;
	const struct queue_message *message =
	    queue_table_find(queue, submit->envelope.mid);

	if (message == NULL &&
	    !queue_stream_has(queue, submit->envelope.mid))
		return false;
	if (message != NULL && is_same(queue, message, &submit->envelope))
		answer_committed(channel, submit->id, message->mid);
	else
		refuse(channel, submit->id, submit->envelope.mid,
		    REFUSAL_DUPLICATE);
	return true;
}

/* ---- the frame ---------------------------------------------------------- */

static enum refusal
make_message(struct queue *queue, const struct envelope *given,
    struct queue_message **out)
{
	struct envelope envelope = *given;
	int64_t now_us = clock_now_us();

	if (envelope.received_us <= 0 ||
	    envelope.received_us > now_us + FUTURE_MAX_US)
		envelope.received_us = now_us;
	buffer_reset(&queue->scratch);
	if (record_encode(&envelope_shape, &envelope, &queue->scratch) != 0)
		return REFUSAL_ENVELOPE;
	if (queue_accept_is_too_wide(queue, envelope.recipient_count,
	    buffer_len(&queue->scratch)))
		return REFUSAL_RECIPIENTS;
	if (queue_message_new(&envelope, buffer_text(&queue->scratch), out)
	    != 0)
		return REFUSAL_ENVELOPE;
	return REFUSAL_NONE;
}

/* A body that fits into its record, at one go where it is in memory. */
static int
read_inline(struct queue *queue, const struct message_body *body,
    struct text *out)
{
	size_t size = (size_t)message_body_size(body);
	struct text got = TEXT_EMPTY;
	char *at;
	int r = 0;

	buffer_reset(&queue->scratch);
	while (r == 0 && buffer_len(&queue->scratch) < size) {
		size_t len = buffer_len(&queue->scratch);

		r = buffer_reserve(&queue->scratch, size - len, &at);
		if (r == 0)
			r = message_body_read(body, len, size - len, at,
			    &got);
		if (r == 0 && got.len == size) {
			*out = got;
			return 0;
		}
		if (r == 0 && text_is_empty(got))
			r = ERROR_MISMATCH;
		if (r == 0)
			buffer_commit(&queue->scratch, got.len);
	}
	*out = buffer_text(&queue->scratch);
	return r;
}

static void
take(struct queue_channel *channel, uint64_t id,
    struct queue_message *message, struct message_body *body)
{
	struct queue *queue = channel->queue;
	struct text bytes;

	if (message_body_size(body) > queue_log_inline_max(queue)) {
		stream(channel, id, message, body);
		return;
	}
	if (read_inline(queue, body, &bytes) != 0) {
		refuse(channel, id, message->mid, REFUSAL_BODY);
		queue_message_free(message);
		return;
	}
	finish(channel, id, message, body, bytes);
}

static void
submit_new(struct queue_channel *channel, const struct frame_submit *submit,
    struct message_body *body)
{
	const struct envelope *envelope = &submit->envelope;
	struct queue_message *message = NULL;
	enum refusal why = check(channel, envelope);

	if (why == REFUSAL_NONE)
		why = make_message(channel->queue, envelope, &message);
	if (why == REFUSAL_NONE)
		take(channel, submit->id, message, body);
	else
		refuse(channel, submit->id, envelope->mid, why);
}

void
queue_accept_on_submit(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	struct queue *queue = channel->queue;
	const struct frame_submit *submit = frame;
	const struct envelope *envelope = &submit->envelope;
	struct message_body *body = NULL;

	process_in_hand(envelope->mid);
	if (envelope->size > FRAME_BODY_INLINE_MAX)
		queue_budget_submitted(queue, channel, envelope->size);
	if (message_body_receive(submit->body, descriptor, envelope->size,
	    &body) != 0)
		refuse(channel, submit->id, envelope->mid, REFUSAL_BODY);
	else if (!is_known(channel, submit))
		submit_new(channel, submit, body);
	message_body_release(&body);
	process_in_hand(0);
}
