/*
 * Transactions of the deliver process: replies to outcomes, no I/O.
 */
#include "queue/delivery/delivery_transaction.h"

#include <string.h>

#include "gateway/mail/smtp_extension.h"
#include "queue/delivery/delivery_command.h"

int
delivery_transaction_begin(struct delivery_transaction *transaction,
	struct delivery_job *job, unsigned int extensions, bool has_8bit)
{
	memset(transaction, 0, sizeof(*transaction));
	transaction->job = job;
	transaction->extensions = extensions;
	transaction->has_8bit = has_8bit;
	transaction->command_count = job->open + 2;
	transaction->is_accepted = arena_array(job->arena,
	    job->frame.envelope.recipient_count,
	    sizeof(*transaction->is_accepted));
	return transaction->is_accepted == NULL ? ERROR_LIMIT : 0;
}

/* The first recipient at or behind index that is not decided. */
static size_t
delivery_next_open(const struct delivery_job *job, size_t index)
{
	while (index < job->frame.envelope.recipient_count &&
	    job->recipients[index].is_decided)
		index++;
	return index;
}

static int
delivery_transaction_rcpt(struct delivery_transaction *transaction,
	struct buffer *out)
{
	const struct delivery_job *job = transaction->job;
	size_t index = transaction->recipient;

	while (job->recipients[index].is_decided)
		index++;
	transaction->recipient = index + 1;
	return delivery_command_rcpt(&job->frame.envelope.recipients[index],
	    transaction->extensions, out);
}

static bool
delivery_transaction_may_send(const struct delivery_transaction *transaction)
{
	size_t ahead = transaction->sent - transaction->answered;

	if (transaction->sent == transaction->command_count ||
	    transaction->is_refused)
		return false;
	if (ahead >= (transaction->extensions & SMTP_EXTENSION_PIPELINING ?
	    DELIVERY_PIPELINE_MAX : 1))
		return false;
	/* DATA for nobody is only sent where it runs ahead. */
	return transaction->sent + 1 < transaction->command_count ||
	    transaction->accepted > 0 || ahead > 0;
}

int
delivery_transaction_command(struct delivery_transaction *transaction,
	struct buffer *out)
{
	int error;

	if (!delivery_transaction_may_send(transaction))
		return 0;
	if (transaction->sent == 0)
		error = delivery_command_mail(
		    &transaction->job->frame.envelope,
		    transaction->extensions, transaction->has_8bit, out);
	else if (transaction->sent + 1 < transaction->command_count)
		error = delivery_transaction_rcpt(transaction, out);
	else
		error = buffer_add_text(out, TEXT("DATA\r\n"));
	if (error < 0)
		return error;
	transaction->sent++;
	return 1;
}

/* RFC 5321 4.2.1: the first digit decides; what fits nowhere is "later". */
static void
delivery_outcome_of_reply(struct delivery_job *job,
	const struct smtp_reply *reply, uint8_t good,
	struct delivery_outcome *outcome)
{
	char printed[SMTP_REPLY_PRINT_SIZE];
	unsigned int class = smtp_reply_class(reply);

	memset(outcome, 0, sizeof(*outcome));
	outcome->reply = reply->code;
	memcpy(outcome->status, reply->status, sizeof(outcome->status));
	if (class == 2) {
		outcome->result = good;
	} else if (class == 5) {
		outcome->result = FRAME_RESULT_FAILED;
	} else {
		outcome->result = FRAME_RESULT_DEFERRED;
		class = 4;
	}
	if (outcome->status[0] != class) {
		outcome->status[0] = (uint16_t)class;
		outcome->status[1] = outcome->status[2] = 0;
	}
	smtp_reply_print(reply, printed, sizeof(printed));
	outcome->words = delivery_job_words(job, text_from(printed));
}

static void
delivery_transaction_settle(struct delivery_job *job, size_t index,
	const struct delivery_outcome *outcome)
{
	if (outcome->result == FRAME_RESULT_DEFERRED)
		delivery_job_trouble(job, index, outcome);
	else
		delivery_job_decide(job, index, outcome);
}

void
delivery_transaction_broken(struct delivery_transaction *transaction,
	const struct delivery_outcome *outcome)
{
	struct delivery_job *job = transaction->job;
	size_t i;

	for (i = 0; i < job->frame.envelope.recipient_count; i++) {
		if (job->recipients[i].is_decided)
			continue;
		/* What the hop said about this one is more exact. */
		if (job->recipients[i].has_trouble &&
		    !transaction->is_accepted[i])
			continue;
		delivery_transaction_settle(job, i, outcome);
	}
}

