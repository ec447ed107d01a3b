/*
 * DATA (RFC 5321 4.1.1.4): 354, then content up to CRLF.CRLF.
 */
#include "listeners/smtp_receive.h"
#include "listeners/smtp_verb.h"

enum smtp_verb_outcome
smtp_verb_data(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	/* RFC 3030 2: never both in one transaction; RSET must follow. */
	if (session->state == SMTP_SESSION_BDAT) {
		smtp_session_reset(session);
		smtp_session_out_of_place(session);
		if (session->state == SMTP_SESSION_BDAT)
			smtp_session_move(session, SMTP_SESSION_FAILED);
		return SMTP_VERB_DONE;
	}
	/* Content before 354 is how smuggled mail looks. */
	if (smtp_verb_is_out_of_step(session, call))
		return SMTP_VERB_DONE;
	smtp_receive_begin(session, DATA_STREAM_DOTS);
	smtp_session_reply(session, 354, "",
	    "End data with <CR><LF>.<CR><LF>");
	smtp_session_move(session, SMTP_SESSION_DATA);
	return SMTP_VERB_DONE;
}
