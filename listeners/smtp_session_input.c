/*
 * What a session does with its input: lines to verbs, content to
 * smtp_receive.  smtp process.
 */
#include "gateway/base/log.h"
#include "gateway/mail/smtp_command.h"
#include "listeners/smtp_greeting.h"
#include "listeners/smtp_receive.h"
#include "listeners/smtp_session_private.h"
#include "listeners/smtp_verb.h"

/* Replies that wait unread stop the reading of commands. */
#define OUTPUT_HIGH 16384

static const uint32_t line_states = SMTP_SESSION_IN(REFUSED) |
    SMTP_SESSION_IN(START) | SMTP_SESSION_IN(READY) |
    SMTP_SESSION_IN(MAIL) | SMTP_SESSION_IN(RCPT) |
    SMTP_SESSION_IN(BDAT) | SMTP_SESSION_IN(FAILED);
static const uint32_t content_states = SMTP_SESSION_IN(DATA) |
    SMTP_SESSION_IN(CHUNK);

static bool
is_in(const struct smtp_session *session, uint32_t states)
{
	return (states & (1u << session->state)) != 0;
}

/* Behind a BDAT that cannot be read nobody knows what is content. */
static bool
looks_like_bdat(struct text line)
{
	return text_starts_nocase(line, TEXT("BDAT"));
}

static void
refuse_line(struct smtp_session *session, struct text line,
    const char *words)
{
	struct reason why = { 0 };
	bool is_bdat = looks_like_bdat(line);

	reason_set_reply(&why, 500, 5, 5, 2, "%s", words);
	smtp_session_error(session, &why);
	if (is_bdat)
		smtp_session_close(session, "bad BDAT");
}

static bool
skip_line(struct smtp_session *session, struct text input)
{
	size_t end = text_find_byte(input, '\n');

	session->is_skipping = end == input.len;
	stream_consume(session->stream, end < input.len ? end + 1 : end);
	return !session->is_skipping;
}

/* RFC 5321 4.5.3.1.4: refused once, read to its end. */
static bool
begin_skipping(struct smtp_session *session, struct text input)
{
	refuse_line(session, input, "Line too long");
	if (session->state != SMTP_SESSION_CLOSING)
		(void)skip_line(session, input);
	return true;
}

static void
command_done(struct smtp_session *session, size_t len)
{
	session->taken = 0;
	session->is_deadline_due = true;
	stream_consume(session->stream, len);
}

/* One command line; false when there is no whole one. */
static bool
run_line(struct smtp_session *session)
{
	struct text input = stream_input(session->stream);
	size_t end = text_find_byte(text_slice(input, 0,
	    SMTP_COMMAND_LINE_MAX + 2), '\n');
	struct text line;

	if (session->is_skipping)
		return skip_line(session, input);
	if (end == input.len)
		return false;
	if (end > SMTP_COMMAND_LINE_MAX + 1)
		return begin_skipping(session, input);
	line = text_slice(input, 0, end);
	/* RFC 5321 2.3.8: only CRLF ends a line. */
	if (end == 0 || line.data[end - 1] != '\r') {
		refuse_line(session, line, "Line feed without carriage "
		    "return");
		command_done(session, end + 1);
		return true;
	}
	if (smtp_verb_run(session, text_slice(line, 0, end - 1),
	    text_skip(input, end + 1)) == SMTP_VERB_WAIT)
		return true;
	command_done(session, end + 1);
	return true;
}

static bool
step(struct smtp_session *session)
{
	if (stream_output_len(session->stream) > OUTPUT_HIGH)
		return false;
	if (is_in(session, line_states))
		return run_line(session);
	if (is_in(session, content_states))
		return smtp_receive_step(session);
	return false;
}

/* The peer will send no more, and what it sent is done with. */
static bool
is_over(const struct smtp_session *session)
{
	return session->is_peer_ended &&
	    is_in(session, line_states | content_states) &&
	    stream_output_len(session->stream) <= OUTPUT_HIGH;
}

void
smtp_session_run(struct smtp_session *session)
{
	if (session->is_running)
		return;
	session->is_running = true;
	while (step(session))
		continue;
	if (session->state == SMTP_SESSION_STARTTLS &&
	    stream_output_len(session->stream) == 0)
		smtp_greeting_start_tls(session);
	session->is_running = false;
	if (is_over(session))
		smtp_session_close(session, "lost");
	smtp_session_set_deadline(session);
}

/* ---- answers ---- */

static void
greeting_answered(struct smtp_session *session, int error,
    const struct reason *why)
{
	(void)why;
	if (error < 0)
		session->taken |= SMTP_TAKEN_REFUSAL;
	smtp_greeting_enter(session);
}

static void
command_answered(struct smtp_session *session, int error,
    const struct reason *why)
{
	(void)why;
	if (error < 0)
		session->taken |= SMTP_TAKEN_REFUSAL;
	smtp_session_move(session, session->resume);
}

static void (*const answered[SMTP_SESSION_STATES])(
    struct smtp_session *session, int error, const struct reason *why) = {
	[SMTP_SESSION_ENTERING] = greeting_answered,
	[SMTP_SESSION_WAIT_COMMAND] = command_answered,
	[SMTP_SESSION_WAIT_BUDGET] = smtp_receive_budget_answered,
	[SMTP_SESSION_WAIT_COMMIT] = smtp_receive_commit_answered,
};

void
smtp_session_answered(void *context, int error, const struct reason *why)
{
	struct smtp_session *session = context;

	require(answered[session->state] != NULL);
	answered[session->state](session, error, why);
	smtp_session_run(session);
}