/* The recipients that the hop took, and only they. */
static void
delivery_transaction_settle_accepted(
	struct delivery_transaction *transaction,
	const struct smtp_reply *reply, bool is_final)
{
	struct delivery_job *job = transaction->job;
	const struct envelope *envelope = &job->frame.envelope;
	struct delivery_outcome outcome;
	size_t i;

	delivery_outcome_of_reply(job, reply, FRAME_RESULT_DELIVERED,
	    &outcome);
	/* A "250" in place of "354" took no content. */
	if (!is_final && outcome.result == FRAME_RESULT_DELIVERED) {
		outcome.result = FRAME_RESULT_DEFERRED;
		outcome.status[0] = 4;
		outcome.status[1] = 5;
		outcome.status[2] = 0;
	}
	for (i = 0; i < envelope->recipient_count; i++) {
		if (!transaction->is_accepted[i])
			continue;
		/* RFC 3461 5.2.2: a hop without DSN, success asked for. */
		if (outcome.result == FRAME_RESULT_DELIVERED &&
		    (transaction->extensions & SMTP_EXTENSION_DSN) == 0 &&
		    (envelope->recipients[i].notify &
		    ENVELOPE_NOTIFY_SUCCESS)) {
			outcome.result = FRAME_RESULT_RELAYED;
			delivery_transaction_settle(job, i, &outcome);
			outcome.result = FRAME_RESULT_DELIVERED;
		} else {
			delivery_transaction_settle(job, i, &outcome);
		}
	}
}

void
delivery_transaction_ended(struct delivery_transaction *transaction,
	const struct smtp_reply *reply)
{
	struct delivery_outcome outcome;

	transaction->is_refused = true;
	delivery_outcome_of_reply(transaction->job, reply,
	    FRAME_RESULT_DEFERRED, &outcome);
	delivery_transaction_broken(transaction, &outcome);
}

void
delivery_transaction_decide(struct delivery_transaction *transaction,
	const struct delivery_outcome *outcome)
{
	struct delivery_job *job = transaction->job;
	size_t i;

	for (i = 0; i < job->frame.envelope.recipient_count; i++)
		if (transaction->is_accepted[i])
			delivery_job_decide(job, i, outcome);
}

static void
delivery_transaction_mail_reply(struct delivery_transaction *transaction,
	const struct smtp_reply *reply)
{
	if (smtp_reply_class(reply) != 2)
		delivery_transaction_ended(transaction, reply);
}

static void
delivery_transaction_rcpt_reply(struct delivery_transaction *transaction,
	const struct smtp_reply *reply)
{
	struct delivery_job *job = transaction->job;
	struct delivery_outcome outcome;
	size_t index;

	if (transaction->is_refused)
		return;
	index = delivery_next_open(job, transaction->reply_recipient);
	transaction->reply_recipient = index + 1;
	if (smtp_reply_class(reply) == 2) {
		transaction->is_accepted[index] = true;
		transaction->accepted++;
		return;
	}
	delivery_outcome_of_reply(job, reply, FRAME_RESULT_DEFERRED,
	    &outcome);
	/* RFC 5321 4.5.3.1.10: 552 behind others means "too many". */
	if (reply->code == 552 && transaction->accepted > 0) {
		outcome.result = FRAME_RESULT_DEFERRED;
		outcome.status[0] = 4;
	}
	delivery_transaction_settle(job, index, &outcome);
}

static enum delivery_step
delivery_transaction_data_reply(struct delivery_transaction *transaction,
	const struct smtp_reply *reply)
{
	if (smtp_reply_class(reply) == 3)
		return transaction->accepted > 0 ? DELIVERY_STEP_BODY :
		    DELIVERY_STEP_DOT;
	if (transaction->accepted > 0)
		delivery_transaction_settle_accepted(transaction, reply,
		    false);
	return DELIVERY_STEP_OVER;
}

enum delivery_step
delivery_transaction_reply(struct delivery_transaction *transaction,
	const struct smtp_reply *reply)
{
	size_t index = transaction->answered++;

	require(index < transaction->sent);
	if (index + 1 == transaction->command_count)
		return delivery_transaction_data_reply(transaction, reply);
	if (index == 0)
		delivery_transaction_mail_reply(transaction, reply);
	else
		delivery_transaction_rcpt_reply(transaction, reply);
	/* Nothing under way and nothing more to say. */
	return transaction->answered == transaction->sent &&
	    !delivery_transaction_may_send(transaction) ?
	    DELIVERY_STEP_OVER : DELIVERY_STEP_WAIT;
}

void
delivery_transaction_final(struct delivery_transaction *transaction,
	const struct smtp_reply *reply)
{
	if (transaction->accepted > 0)
		delivery_transaction_settle_accepted(transaction, reply, true);
}
