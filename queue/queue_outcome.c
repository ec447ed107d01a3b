/*
 * Results, expiry and delay, each as one record.
 */
#include "queue/queue_outcome.h"

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/protocol/process.h"
#include "queue/queue.h"

/* All that one record will say; lives in queue->arena. */
struct outcome {
	struct queue *queue;
	struct queue_message *message;
	struct envelope envelope;
	const struct queue_destination *destination;	/* NULL: no lease */
	const struct frame_job_result *result;	/* NULL: nobody tried */
	int64_t age_us;
	uint32_t attempt;
	struct queue_recipient_change *changes;
	struct queue_bounce_item *items;
	size_t count;
	size_t item_count;
	bool *seen;
	bool is_silent;		/* no attempt was made: no events */
	const struct queue_failure *failure;	/* it is given up, or NULL */
};

/* What happened to one recipient. */
struct verdict {
	uint8_t state;		/* enum recipient_state; LIVE: deferred */
	bool is_relayed;
	uint16_t reply;
	struct text status;
	struct text reason;
};

static const struct verdict no_result = {
	.state = RECIPIENT_LIVE,
	.status = TEXT_INIT("4.3.0"),
	.reason = TEXT_INIT("no result from the delivery process"),
};

/* RFC 3463 3.5: X.4.7, delivery time expired. */
static const struct text expired_status = TEXT_INIT("4.4.7");

static const uint8_t states[] = {
	[FRAME_RESULT_DELIVERED] = RECIPIENT_DELIVERED,
	[FRAME_RESULT_RELAYED] = RECIPIENT_DELIVERED,
	[FRAME_RESULT_DEFERRED] = RECIPIENT_LIVE,
	[FRAME_RESULT_FAILED] = RECIPIENT_FAILED,
	/* Of whom nobody asked for it. */
	[FRAME_RESULT_NEEDS_ENVELOPE] = RECIPIENT_LIVE,
};

static int
outcome_open(struct outcome *outcome, struct queue *queue,
    struct queue_message *message)
{
	size_t count = message->recipient_count;

	*outcome = (struct outcome){ .queue = queue, .message = message };
	arena_reset(queue->arena);
	if (queue_message_envelope(message, queue->arena, &outcome->envelope)
	    != 0)
		return ERROR_MALFORMED;
	queue_check_clock(queue);
	outcome->age_us = queue_time_age_us(&queue->time,
	    message->received_us, message->seen_ms);
	outcome->changes = arena_array(queue->arena, count,
	    sizeof(*outcome->changes));
	outcome->items = arena_array(queue->arena, count,
	    sizeof(*outcome->items));
	outcome->seen = arena_array(queue->arena, count,
	    sizeof(*outcome->seen));
	if (outcome->changes == NULL || outcome->items == NULL ||
	    outcome->seen == NULL)
		return ERROR_LIMIT;
	return 0;
}

/* ---- one recipient ------------------------------------------------------ */

static struct text
cut(const struct queue_message *message, struct text t, size_t most,
    size_t most_of_many)
{
	if (message->recipient_count > QUEUE_WORDS_SHORT_FROM)
		most = most_of_many;
	return text_slice(t, 0, most);
}

struct text
queue_outcome_cut(const struct queue_message *message, struct text reason)
{
	return cut(message, reason, QUEUE_REASON_MAX, QUEUE_REASON_SHORT);
}

static struct text
host_of(const struct outcome *outcome)
{
	return outcome->result == NULL ? (struct text){ 0 } :
	    outcome->result->host;
}

/* The name without " [address]:port", or "[address]" where it has none. */
static struct text
host_name(struct text host)
{
	if (text_starts(host, TEXT("[")))
		return text_slice(host, 0, text_find_byte(host, ']') + 1);
	return text_slice(host, 0, text_find(host, TEXT(" [")));
}

/*
 * "550 5.1.1 no such user": the reply as the next hop gave it, which is how
 * deliver tells it.
 */
static struct text
diagnostic_of(const struct outcome *outcome, const struct verdict *verdict)
{
	struct text code;

	if (verdict->reply == 0)
		return verdict->reason;
	code = arena_printf(outcome->queue->arena, "%u", verdict->reply);
	if (text_starts(verdict->reason, code))
		return verdict->reason;
	return arena_printf(outcome->queue->arena, "%.*s %.*s",
	    TEXT_ARG(code), TEXT_ARG(verdict->reason));
}

