/*
 * Whether a disposition can be taken as it is: scan is a process that reads
 * what strangers wrote, and is believed in what makes sense only.
 */
#include "queue/queue_dispose.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "queue/queue.h"

static bool
is_protection_sane(const struct frame_protection *protection)
{
	return protection->form < PROTECTION_FORMS &&
	    (protection->form == PROTECTION_NONE ||
	    !text_is_empty(protection->profile));
}

static bool
is_splinter_sane(const struct frame_splinter *splinter,
    const struct frame_disposition *disposition)
{
	return splinter->verdict < FRAME_VERDICTS &&
	    splinter->body <= disposition->body_count &&
	    is_protection_sane(&splinter->protection) &&
	    (splinter->verdict != FRAME_VERDICT_QUARANTINE ||
	    !text_is_empty(splinter->quarantine)) &&
	    (splinter->rid_count > 0 || disposition->splinter_count == 1);
}

static bool
is_made_sane(const struct frame_made *made,
    const struct frame_disposition *disposition)
{
	for (size_t i = 0; i < made->recipient_count; i++)
		if (text_is_empty(made->recipients[i]) ||
		    made->recipients[i].len > ENVELOPE_ADDRESS_MAX)
			return false;
	return made->kind < FRAME_MADE_KINDS && made->recipient_count > 0 &&
	    made->body <= disposition->body_count &&
	    is_protection_sane(&made->protection) &&
	    (made->kind != FRAME_MADE_DUPLICATE ||
	    !text_is_empty(made->quarantine));
}

/* Marks those of one splinter; false: one is no live one, or taken. */
static bool
mark_recipients(struct queue_message *message,
    const struct frame_splinter *splinter, bool *taken)
{
	for (size_t i = 0; i < splinter->rid_count; i++) {
		const struct queue_recipient *recipient =
		    queue_message_recipient(message, splinter->rids[i].rid);
		size_t at;

		if (recipient == NULL || recipient->state != RECIPIENT_LIVE)
			return false;
		if (i > 0 && splinter->rids[i].rid <=
		    splinter->rids[i - 1].rid)
			return false;
		at = (size_t)(recipient - message->recipients);
		if (taken[at])
			return false;
		taken[at] = true;
	}
	return true;
}

/* Nobody is forgotten, and nobody has two fates. */
static bool
divides_recipients(struct queue_message *message,
    const struct frame_disposition *disposition)
{
	bool *taken = memory_array(message->recipient_count, sizeof(*taken));
	size_t count = 0;
	bool fits = true;

	for (size_t i = 0; fits && i < disposition->splinter_count; i++) {
		fits = mark_recipients(message, &disposition->splinters[i],
		    taken);
		count += disposition->splinters[i].rid_count;
	}
	free(taken);
	return fits && (count == message->live ||
	    (count == 0 && disposition->splinter_count == 1));
}

static bool
makes_sense(const struct frame_disposition *disposition)
{
	for (size_t i = 0; i < disposition->splinter_count; i++)
		if (!is_splinter_sane(&disposition->splinters[i],
		    disposition))
			return false;
	for (size_t i = 0; i < disposition->made_count; i++)
		if (!is_made_sane(&disposition->made[i], disposition))
			return false;
	return disposition->splinter_count > 0;
}

/* Copies of copies come to an end. */
static bool
goes_round(const struct queue_message *message,
    const struct frame_disposition *disposition)
{
	for (size_t i = 0; i < disposition->made_count; i++)
		if (disposition->made[i].kind == FRAME_MADE_RESCAN &&
		    message->passes >= QUEUE_PASSES_MAX)
			return true;
	return false;
}

const char *
queue_dispose_problem(struct queue_message *message,
    const struct frame_disposition *disposition)
{
	if (!makes_sense(disposition) ||
	    !divides_recipients(message, disposition))
		return "scan gave an answer that nobody understands";
	if (goes_round(message, disposition))
		return "the filters make copies of their copies without end";
	return NULL;
}

bool
queue_dispose_is_plain(const struct frame_disposition *disposition)
{
	return disposition->splinter_count == 1 &&
	    disposition->made_count == 0 &&
	    text_is_empty(disposition->splinters[0].recipient);
}
