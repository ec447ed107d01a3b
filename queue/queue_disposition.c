/*
 * Asking for a judgement and taking it.
 */
#include "queue/queue_disposition.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/clock.h"
#include "queue/queue.h"

/* Words of one fate. */
#define FATE_ARENA_MAX (64u * 1024)

void
queue_disposition_without_policy(struct queue *queue,
    struct queue_message *message)
{
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_DISPOSITION,
		.state = (uint8_t)queue_message_onward(message),
		.disposition_version = queue->config_version,
		.ruling = queue_ruling_value(message->ruling),
	};
	char words[64];

	snprintf(words, sizeof(words),
	    "no policy, configuration version %" PRIu64,
	    queue->config_version);
	change.disposition = text_from(words);
	/* Made by filters that are there no longer. */
	if (change.state == MESSAGE_PROTECTING) {
		change.set |= QUEUE_SET_PROTECTION;
		change.protection = *message->protection;
		change.protection.since_us = clock_now_us();
	}
	queue_change(queue, message, &change);
	queue_message_move(message, MESSAGE_JUDGING, change.state);
}

void
queue_disposition_renew(struct queue *queue, struct queue_message *message)
{
	if (queue_judge_is_needed(queue, message))
		queue_judge_ask(queue, message);
	else
		queue_disposition_without_policy(queue, message);
}

void
queue_disposition_ask(struct queue *queue, struct queue_message *message)
{
	if (message->class == ENVELOPE_CLASS_SERVICE) {
		queue_message_move(message, MESSAGE_RECEIVED, MESSAGE_READY);
		return;
	}
	queue_message_move(message, MESSAGE_RECEIVED, MESSAGE_JUDGING);
	queue_disposition_renew(queue, message);
}

void
queue_disposition_begin(struct queue *queue, uint64_t mid)
{
	struct queue_message *message = queue_table_find(queue, mid);

	if (message == NULL)
		return;
	if (message->state == MESSAGE_RECEIVED)
		queue_disposition_ask(queue, message);
	queue_schedule_message(queue, message);
}

/* ---- verdicts ----------------------------------------------------------- */

static void
take_deliver(struct queue *queue, struct queue_message *message,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	(void)splinter;
	queue_change(queue, message, change);
	queue_message_move(message, MESSAGE_JUDGING, change->state);
	queue_schedule_message(queue, message);
}

static void
take_drop(struct queue *queue, struct queue_message *message,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	(void)splinter;
	arena_reset(queue->arena);
	change->recipients = arena_array(queue->arena,
	    message->recipient_count, sizeof(*change->recipients));
	require(change->recipients != NULL);
	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].state == RECIPIENT_LIVE)
			change->recipients[change->recipient_count++] =
			    (struct queue_recipient_change){
				.rid = message->recipients[i].rid,
				.state = RECIPIENT_DROPPED,
			};
	queue_change(queue, message, change);
	mail_event_dropped(message->mid, change->recipient_count);
	queue_change_done(queue, message);
}

struct queue_failure
queue_disposition_failure(const struct queue *queue,
    const struct frame_splinter *splinter)
{
	return (struct queue_failure){
		/* RFC 3463 3.8: X.7.1, message refused. */
		.status = TEXT("5.7.1"),
		.reason = text_is_empty(splinter->reason) ?
		    TEXT("refused by policy") : splinter->reason,
		.notice = { .is_open = splinter->protection.form ==
		    PROTECTION_NONE },
		.is_muted = !text_is_empty(splinter->bounce_profile) &&
		    !queue_retry_find(queue,
		    splinter->bounce_profile).send_bounces,
	};
}

static void
take_bounce(struct queue *queue, struct queue_message *message,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	struct queue_failure failure = queue_disposition_failure(queue,
	    splinter);

	failure.also = change;
	(void)queue_outcome_give_up(queue, message, &failure);
}

static void
take_quarantine(struct queue *queue, struct queue_message *message,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	(void)splinter;
	queue_hold_with(queue, message, change, change->hold_reason);
}

static void (*const takes[FRAME_VERDICTS])(struct queue *queue,
    struct queue_message *message,
    const struct frame_splinter *splinter,
    struct queue_change *change) = {
	[FRAME_VERDICT_DELIVER] = take_deliver,
	[FRAME_VERDICT_DROP] = take_drop,
	[FRAME_VERDICT_BOUNCE] = take_bounce,
	[FRAME_VERDICT_QUARANTINE] = take_quarantine,
};

/* One fate for all: the message itself goes on, or is over. */
static void
take_plain(struct queue *queue, struct queue_message *message,
    const struct frame_disposition *disposition,
    const struct queue_rewrite_body *bodies)
{
	const struct frame_splinter *splinter = &disposition->splinters[0];
	const struct queue_rewrite_body *body = bodies == NULL ||
	    splinter->body == 0 ? NULL : &bodies[splinter->body - 1];
	struct arena *arena = arena_new(FATE_ARENA_MAX);
	struct queue_change change = { 0 };
	uint64_t mid = message->mid;

	if (body != NULL)
		queue_rewrite_set(&change, body);
	queue_fate_of_splinter(message, splinter,
	    disposition->config_version, arena, &change);
	queue_message_add_facts(message, &change);
	queue_fate_tell(mid, splinter, &change);
	takes[splinter->verdict](queue, message, splinter, &change);
	arena_free(arena);
	if (body != NULL)
		queue_rewrite_keep(queue, mid, body);
}

static void
tell_log(uint64_t mid, const struct frame_disposition *disposition)
{
	for (size_t i = 0; i < disposition->log_entry_count; i++)
		mail_event_filter_log(mid, text_slice(
		    disposition->log_entries[i], 0, FRAME_WORDS_MAX));
}

void
queue_disposition_take(struct queue *queue, struct queue_message *message,
    const struct frame_disposition *disposition,
    const struct queue_rewrite_body *bodies)
{
	require(message->state == MESSAGE_JUDGING);
	/* Nothing was decided: whoever releases it has it judged again. */
	if (disposition->judgement == FRAME_SET_ASIDE) {
		queue_hold_aside(queue, message,
		    text_is_empty(disposition->reason) ?
		    TEXT("it could not be judged") : disposition->reason);
		return;
	}
	tell_log(message->mid, disposition);
	if (queue_dispose_is_plain(disposition))
		take_plain(queue, message, disposition, bodies);
	else
		queue_dispose(queue, message, disposition, bodies);
}
