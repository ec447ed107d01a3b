/*
 * RSET (RFC 5321 4.1.1.5).
 */
#include "listeners/smtp_verb.h"

enum smtp_verb_outcome
smtp_verb_rset(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	(void)call;
	smtp_session_reset(session);
	smtp_session_reply(session, 250, "2.0.0", "Ok");
	smtp_session_move(session, session->helo == NULL ?
	    SMTP_SESSION_START : SMTP_SESSION_READY);
	return SMTP_VERB_DONE;
}
