/*
 * Verbs that change nothing (RFC 5321 4.1.1.6 to 4.1.1.9, 3.5.3, 7.3):
 * NOOP, HELP, VRFY, and those that are not implemented.
 */
#include "listeners/smtp_verb.h"

enum smtp_verb_outcome
smtp_verb_noop(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	(void)call;
	smtp_session_reply(session, 250, "2.0.0", "Ok");
	return SMTP_VERB_DONE;
}

enum smtp_verb_outcome
smtp_verb_help(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	(void)call;
	smtp_session_reply(session, 214, "2.0.0", "This is SMTP, see RFC "
	    "5321; for a person write to postmaster");
	return SMTP_VERB_DONE;
}

enum smtp_verb_outcome
smtp_verb_vrfy(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	(void)call;
	smtp_session_reply(session, 252, "2.0.0", "Cannot verify, but will "
	    "take mail and attempt delivery");
	return SMTP_VERB_DONE;
}

enum smtp_verb_outcome
smtp_verb_unsupported(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	struct reason why = { 0 };

	(void)call;
	reason_set_reply(&why, 502, 5, 5, 1, "Command not implemented");
	smtp_session_error(session, &why);
	return SMTP_VERB_DONE;
}
