/*
 * Asking for a judgement and taking it.
 */
#include "queue/queue_disposition.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/clock.h"
#include "queue/queue.h"

void
queue_disposition_without_policy(struct queue *queue,
    struct queue_message *message)
{
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_DISPOSITION,
		.state = MESSAGE_READY,
		.disposition_version = queue->config_version,
	};
	char words[64];

	snprintf(words, sizeof(words),
	    "no policy, configuration version %" PRIu64,
	    queue->config_version);
	change.disposition = text_from(words);
	queue_change(queue, message, &change);
	queue_message_move(message, MESSAGE_JUDGING, MESSAGE_READY);
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

/* ---- verdicts ----------------------------------------------------------- */

/* "a, b"; what does not fit is left out. */
static struct text
join_tags(const struct frame_splinter *splinter, struct buffer *out)
{
	for (size_t i = 0; i < splinter->tag_count; i++) {
		size_t len = buffer_len(out);

		if ((len > 0 && buffer_add_text(out, TEXT(", ")) != 0) ||
		    buffer_add_text(out, splinter->tags[i]) != 0)
			buffer_truncate(out, len);
	}
	return buffer_text(out);
}

/* A name for what is held: why, in one line. */
static struct text
quarantine_reason(struct arena *arena,
    const struct frame_splinter *splinter)
{
	if (!text_is_empty(splinter->reason))
		return splinter->reason;
	return arena_printf(arena, "in quarantine %.*s",
	    TEXT_ARG(splinter->quarantine));
}

static void
take_deliver(struct queue *queue, struct queue_message *message,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	bool needs_envelope =
	    queue_protection_needs_envelope(&change->protection);

	(void)splinter;
	change->set |= QUEUE_SET_STATE;
	change->state = needs_envelope ? MESSAGE_PROTECTING : MESSAGE_READY;
	if (needs_envelope)
		change->protection.since_us = clock_now_us();
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

static void
take_bounce(struct queue *queue, struct queue_message *message,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	struct queue_failure failure = {
		/* RFC 3463 3.8: X.7.1, message refused. */
		.status = TEXT("5.7.1"),
		.reason = text_is_empty(splinter->reason) ?
		    TEXT("refused by policy") : splinter->reason,
		.notice = { .is_open = splinter->protection.form ==
		    PROTECTION_NONE },
		.also = change,
	};

	(void)queue_outcome_give_up(queue, message, &failure);
}

static void
take_quarantine(struct queue *queue, struct queue_message *message,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	struct text reason;

	arena_reset(queue->arena);
	reason = quarantine_reason(queue->arena, splinter);
	change->set |= QUEUE_SET_QUARANTINE;
	change->quarantine = splinter->quarantine;
	queue_hold_with(queue, message, change, reason);
	mail_event_quarantined(message->mid, splinter->quarantine,
	    reason);
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

static void
tell(uint64_t mid, const struct frame_disposition *disposition,
    const struct frame_splinter *splinter, const struct queue_change *change)
{
	mail_event_judged(mid, disposition->config_version,
	    text_from(frame_verdict_name(splinter->verdict)),
	    change->disposition, change->tags,
	    splinter->protection.profile);
	for (size_t i = 0; i < disposition->log_entry_count; i++)
		mail_event_filter_log(mid, text_slice(
		    disposition->log_entries[i], 0, FRAME_WORDS_MAX));
}

static void
take_splinter(struct queue *queue, struct queue_message *message,
    const struct frame_disposition *disposition,
    const struct frame_splinter *splinter, struct queue_change *change)
{
	struct buffer tags;

	buffer_init(&tags, QUEUE_WORDS_MAX);
	change->set |= QUEUE_SET_DISPOSITION | QUEUE_SET_PROTECTION;
	if (!text_is_empty(change->facts))
		change->set |= QUEUE_SET_FACTS;
	change->disposition = text_is_empty(splinter->words) ?
	    TEXT("no filter matched") : splinter->words;
	change->disposition_version = disposition->config_version;
	change->tags = join_tags(splinter, &tags);
	change->protection = queue_protection_make(&splinter->protection);
	tell(message->mid, disposition, splinter, change);
	takes[splinter->verdict](queue, message, splinter, change);
	buffer_clear(&tags);
}

void
queue_disposition_take(struct queue *queue, struct queue_message *message,
    const struct frame_disposition *disposition, struct queue_change *change)
{
	require(message->state == MESSAGE_JUDGING);
	/* Nothing was decided: whoever releases it has it judged again. */
	if (disposition->judgement == FRAME_SET_ASIDE)
		queue_hold_aside(queue, message,
		    text_is_empty(disposition->reason) ?
		    TEXT("it could not be judged") : disposition->reason);
	else
		take_splinter(queue, message, disposition,
		    &disposition->splinters[0], change);
}
