/*
 * A session at work: one job after the other, each checked, sent and
 * answered for.
 */
#include "queue/delivery/delivery_session_private.h"

#include <stdio.h>

#include "gateway/base/log.h"
#include "gateway/mail/mail_event.h"
#include "queue/delivery/delivery_protection.h"
#include "queue/delivery/delivery_requirements.h"

/* On a fresh connection to the same host, when a kept one was dead. */
#define DELIVERY_REPEATS_MAX 2

/* ---- the end of a job ---- */

static struct delivery_outcome
delivery_mail_outcome(struct delivery_job *job, uint8_t result,
	uint16_t subject, uint16_t detail, const char *words)
{
	struct delivery_outcome outcome = { .result = result,
		.status = { result == FRAME_RESULT_FAILED ? 5 : 4, subject,
		detail } };

	outcome.words = delivery_job_words(job, text_from(words));
	return outcome;
}

static struct delivery_job *
delivery_mail_take_off(struct delivery_session *session)
{
	struct delivery_job *job = session->job;

	session->job = NULL;
	list_remove(&job->link);
	return job;
}

/*
 * The transaction is over.  Where nobody's fate is sealed the next host may
 * do better, in this same attempt.
 */
static void
delivery_mail_over(struct delivery_session *session)
{
	struct delivery_job *job = delivery_mail_take_off(session);
	struct delivery_outcome outcome;

	if (job->open == job->frame.envelope.recipient_count &&
	    session->position + 1 < session->targets->count) {
		job->floor = session->position + 1;
		delivery_destination_return(session->destination, job);
		return;
	}
	if (job->open > 0) {
		outcome = delivery_mail_outcome(job, FRAME_RESULT_DEFERRED,
		    0, 0, "not delivered");
		delivery_job_decide_open(job, &outcome);
	}
	delivery_job_done(session->delivery, job);
}

/* The same outcome for everybody, whatever the next host might say. */
static void
delivery_mail_fail(struct delivery_session *session, uint8_t result,
	uint16_t subject, uint16_t detail, const char *words)
{
	struct delivery_job *job = session->job;
	struct delivery_outcome outcome = delivery_mail_outcome(job, result,
	    subject, detail, words);
	size_t i;

	for (i = 0; i < job->frame.envelope.recipient_count; i++)
		if (!job->recipients[i].is_decided)
			delivery_job_decide(job, i, &outcome);
	delivery_mail_over(session);
}

/* ---- taking a job ---- */

static void
delivery_mail_begin(struct delivery_session *session,
	struct delivery_job *job)
{
	struct delivery *delivery = session->delivery;
	const struct frame_job *frame = &job->frame;

	delivery->peers->in_hand(delivery->context, delivery_job_mid(job));
	if (!job->is_started)
		mail_event_attempt_started(delivery_job_mid(job),
		    frame->envelope.recipient_count, frame->destination.key,
		    frame->attempt);
	job->is_started = true;
	session->job = job;
	list_append(&delivery->at_hand, &job->link);
	delivery_job_set_host(job, session->dcid,
	    delivery_session_target(session)->label,
	    session->tls == NULL ? TEXT_EMPTY :
	    tls_session_describe(session->tls));
	delivery_session_move(session, DELIVERY_CHECKING);
	stream_set_deadline(session->stream, -1);
	if (session->digest == NULL)
		session->digest = digest_new();
	delivery_check_begin(&session->check, job->body, session->digest,
	    frame->envelope.smtputf8 != 0);
	delivery_mail_check(session);
}

static bool
delivery_session_must_leave(const struct delivery_session *session)
{
	uint32_t most =
	    session->destination->settings.messages_per_connection;

	return session->delivery->is_stopping ||
	    (most > 0 && session->messages >= most);
}

void
delivery_session_work(struct delivery_session *session)
{
	struct delivery *delivery = session->delivery;
	struct delivery_job *job;

	while (session->state == DELIVERY_IDLE) {
		if (session->is_last) {
			delivery_session_close(session);
			return;
		}
		if (delivery_session_must_leave(session)) {
			delivery_session_quit(session);
			return;
		}
		job = delivery_destination_next(session->destination,
		    session->position);
		if (job == NULL) {
			stream_set_deadline(session->stream, (int64_t)
			    delivery->config->limits.idle_connection_ms);
			return;
		}
		delivery_mail_begin(session, job);
	}
}

void
delivery_mail_idle_lost(struct delivery_session *session, const char *words)
{
	(void)words;
	delivery_session_close(session);
}

