/*
 * The table of verbs.  smtp process; RFC 5321 4.1.
 */
#include "listeners/smtp_verb.h"

#include "gateway/base/log.h"
#include "gateway/mail/smtp_command.h"
#include "listeners/smtp_greeting.h"

#define IN(state) SMTP_SESSION_IN(state)
#define ANYWHERE (IN(START) | IN(READY) | IN(MAIL) | IN(RCPT) | IN(BDAT) | \
	IN(FAILED))

struct verb_row {
	smtp_verb_runner run;	/* NULL: unknown */
	uint32_t allowed_in;	/* set of states */
	bool before_tls;	/* even where TLS is required (RFC 3207 4) */
};

static const struct verb_row verbs[SMTP_VERB_COUNT] = {
	[SMTP_VERB_UNKNOWN] = { .run = NULL },
	[SMTP_VERB_HELO] = { .run = smtp_verb_helo, .allowed_in = ANYWHERE },
	[SMTP_VERB_EHLO] = { .run = smtp_verb_ehlo, .allowed_in = ANYWHERE,
	    .before_tls = true },
	[SMTP_VERB_MAIL] = { .run = smtp_verb_mail, .allowed_in = IN(READY) },
	[SMTP_VERB_RCPT] = { .run = smtp_verb_rcpt,
	    .allowed_in = IN(MAIL) | IN(RCPT) },
	/* DATA in the middle of BDATs has a consequence of its own. */
	[SMTP_VERB_DATA] = { .run = smtp_verb_data,
	    .allowed_in = IN(RCPT) | IN(BDAT) },
	/* Its octets follow whether it is allowed or not. */
	[SMTP_VERB_BDAT] = { .run = smtp_verb_bdat, .allowed_in = ANYWHERE,
	    .before_tls = true },
	[SMTP_VERB_RSET] = { .run = smtp_verb_rset, .allowed_in = ANYWHERE,
	    .before_tls = true },
	[SMTP_VERB_NOOP] = { .run = smtp_verb_noop, .allowed_in = ANYWHERE,
	    .before_tls = true },
	[SMTP_VERB_HELP] = { .run = smtp_verb_help, .allowed_in = ANYWHERE,
	    .before_tls = true },
	[SMTP_VERB_VRFY] = { .run = smtp_verb_vrfy, .allowed_in = ANYWHERE },
	[SMTP_VERB_EXPN] = { .run = smtp_verb_unsupported,
	    .allowed_in = ANYWHERE },
	[SMTP_VERB_AUTH] = { .run = smtp_verb_unsupported,
	    .allowed_in = ANYWHERE },
	[SMTP_VERB_ETRN] = { .run = smtp_verb_unsupported,
	    .allowed_in = ANYWHERE },
	[SMTP_VERB_QUIT] = { .run = smtp_verb_quit,
	    .allowed_in = ANYWHERE | IN(REFUSED), .before_tls = true },
	[SMTP_VERB_STARTTLS] = { .run = smtp_verb_starttls,
	    .allowed_in = IN(READY), .before_tls = true },
};

/* A verb that does not even get as far as its own file. */
static bool
is_turned_down(struct smtp_session *session, const struct verb_row *row)
{
	struct reason why = { 0 };

	if (row->run == NULL) {
		reason_set_reply(&why, 500, 5, 5, 2,
		    "Command not recognized");
		smtp_session_error(session, &why);
		return true;
	}
	if (smtp_session_needs_tls(session) && !row->before_tls) {
		reason_set_reply(&why, 530, 5, 7, 0,
		    "Must issue a STARTTLS command first");
		smtp_session_error(session, &why);
		return true;
	}
	if ((row->allowed_in & (1u << session->state)) == 0) {
		smtp_session_out_of_place(session);
		return true;
	}
	return false;
}

enum smtp_verb_outcome
smtp_verb_run(struct smtp_session *session, struct text line,
    struct text behind)
{
	struct smtp_command command = { .verb = SMTP_VERB_UNKNOWN };
	struct smtp_verb_call call = { .behind = behind };
	struct reason why = { 0 };

	if (session->state != SMTP_SESSION_REFUSED &&
	    smtp_command_parse(line, &command, &why) < 0) {
		smtp_session_error(session, &why);
		if (command.verb == SMTP_VERB_BDAT)
			smtp_session_close(session, "bad BDAT");
		return SMTP_VERB_DONE;
	}
	if (session->state == SMTP_SESSION_REFUSED &&
	    (smtp_command_parse(line, &command, &why) < 0 ||
	    command.verb != SMTP_VERB_QUIT)) {
		smtp_session_out_of_place(session);
		return SMTP_VERB_DONE;
	}
	if (is_turned_down(session, &verbs[command.verb]))
		return SMTP_VERB_DONE;
	call.argument = command.argument;
	return verbs[command.verb].run(session, &call);
}

enum smtp_verb_outcome
smtp_verb_wait(struct smtp_session *session)
{
	session->resume = session->state;
	smtp_session_move(session, SMTP_SESSION_WAIT_COMMAND);
	return SMTP_VERB_WAIT;
}

int
smtp_verb_take_rate(struct smtp_session *session, enum frame_rate_kind kind,
    uint64_t limit)
{
	return smtp_greeting_take_rate(session, kind, session->policy->name,
	    limit);
}

bool
smtp_verb_is_out_of_step(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	if (call->behind.len == 0)
		return false;
	log_event(LOG_WARNING_LEVEL, 0, "pipelining_not_allowed",
	    LOG_NUMBER("icid", session->icid),
	    LOG_STRING("state", smtp_session_state_name(session->state)),
	    LOG_TEXT("behind", text_slice(call->behind, 0, 80)));
	smtp_session_reply(session, 554, "5.5.0",
	    "SMTP protocol synchronization error");
	smtp_session_close(session, "out of step");
	return true;
}
