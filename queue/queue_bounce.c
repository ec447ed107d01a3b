/*
 * Notifications: who gets one, and the message itself.
 */
#include "queue/queue_bounce.h"

#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "queue/body_digest.h"
#include "queue/queue.h"

/*
 * RFC 3461 4.1: what NOTIFY must hold for each action; without NOTIFY
 * failures are told (RFC 3461 5.2.6 (b)) and delays too.
 */
static const struct {
	uint8_t needs;
	bool by_default;
} rules[DELIVERY_STATUS_ACTION_COUNT] = {
	[DELIVERY_STATUS_FAILED] = { ENVELOPE_NOTIFY_FAILURE, true },
	[DELIVERY_STATUS_DELAYED] = { ENVELOPE_NOTIFY_DELAY, true },
	[DELIVERY_STATUS_RELAYED] = { ENVELOPE_NOTIFY_SUCCESS, false },
};

static bool
is_wanted(const struct queue_bounce_item *item)
{
	uint8_t notify = item->recipient->notify;

	if (item->is_muted && item->action == DELIVERY_STATUS_FAILED)
		return false;
	if (notify == 0)
		return rules[item->action].by_default;
	return (notify & ENVELOPE_NOTIFY_NEVER) == 0 &&
	    (notify & rules[item->action].needs) != 0;
}

/* Failures that nobody will be told of are worth a line. */
static void
tell_suppressed(const struct queue_message *message,
    const struct queue_bounce_item *items, size_t count, const char *reason)
{
	uint64_t failed = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].action == DELIVERY_STATUS_FAILED)
			failed++;
	if (failed > 0)
		mail_event_bounce_suppressed(message->mid, failed,
		    text_from(reason));
}

static void
parse_status(struct text from, uint16_t status[3])
{
	uint64_t number;
	struct text part;

	for (size_t i = 0; i < 3; i++) {
		if (!text_split(&from, '.', &part) ||
		    text_parse_u64(part, 999, &number) != 0) {
			status[0] = status[1] = status[2] = 0;
			return;
		}
		status[i] = (uint16_t)number;
	}
}

/* The recipients to be told about; gives how many. */
static size_t
fill_recipients(const struct queue_bounce_item *items, size_t count,
    struct delivery_status_recipient *out)
{
	int64_t now_us = clock_now_us();
	size_t wanted = 0;

	for (size_t i = 0; i < count; i++) {
		const struct queue_bounce_item *item = &items[i];
		struct delivery_status_recipient *one = &out[wanted];

		if (!is_wanted(item))
			continue;
		wanted++;
		*one = (struct delivery_status_recipient){
			.address = item->recipient->address,
			.orcpt = item->recipient->orcpt,
			.action = item->action,
			.diagnostic = item->diagnostic,
			.remote_mta = item->host,
			.last_attempt_us = now_us,
			.retry_until_us = item->retry_until_us,
		};
		parse_status(item->status, one->status);
	}
	return wanted;
}

/* What is wrong with the original's body must not stop the notification. */
static void
read_original(struct queue *queue, struct queue_message *message,
    struct delivery_status *status, struct buffer *original)
{
	size_t most = DELIVERY_STATUS_FULL_MAX > DELIVERY_STATUS_HEADERS_MAX ?
	    DELIVERY_STATUS_FULL_MAX : DELIVERY_STATUS_HEADERS_MAX;

	if (queue_body_beginning(queue, message, most + 1, original) != 0)
		buffer_reset(original);
	status->original = buffer_text(original);
	status->is_original_whole =
	    buffer_len(original) == message->size;
}