static void
add_item(struct outcome *outcome, size_t at, const struct verdict *verdict,
    enum delivery_status_action action, struct text status)
{
	const struct queue_destination *destination = outcome->destination;
	struct queue_bounce_item *item =
	    &outcome->items[outcome->item_count++];

	*item = (struct queue_bounce_item){
		.recipient = &outcome->envelope.recipients[at],
		.action = action,
		.status = status,
		.is_muted = outcome->failure != NULL &&
		    outcome->failure->is_muted,
		.diagnostic = diagnostic_of(outcome, verdict),
	};
	if (verdict->reply > 0)
		item->host = host_name(host_of(outcome));
	if (destination == NULL)
		return;
	item->is_muted = !destination->retry.send_bounces;
	if (action == DELIVERY_STATUS_DELAYED)
		item->retry_until_us = clock_now_us() +
		    destination->retry.lifetime_us - outcome->age_us;
}

static bool
is_late(const struct outcome *outcome,
    const struct queue_recipient *recipient)
{
	const struct queue_retry *retry = &outcome->destination->retry;

	return retry->warning_us > 0 && !recipient->warned &&
	    outcome->age_us >= retry->warning_us;
}

/* When to try again; the last try comes when the lifetime ends. */
static int64_t
next_try_us(const struct outcome *outcome)
{
	const struct queue_retry *retry = &outcome->destination->retry;
	int64_t delay_us = queue_retry_delay_us(outcome->queue, retry,
	    outcome->attempt);
	int64_t left_us = retry->lifetime_us - outcome->age_us;

	return clock_now_us() + (delay_us < left_us ? delay_us : left_us);
}

static void
defer(struct outcome *outcome, size_t at, const struct verdict *verdict,
    struct queue_recipient_change *change)
{
	if (outcome->age_us >= outcome->destination->retry.lifetime_us) {
		change->state = RECIPIENT_EXPIRED;
		add_item(outcome, at, verdict, DELIVERY_STATUS_FAILED,
		    expired_status);
		return;
	}
	change->next_try_us = next_try_us(outcome);
	if (is_late(outcome, &outcome->message->recipients[at])) {
		change->warned = 1;
		add_item(outcome, at, verdict, DELIVERY_STATUS_DELAYED,
		    verdict->status);
	}
}

static void
add_verdict(struct outcome *outcome, size_t at,
    const struct verdict *verdict)
{
	const struct queue_recipient *recipient =
	    &outcome->message->recipients[at];
	struct queue_recipient_change *change =
	    &outcome->changes[outcome->count++];

	outcome->seen[at] = true;
	*change = (struct queue_recipient_change){
		.rid = recipient->rid,
		.state = verdict->state,
		.attempts = outcome->attempt,
		.warned = recipient->warned,
		.status = text_slice(verdict->status, 0, 15),
		.reason = queue_outcome_cut(outcome->message,
		    verdict->reason),
		.host = cut(outcome->message, host_of(outcome),
		    QUEUE_HOST_MAX, QUEUE_HOST_SHORT),
	};
	if (verdict->state == RECIPIENT_LIVE)
		defer(outcome, at, verdict, change);
	else if (verdict->state == RECIPIENT_EXPIRED)
		add_item(outcome, at, verdict, DELIVERY_STATUS_FAILED,
		    expired_status);
	else if (verdict->state != RECIPIENT_DELIVERED)
		add_item(outcome, at, verdict, DELIVERY_STATUS_FAILED,
		    verdict->status);
	else if (verdict->is_relayed)
		add_item(outcome, at, verdict, DELIVERY_STATUS_RELAYED,
		    verdict->status);
}

/* ---- telling ------------------------------------------------------------ */

