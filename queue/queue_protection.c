/*
 * Protection as data, and the question whether it is met.
 */
#include "queue/queue_protection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/base/clock.h"
#include "gateway/base/error.h"
#include "gateway/base/memory.h"
#include "gateway/config/config.h"

void
queue_protection_renew_id(struct queue_protection *protection)
{
	size_t size = sizeof(protection->envelope_id);

	if (getrandom(protection->envelope_id, size, 0) != (ssize_t)size)
		fatal_errno("getrandom");
}

struct queue_protection
queue_protection_make(const struct frame_protection *asked)
{
	struct queue_protection protection = {
		.form = asked->form,
		.profile = asked->profile,
		.subject = asked->subject,
	};

	if (protection.form != PROTECTION_NONE)
		queue_protection_renew_id(&protection);
	return protection;
}

void
queue_protection_raise(struct queue_protection *protection,
    const struct queue_protection *before)
{
	static const uint8_t strictness[PROTECTION_FORMS] = {
		[PROTECTION_TLS_OR_ENVELOPE] = 1,
		[PROTECTION_ENVELOPE] = 2,
	};

	if (before == NULL || before->form >= PROTECTION_FORMS ||
	    strictness[before->form] <= strictness[protection->form])
		return;
	*protection = (struct queue_protection){
		.form = before->form,
		.profile = before->profile,
		.subject = before->subject,
	};
	queue_protection_renew_id(protection);
}

struct frame_protection
queue_protection_asked(const struct queue_protection *protection)
{
	if (protection == NULL)
		return (struct frame_protection){ .form = PROTECTION_NONE };
	return (struct frame_protection){ .form = protection->form,
		.profile = protection->profile,
		.subject = protection->subject };
}

struct queue_protection *
queue_protection_keep(const struct queue_protection *from)
{
	struct queue_protection *kept;
	char *at;

	if (from->form == PROTECTION_NONE)
		return NULL;
	kept = memory_new(sizeof(*kept) + from->profile.len +
	    from->subject.len + from->reason.len + from->reference.len);
	*kept = *from;
	at = (char *)(kept + 1);
	kept->profile = text_put(&at, from->profile);
	kept->subject = text_put(&at, from->subject);
	kept->reason = text_put(&at, from->reason);
	kept->reference = text_put(&at, from->reference);
	if (kept->seen_ms == 0)
		kept->seen_ms = clock_monotonic_ms();
	return kept;
}

static bool
is_none(const struct queue_protection *protection)
{
	return protection == NULL || protection->form == PROTECTION_NONE;
}

bool
queue_protection_is_met(const struct queue_protection *protection,
    const uint8_t sha256[32])
{
	return is_none(protection) || (protection->met_us != 0 &&
	    memcmp(protection->met_sha256, sha256,
	    sizeof(protection->met_sha256)) == 0);
}

/* A form that nobody knows is taken for the strictest. */
bool
queue_protection_needs_envelope(const struct queue_protection *protection)
{
	return !is_none(protection) && protection->met_us == 0 &&
	    protection->form != PROTECTION_TLS_OR_ENVELOPE;
}

bool
queue_protection_needs_tls(const struct queue_protection *protection)
{
	return !is_none(protection) && protection->met_us == 0 &&
	    protection->form == PROTECTION_TLS_OR_ENVELOPE;
}

bool
queue_protection_may_send(const struct queue_protection *protection,
    const uint8_t sha256[32], uint8_t tls)
{
	if (queue_protection_is_met(protection, sha256))
		return true;
	return protection->form == PROTECTION_TLS_OR_ENVELOPE &&
	    protection->met_us == 0 && tls >= CONFIG_DESTINATION_TLS_REQUIRED;
}
