/*
 * Dispositions as changes.
 */
#include "queue/queue_fate.h"

#include "gateway/base/clock.h"
#include "gateway/mail/mail_event.h"

/* What it is a copy of may be gone before the change is told of. */
static struct text
keep(struct text t, struct arena *arena)
{
	struct text copy = TEXT_EMPTY;

	require(arena_copy(arena, t, &copy) == 0);
	return copy;
}

/* "a, b"; what does not fit is left out. */
static struct text
join_tags(const struct frame_splinter *splinter, struct arena *arena)
{
	struct text joined;
	struct buffer out;

	buffer_init(&out, QUEUE_WORDS_MAX);
	for (size_t i = 0; i < splinter->tag_count; i++) {
		size_t len = buffer_len(&out);

		if ((len > 0 && buffer_add_text(&out, TEXT(", ")) != 0) ||
		    buffer_add_text(&out, splinter->tags[i]) != 0)
			buffer_truncate(&out, len);
	}
	joined = keep(buffer_text(&out), arena);
	buffer_clear(&out);
	return joined;
}

/* To its destinations, or to its envelope first. */
static void
set_onward(struct queue_change *out)
{
	bool needs_envelope =
	    queue_protection_needs_envelope(&out->protection);

	out->set |= QUEUE_SET_STATE;
	out->state = needs_envelope ? MESSAGE_PROTECTING : MESSAGE_READY;
	if (needs_envelope)
		out->protection.since_us = clock_now_us();
}

static void
set_held(struct text quarantine, struct text reason, struct arena *arena,
    struct queue_change *out)
{
	out->set |= QUEUE_SET_STATE | QUEUE_SET_HOLD_REASON |
	    QUEUE_SET_QUARANTINE;
	out->state = MESSAGE_HELD;
	out->quarantine = quarantine;
	out->hold_reason = text_is_empty(reason) ? arena_printf(arena,
	    "in quarantine %.*s", TEXT_ARG(quarantine)) : reason;
}

bool
queue_fate_goes_on(const struct frame_splinter *splinter)
{
	return splinter->verdict == FRAME_VERDICT_DELIVER ||
	    splinter->verdict == FRAME_VERDICT_QUARANTINE;
}

static struct queue_ruling
ruling_of(const struct queue_message *message,
    const struct frame_splinter *splinter, struct arena *arena)
{
	return (struct queue_ruling){
		.policy = splinter->policy,
		.next_hop = text_is_empty(splinter->next_hop) ? keep(
		    queue_ruling_value(message->ruling).next_hop, arena) :
		    splinter->next_hop,
		.bounce_profile = splinter->bounce_profile,
	};
}

static struct queue_protection
protection_of(const struct queue_message *message,
    const struct frame_splinter *splinter, struct arena *arena)
{
	struct queue_protection protection =
	    queue_protection_make(&splinter->protection);

	queue_protection_raise(&protection, message->protection);
	protection.profile = keep(protection.profile, arena);
	protection.subject = keep(protection.subject, arena);
	return protection;
}

void
queue_fate_of_splinter(const struct queue_message *message,
    const struct frame_splinter *splinter, uint64_t config_version,
    struct arena *arena, struct queue_change *out)
{
	out->set |= QUEUE_SET_DISPOSITION | QUEUE_SET_PROTECTION;
	out->disposition = text_is_empty(splinter->words) ?
	    TEXT("no filter matched") : splinter->words;
	out->disposition_version = config_version;
	out->tags = join_tags(splinter, arena);
	out->ruling = ruling_of(message, splinter, arena);
	out->protection = protection_of(message, splinter, arena);
	if (splinter->verdict == FRAME_VERDICT_DELIVER)
		set_onward(out);
	else if (splinter->verdict == FRAME_VERDICT_QUARANTINE)
		set_held(splinter->quarantine, splinter->reason, arena, out);
}

void
queue_fate_of_made(const struct frame_made *made, uint64_t config_version,
    struct arena *arena, struct queue_change *out)
{
	out->set |= QUEUE_SET_DISPOSITION | QUEUE_SET_PROTECTION;
	out->ruling.next_hop = made->next_hop;
	out->protection = queue_protection_make(&made->protection);
	if (made->kind == FRAME_MADE_RESCAN)
		return;
	out->disposition = text_slice(arena_printf(arena, "%s by %.*s",
	    frame_made_kind_name(made->kind), TEXT_ARG(made->key)), 0,
	    QUEUE_WORDS_MAX);
	out->disposition_version = config_version;
	if (made->kind == FRAME_MADE_DUPLICATE)
		set_held(made->quarantine, TEXT_EMPTY, arena, out);
	else
		set_onward(out);
}

void
queue_fate_tell(uint64_t mid, const struct frame_splinter *splinter,
    const struct queue_change *change)
{
	mail_event_judged(mid, change->disposition_version,
	    text_from(frame_verdict_name(splinter->verdict)),
	    change->disposition, change->tags, change->protection.profile,
	    splinter->policy);
	if (splinter->verdict == FRAME_VERDICT_QUARANTINE)
		mail_event_quarantined(mid, change->quarantine,
		    change->hold_reason);
}