static int
write_body(struct queue *queue, struct queue_message *message,
    const struct envelope *envelope, struct delivery_status *status,
    bool is_open, struct buffer *body, struct delivery_status_needs *needs)
{
	struct buffer original;
	int r;

	status->now_us = clock_now_us();
	status->hostname = queue->config->hostname;
	status->sender = envelope->sender;
	status->envid = envelope->envid;
	status->original_mid = envelope->mid;
	status->arrival_us = envelope->received_us;
	status->is_smtputf8 = envelope->smtputf8 != 0;
	status->want_full = envelope->ret == ENVELOPE_RETURN_FULL;
	buffer_init(&original, QUEUE_LOG_PIECE_MAX);
	if (is_open)
		read_original(queue, message, status, &original);
	r = delivery_status_write(status, body, needs);
	buffer_clear(&original);
	return r;
}

static struct queue_message *
make_message(struct queue *queue, uint64_t mid, struct text to,
    struct text body, const struct delivery_status_needs *needs)
{
	struct envelope_recipient recipient = { .rid = 1, .address = to };
	struct envelope envelope = {
		.mid = mid,
		.recipients = &recipient,
		.recipient_count = 1,
		.body = needs->eightbit ? ENVELOPE_BODY_8BITMIME :
		    ENVELOPE_BODY_7BIT,
		.smtputf8 = needs->smtputf8,
		.received_us = clock_now_us(),
		.size = body.len,
		.direction = ENVELOPE_OUTGOING,
		.class = ENVELOPE_CLASS_SERVICE,
		.config_version = queue->config_version,
	};
	struct queue_message *message = NULL;

	body_digest(body, envelope.sha256);
	require(queue_child_new(&envelope, &message) == 0);
	return message;
}

static void
tell_generated(uint64_t mid, const struct queue_message *message,
    const struct envelope *envelope, const struct delivery_status *status)
{
	mail_event_bounce_generated(mid, message->mid, envelope->sender,
	    status->recipient_count, text_from(delivery_status_action_name(
	    status->recipients[0].action)));
}

/* The way to the sender is not protected either. */
static bool
may_show(const struct queue_message *message,
    const struct envelope *envelope,
    const struct queue_bounce_notice *notice)
{
	if (message->quarantine != NULL || !queue_protection_is_met(
	    message->protection, envelope->sha256))
		return false;
	return notice->is_open || queue_message_is_judged(message);
}

static struct queue_message *
make(struct queue *queue, struct queue_message *message,
    const struct envelope *envelope, struct delivery_status *status,
    bool is_open, struct buffer *body)
{
	struct delivery_status_needs needs = { 0 };
	struct queue_message *child;

	status->mid = queue_ids_take(queue, QUEUE_ID_MID, 1);
	if (write_body(queue, message, envelope, status, is_open, body,
	    &needs) != 0)
		return NULL;
	child = make_message(queue, status->mid, envelope->sender,
	    buffer_text(body), &needs);
	tell_generated(status->mid, message, envelope, status);
	return child;
}

struct queue_message *
queue_bounce_make(struct queue *queue, struct queue_message *message,
    const struct envelope *envelope, const struct queue_bounce_item *items,
    size_t count, const struct queue_bounce_notice *notice,
    struct buffer *body)
{
	struct delivery_status status = { .subject = notice->subject };
	struct delivery_status_recipient *recipients;
	struct queue_message *child = NULL;

	if (count == 0)
		return NULL;
	/* RFC 5321 6.1: never about a notification. */
	if (!message->has_sender || message->class == ENVELOPE_CLASS_SERVICE) {
		tell_suppressed(message, items, count, "null sender");
		return NULL;
	}
	recipients = memory_array(count, sizeof(*recipients));
	status.recipients = recipients;
	status.recipient_count = fill_recipients(items, count, recipients);
	if (status.recipient_count == 0) {
		tell_suppressed(message, items, count,
		    "not asked for by NOTIFY or the bounce profile");
	} else {
		child = make(queue, message, envelope, &status,
		    may_show(message, envelope, notice), body);
		if (child == NULL)
			tell_suppressed(message, items, count,
			    "the notification is too large");
	}
	free(recipients);
	return child;
}