/* ---- checking ---- */

static void
delivery_mail_checked(struct delivery_session *session)
{
	struct delivery_job *job = session->job;
	const struct delivery_findings *findings = &session->check.findings;
	const char *refusal;

	/* Once more, with the connection and the bytes that it is about. */
	refusal = delivery_protection_refusal(&job->frame,
	    session->tls != NULL && delivery_protection_rule_insists(
	    &session->destination->settings));
	if (refusal != NULL)
		delivery_job_refuse_unprotected(job, refusal);
	else
		delivery_requirements_apply(job, findings,
		    session->extensions, session->size_max);
	if (job->open == 0) {
		delivery_mail_over(session);
		delivery_session_move(session, DELIVERY_IDLE);
		return;
	}
	if (delivery_transaction_begin(&session->transaction, job,
	    session->extensions, findings->has_8bit) < 0) {
		delivery_mail_fail(session, FRAME_RESULT_DEFERRED, 3, 0,
		    "too many attempts in one");
		delivery_session_move(session, DELIVERY_IDLE);
		return;
	}
	delivery_session_move(session, DELIVERY_ENVELOPE);
	delivery_mail_pump(session);
}

void
delivery_mail_check(struct delivery_session *session)
{
	const struct envelope *envelope = &session->job->frame.envelope;
	const char *words = "the body cannot be read";
	int error = delivery_check_step(&session->check, envelope->size,
	    envelope->sha256);

	if (error == ERROR_AGAIN) {
		loop_chore_add(session->delivery->loop, &session->chore);
		return;
	}
	if (error == 0) {
		delivery_mail_checked(session);
		return;
	}
	if (error == ERROR_MISMATCH)
		words = "body does not match its hash";
	log_event(LOG_ERROR_LEVEL, envelope->mid, "body_mismatch",
	    LOG_NUMBER("size", envelope->size), LOG_STRING("reason", words));
	delivery_mail_fail(session, FRAME_RESULT_DEFERRED, 3, 0, words);
	delivery_session_move(session, DELIVERY_IDLE);
}

/* Nothing has been said about the job: another session may take it. */
static void
delivery_mail_give_back(struct delivery_session *session)
{
	delivery_destination_return(session->destination,
	    delivery_mail_take_off(session));
	delivery_session_close(session);
}

void
delivery_mail_check_lost(struct delivery_session *session, const char *words)
{
	(void)words;
	delivery_mail_give_back(session);
}

/* ---- the envelope ---- */

void
delivery_mail_pump(struct delivery_session *session)
{
	struct buffer *scratch = &session->delivery->scratch;
	int sent;

	while (stream_output_len(session->stream) < DELIVERY_BODY_AHEAD) {
		buffer_reset(scratch);
		sent = delivery_transaction_command(&session->transaction,
		    scratch);
		/* Addresses were looked at, and fit. */
		require(sent >= 0);
		if (sent == 0)
			break;
		require(stream_write(session->stream,
		    buffer_text(scratch)) == 0);
		session->expected++;
	}
	delivery_session_expect(session, 0,
	    session->delivery->config->limits.reply_timeout_ms);
}

static void
delivery_mail_body(struct delivery_session *session)
{
	delivery_session_move(session, DELIVERY_BODY);
	delivery_feed_begin(&session->feed, session->job->body);
	delivery_mail_feed(session);
}

/* RFC 2920 3.1: DATA ran ahead and was taken, though nobody was. */
static void
delivery_mail_dot(struct delivery_session *session)
{
	delivery_session_move(session, DELIVERY_FINAL);
	delivery_session_say(session, TEXT(".\r\n"));
}

static void
delivery_mail_nothing_sent(struct delivery_session *session)
{
	delivery_mail_over(session);
	if (session->is_last) {
		delivery_session_close(session);
		return;
	}
	delivery_session_move(session, DELIVERY_RESET);
	delivery_session_say(session, TEXT("RSET\r\n"));
}

void
delivery_mail_reply(struct delivery_session *session)
{
	static void (*const steps[])(struct delivery_session *session) = {
		[DELIVERY_STEP_WAIT] = delivery_mail_pump,
		[DELIVERY_STEP_BODY] = delivery_mail_body,
		[DELIVERY_STEP_DOT] = delivery_mail_dot,
		[DELIVERY_STEP_OVER] = delivery_mail_nothing_sent,
	};

	/* RFC 5321 3.8: 421 answers whatever was asked, and then it ends. */
	if (session->reply.code == 421) {
		delivery_transaction_ended(&session->transaction,
		    &session->reply);
		delivery_mail_over(session);
		delivery_session_close(session);
		return;
	}
	steps[delivery_transaction_reply(&session->transaction,
	    &session->reply)](session);
}

