/*
 * Requirements in the deliver process: a rule, no I/O.
 */
#include "queue/delivery/delivery_requirements.h"

#include "gateway/mail/smtp_extension.h"
#include "queue/delivery/delivery_command.h"

static bool
delivery_is_ascii(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if ((unsigned char)t.data[i] > 127)
			return false;
	return true;
}

static void
delivery_requirements_fail(struct delivery_job *job, size_t index,
	uint16_t subject, uint16_t detail, const char *words)
{
	struct delivery_outcome outcome = { .result = FRAME_RESULT_FAILED,
		.status = { 5, subject, detail } };

	if (job->recipients[index].is_decided)
		return;
	outcome.words = delivery_job_words(job, text_from(words));
	delivery_job_decide(job, index, &outcome);
}

static void
delivery_requirements_fail_all(struct delivery_job *job,
	uint16_t subject, uint16_t detail, const char *words)
{
	size_t i;

	for (i = 0; i < job->frame.envelope.recipient_count; i++)
		delivery_requirements_fail(job, i, subject, detail, words);
}

/*
 * RFC 6531 3.2: what was submitted with SMTPUTF8 and needs it goes to no hop
 * without; ASCII mail that merely asked for it may go.
 */
static void
delivery_requirements_utf8(struct delivery_job *job,
	const struct delivery_findings *findings)
{
	static const char words[] =
	    "the next hop does not take internationalized mail (SMTPUTF8)";
	const struct envelope *envelope = &job->frame.envelope;
	size_t i;

	if (findings->has_8bit_header ||
	    !delivery_is_ascii(envelope->sender)) {
		delivery_requirements_fail_all(job, 6, 7, words);
		return;
	}
	for (i = 0; i < envelope->recipient_count; i++)
		if (!delivery_is_ascii(envelope->recipients[i].address))
			delivery_requirements_fail(job, i, 6, 7, words);
}

static void
delivery_requirements_addresses(struct delivery_job *job)
{
	const struct envelope *envelope = &job->frame.envelope;
	size_t i;

	if (!delivery_command_can_mail(envelope)) {
		delivery_requirements_fail_all(job, 1, 7,
		    "the sender's address cannot be sent");
		return;
	}
	for (i = 0; i < envelope->recipient_count; i++)
		if (!delivery_command_can_rcpt(&envelope->recipients[i]))
			delivery_requirements_fail(job, i, 1, 3,
			    "the recipient's address cannot be sent");
}

void
delivery_requirements_apply(struct delivery_job *job,
	const struct delivery_findings *findings, unsigned int extensions,
	uint64_t size_max)
{
	const struct envelope *envelope = &job->frame.envelope;

	delivery_requirements_addresses(job);
	/* RFC 1870 6.1: with a size that will be refused nothing is sent. */
	if (size_max > 0 && envelope->size > size_max) {
		delivery_requirements_fail_all(job, 3, 4,
		    "the message is larger than the next hop takes");
		return;
	}
	/* First, for it says more than "8-bit content" does. */
	if ((extensions & SMTP_EXTENSION_SMTPUTF8) == 0)
		delivery_requirements_utf8(job, findings);
	/* Not what BODY announced: many clients say 8BITMIME of ASCII. */
	if (findings->has_8bit &&
	    (extensions & SMTP_EXTENSION_8BITMIME) == 0)
		delivery_requirements_fail_all(job, 6, 3,
		    "the next hop does not take 8-bit content (8BITMIME)");
}