static struct mail_event_outcome
event_of(const struct outcome *outcome,
    const struct queue_recipient_change *change, struct text to)
{
	struct text host = host_of(outcome);
	size_t split = text_find(host, TEXT(" ["));

	return (struct mail_event_outcome){
		.mid = outcome->message->mid,
		.rid = change->rid,
		.dcid = outcome->result == NULL ? 0 : outcome->result->dcid,
		.to = to,
		.host = host_name(host),
		.address = text_skip(host, split < host.len ? split + 1 : 0),
		.tls = outcome->result == NULL ? (struct text){ 0 } :
		    outcome->result->tls,
		.reply = change->reason,
		.attempt = change->attempts,
	};
}

static void
tell(const struct outcome *outcome,
    const struct queue_recipient_change *change, bool is_relayed)
{
	struct queue_counts *counts = &outcome->queue->counts;
	size_t at = (size_t)(queue_message_recipient(outcome->message,
	    change->rid) - outcome->message->recipients);
	struct mail_event_outcome event = event_of(outcome, change,
	    outcome->envelope.recipients[at].address);

	if (outcome->message->recipients[at].needs_envelope)
		return;
	if (change->state == RECIPIENT_DELIVERED) {
		counts->delivered++;
		if (is_relayed)
			mail_event_relayed(&event);
		else
			mail_event_delivered(&event);
	} else if (change->state == RECIPIENT_FAILED) {
		counts->failed++;
		mail_event_failed(&event);
	} else if (change->state == RECIPIENT_EXPIRED) {
		counts->expired++;
		mail_event_expired(&event);
	} else {
		counts->deferred++;
		mail_event_deferred(&event, change->next_try_us);
	}
}

static bool
was_relayed(const struct outcome *outcome, uint32_t rid)
{
	const struct frame_job_result *result = outcome->result;

	for (size_t i = 0; result != NULL && i < result->recipient_count; i++)
		if (result->recipients[i].rid == rid)
			return result->recipients[i].result ==
			    FRAME_RESULT_RELAYED;
	return false;
}

/* ---- the record --------------------------------------------------------- */

static void
commit(struct outcome *outcome)
{
	static const struct queue_bounce_notice ordinary = {
		.is_open = false,
	};
	struct queue *queue = outcome->queue;
	struct queue_message *child;
	struct buffer body;
	struct queue_change change = { 0 };

	if (outcome->count == 0)
		return;
	if (outcome->failure != NULL && outcome->failure->also != NULL)
		change = *outcome->failure->also;
	change.recipients = outcome->changes;
	change.recipient_count = outcome->count;
	buffer_init(&body, QUEUE_LOG_PIECE_MAX);
	child = queue_bounce_make(queue, outcome->message,
	    &outcome->envelope, outcome->items, outcome->item_count,
	    outcome->failure == NULL ? &ordinary :
	    &outcome->failure->notice, &body);
	if (child != NULL)
		change.child = child->envelope;
	queue_change_outcome(queue, outcome->message, &change, child,
	    buffer_text(&body));
	buffer_clear(&body);
	for (size_t i = 0; !outcome->is_silent && i < outcome->count; i++)
		tell(outcome, &outcome->changes[i],
		    was_relayed(outcome, outcome->changes[i].rid));
	if (child == NULL)
		return;
	queue_disposition_ask(queue, child);
	queue_schedule_message(queue, child);
}

/* ---- results ------------------------------------------------------------ */

/*
 * Without a lease nothing is known of the next try, so only what is final
 * counts; the part that the recipient is in by now will see to the rest.
 */
static bool
counts(const struct outcome *outcome, const struct queue_part *part,
    const struct queue_recipient *recipient,
    const struct frame_recipient_result *result)
{
	size_t at;

	if (recipient == NULL || recipient->state != RECIPIENT_LIVE ||
	    result->result > FRAME_RESULT_NEEDS_ENVELOPE)
		return false;
	at = (size_t)(recipient - outcome->message->recipients);
	if (outcome->seen[at])
		return false;
	return (part != NULL && recipient->part == part) ||
	    states[result->result] != RECIPIENT_LIVE;
}

/*
 * Every host was reached and none could give TLS: the attempt counts, the
 * recipient waits for an envelope.
 */
