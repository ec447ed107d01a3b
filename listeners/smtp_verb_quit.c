/*
 * QUIT (RFC 5321 4.1.1.10).
 */
#include "listeners/smtp_verb.h"

enum smtp_verb_outcome
smtp_verb_quit(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	(void)call;
	smtp_session_reply(session, 221, "2.0.0", "%.*s closing connection",
	    TEXT_ARG(session->site->config->hostname));
	smtp_session_close(session, "quit");
	return SMTP_VERB_DONE;
}