void
delivery_mail_lost(struct delivery_session *session, const char *words)
{
	struct delivery_job *job = session->job;
	struct delivery_outcome outcome;
	char reason[DELIVERY_TROUBLE_WORDS];

	/* A kept connection that had died meanwhile says nothing of today. */
	if (session->messages > 0 && session->transaction.answered == 0 &&
	    job->repeats < DELIVERY_REPEATS_MAX) {
		job->repeats++;
		delivery_mail_give_back(session);
		return;
	}
	(void)snprintf(reason, sizeof(reason), "%.*s: %s",
	    TEXT_ARG(delivery_session_target(session)->label), words);
	outcome = delivery_mail_outcome(job, FRAME_RESULT_DEFERRED, 4, 2,
	    reason);
	delivery_transaction_broken(&session->transaction, &outcome);
	delivery_mail_over(session);
	delivery_session_close(session);
}

/* ---- content ---- */

void
delivery_mail_feed(struct delivery_session *session)
{
	const struct config_limits *limits =
	    &session->delivery->config->limits;
	int error = delivery_feed_step(&session->feed, session->stream);

	if (error == ERROR_AGAIN) {
		delivery_session_expect(session, 0, limits->reply_timeout_ms);
		return;
	}
	if (error == 0) {
		delivery_session_move(session, DELIVERY_FINAL);
		delivery_session_expect(session, 1,
		    limits->final_reply_timeout_ms);
		return;
	}
	if (error == ERROR_MALFORMED)
		delivery_mail_fail(session, FRAME_RESULT_FAILED, 6, 0,
		    "the message holds a bare CR or LF");
	else
		delivery_mail_fail(session, FRAME_RESULT_DEFERRED, 3, 0,
		    "the body cannot be read");
	delivery_session_close(session);
}

/* The hop speaks while content flows: only a refusal makes sense. */
void
delivery_mail_early(struct delivery_session *session)
{
	unsigned int class = smtp_reply_class(&session->reply);

	if (class != 4 && class != 5) {
		delivery_mail_lost(session,
		    "it answered before the end of the message");
		return;
	}
	delivery_transaction_final(&session->transaction, &session->reply);
	delivery_mail_over(session);
	delivery_session_close(session);
}

void
delivery_mail_final(struct delivery_session *session)
{
	/* The dot has not left yet: this is no answer to it. */
	if (stream_output_len(session->stream) > 0) {
		delivery_mail_early(session);
		return;
	}
	delivery_transaction_final(&session->transaction, &session->reply);
	session->messages++;
	delivery_mail_over(session);
	delivery_session_move(session, DELIVERY_IDLE);
	delivery_session_work(session);
}

/*
 * RFC 5321 4.5.3.2.6, RFC 1047: behind the dot only the hop knows.  The
 * message is kept and may come twice.
 */
void
delivery_mail_unknown(struct delivery_session *session, const char *words)
{
	const struct delivery_target *target =
	    delivery_session_target(session);
	struct delivery_job *job = session->job;
	struct delivery_outcome outcome;
	char reason[DELIVERY_TROUBLE_WORDS];

	(void)snprintf(reason, sizeof(reason),
	    "outcome unknown: %.*s: %s behind the end of the message",
	    TEXT_ARG(target->label), words);
	outcome = delivery_mail_outcome(job, FRAME_RESULT_DEFERRED, 4, 2,
	    reason);
	if (session->transaction.accepted > 0) {
		log_event(LOG_WARNING_LEVEL, delivery_job_mid(job),
		    "outcome_unknown", LOG_NUMBER("dcid", session->dcid),
		    LOG_TEXT("host", target->label),
		    LOG_NUMBER("recipients", session->transaction.accepted),
		    LOG_STRING("reason", words));
		session->delivery->counts.unknown +=
		    session->transaction.accepted;
		delivery_transaction_decide(&session->transaction, &outcome);
	}
	delivery_mail_over(session);
	delivery_session_close(session);
}

void
delivery_mail_reset(struct delivery_session *session)
{
	if (smtp_reply_class(&session->reply) != 2) {
		delivery_session_close(session);
		return;
	}
	delivery_session_move(session, DELIVERY_IDLE);
	delivery_session_work(session);
}