static void
add_needy(struct outcome *outcome, struct queue_recipient *recipient,
    const struct frame_recipient_result *result)
{
	struct queue_recipient_change *change =
	    &outcome->changes[outcome->count++];

	outcome->seen[recipient - outcome->message->recipients] = true;
	recipient->needs_envelope = true;
	queue_recipient_save(recipient, change);
	change->attempts = outcome->attempt;
	change->next_try_us = 0;
	change->status = text_slice(result->status, 0, 15);
	change->reason = queue_outcome_cut(outcome->message, result->reason);
	change->host = cut(outcome->message, host_of(outcome),
	    QUEUE_HOST_MAX, QUEUE_HOST_SHORT);
}

/* It was sent on condition of TLS, and is not an envelope yet. */
static bool
may_need_envelope(const struct outcome *outcome)
{
	return outcome->destination != NULL &&
	    outcome->destination->to.or_envelope &&
	    queue_protection_needs_tls(outcome->message->protection);
}

static void
add_results(struct outcome *outcome, const struct queue_part *part)
{
	const struct frame_job_result *result = outcome->result;

	for (size_t i = 0; i < result->recipient_count; i++) {
		const struct frame_recipient_result *one =
		    &result->recipients[i];
		struct queue_recipient *recipient =
		    queue_message_recipient(outcome->message, one->rid);
		struct verdict verdict;

		if (!counts(outcome, part, recipient, one))
			continue;
		if (one->result == FRAME_RESULT_NEEDS_ENVELOPE &&
		    may_need_envelope(outcome)) {
			add_needy(outcome, recipient, one);
			continue;
		}
		verdict = (struct verdict){
			.state = states[one->result],
			.is_relayed = one->result == FRAME_RESULT_RELAYED,
			.reply = one->reply,
			.status = one->status,
			.reason = one->reason,
		};
		add_verdict(outcome, (size_t)(recipient -
		    outcome->message->recipients), &verdict);
	}
}

/* Those of the part that nothing was said about. */
static void
add_missing(struct outcome *outcome, const struct queue_part *part)
{
	const struct queue_message *message = outcome->message;

	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].part == part &&
		    message->recipients[i].state == RECIPIENT_LIVE &&
		    !outcome->seen[i])
			add_verdict(outcome, i, &no_result);
}

static void
note_destination(struct queue *queue, struct queue_lease *lease,
    const struct frame_job_result *result)
{
	struct text reason = result->recipient_count == 0 ?
	    TEXT("unreachable") : result->recipients[0].reason;

	if (result->destination == FRAME_DESTINATION_UNREACHABLE)
		queue_schedule_unreachable(queue, lease->destination,
		    text_slice(reason, 0, QUEUE_REASON_MAX));
	else
		queue_schedule_reached(queue, lease->destination);
}

/* What has an outcome leaves the parts of this message that wait. */
static void
leave_parts(struct queue *queue, struct queue_message *message)
{
	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].state != RECIPIENT_LIVE)
			queue_part_leave(queue, &message->recipients[i]);
}

static void
close_result(struct queue *queue, struct queue_message *message,
    struct queue_lease *lease)
{
	struct queue_part *part = lease == NULL ? NULL : lease->part;

	if (lease != NULL)
		queue_lease_end(queue, lease);
	if (part != NULL)
		queue_part_drop(queue, part);
	else
		leave_parts(queue, message);
	if (message->live == 0) {
		queue_change_done(queue, message);
		return;
	}
	queue_split_marked(queue, message);
	queue_schedule_message(queue, message);
}

static void
take_result(struct queue *queue, struct queue_message *message,
    struct queue_lease *lease, const struct frame_job_result *result)
{
	struct queue_part *part = lease == NULL ? NULL : lease->part;
	struct outcome outcome;

	if (outcome_open(&outcome, queue, message) != 0) {
		queue_hold_aside(queue, message,
		    TEXT("the envelope cannot be read"));
		close_result(queue, message, lease);
		return;
	}
	outcome.result = result;
	outcome.attempt = result->attempt;
	if (part != NULL) {
		outcome.destination = part->destination;
		outcome.attempt = lease->attempt;
	}
	add_results(&outcome, part);
	if (part != NULL)
		add_missing(&outcome, part);
	commit(&outcome);
	close_result(queue, message, lease);
}

void
queue_outcome_on_result(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	struct queue *queue = channel->queue;
	const struct frame_job_result *result = frame;
	struct queue_lease *lease = queue_lease_find(queue, result->job);
	struct queue_message *message =
	    queue_table_find(queue, result->mid);

	(void)descriptor;
	process_in_hand(result->mid);
	if (lease != NULL && (lease->channel != channel ||
	    lease->mid != result->mid))
		lease = NULL;
	if (lease != NULL)
		note_destination(queue, lease, result);
	if (lease == NULL || message == NULL)
		log_event(LOG_INFO_LEVEL, result->mid, "late_result",
		    LOG_NUMBER("job", result->job),
		    LOG_NUMBER("attempt", result->attempt));
	if (message != NULL)
		take_result(queue, message, lease, result);
	else if (lease != NULL)
		queue_lease_end(queue, lease);
	process_in_hand(0);
}

/* ---- without an attempt ------------------------------------------------- */

static void
add_part(struct outcome *outcome, const struct queue_part *part,
    const struct verdict *verdict)
{
	for (size_t i = 0; i < outcome->message->recipient_count; i++)
		if (outcome->message->recipients[i].part == part &&
		    outcome->message->recipients[i].state == RECIPIENT_LIVE)
			add_verdict(outcome, i, verdict);
}

static struct verdict
unreachable_verdict(const struct queue_part *part, uint8_t state)
{
	const char *reason = part->destination->reason;

	return (struct verdict){
		.state = state,
		.status = TEXT("4.4.1"),
		.reason = reason == NULL ?
		    TEXT("the destination could not be reached") :
		    text_from(reason),
	};
}

void
queue_outcome_expire(struct queue *queue, struct queue_part *part)
{
	struct queue_message *message = part->message;
	struct verdict verdict = unreachable_verdict(part,
	    RECIPIENT_EXPIRED);
	struct outcome outcome;

	if (outcome_open(&outcome, queue, message) != 0)
		return;
	outcome.destination = part->destination;
	outcome.attempt = part->attempts;
	add_part(&outcome, part, &verdict);
	commit(&outcome);
	queue_part_drop(queue, part);
	if (message->live == 0)
		queue_change_done(queue, message);
}

/* Every recipient keeps its place in the line. */
void
queue_outcome_warn(struct queue *queue, struct queue_part *part)
{
	struct verdict verdict = unreachable_verdict(part, RECIPIENT_LIVE);
	struct outcome outcome;

	if (outcome_open(&outcome, queue, part->message) != 0)
		return;
	outcome.destination = part->destination;
	outcome.attempt = part->attempts;
	for (size_t i = 0; i < part->message->recipient_count; i++) {
		struct queue_recipient *recipient =
		    &part->message->recipients[i];

		if (recipient->part != part || recipient->warned ||
		    recipient->state != RECIPIENT_LIVE)
			continue;
		queue_recipient_save(recipient,
		    &outcome.changes[outcome.count]);
		outcome.changes[outcome.count++].warned = 1;
		add_item(&outcome, i, &verdict, DELIVERY_STATUS_DELAYED,
		    verdict.status);
	}
	outcome.is_silent = true;
	commit(&outcome);
}

/* ---- given up ----------------------------------------------------------- */

uint64_t
queue_outcome_give_up(struct queue *queue, struct queue_message *message,
    const struct queue_failure *failure)
{
	const struct verdict verdict = {
		.state = RECIPIENT_FAILED,
		.status = failure->status,
		.reason = failure->reason,
	};
	struct outcome outcome;
	uint64_t count;

	if (outcome_open(&outcome, queue, message) != 0) {
		queue_hold_aside(queue, message,
		    TEXT("the envelope cannot be read"));
		return 0;
	}
	outcome.failure = failure;
	for (size_t i = 0; i < message->recipient_count; i++) {
		const struct queue_recipient *recipient =
		    &message->recipients[i];

		outcome.attempt = recipient->attempts;
		if (recipient->state == RECIPIENT_LIVE &&
		    (recipient->part == NULL ||
		    recipient->part->lease == NULL))
			add_verdict(&outcome, i, &verdict);
	}
	count = outcome.count;
	commit(&outcome);
	leave_parts(queue, message);
	if (message->live == 0)
		queue_change_done(queue, message);
	return count;
}
