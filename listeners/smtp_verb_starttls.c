/*
 * STARTTLS (RFC 3207): 220, and only when that has left the handshake.
 * Whatever came in clear behind the command is thrown away unread.
 */
#include "gateway/base/log.h"
#include "gateway/mail/smtp_extension.h"
#include "listeners/smtp_verb.h"

static int
check(struct smtp_session *session, struct reason *why)
{
	if (session->tls != NULL) {
		reason_set_reply(why, 503, 5, 5, 1, "TLS is active already");
		return ERROR_STATE;
	}
	if (!session->flow.offers_starttls) {
		reason_set_reply(why, 502, 5, 5, 1,
		    "Command not implemented");
		return ERROR_REFUSED;
	}
	if ((smtp_verb_ehlo_offers(session) & SMTP_EXTENSION_STARTTLS) == 0) {
		reason_set_reply(why, 454, 4, 7, 0,
		    "TLS not available due to temporary reason");
		return ERROR_TEMPORARY;
	}
	return 0;
}

enum smtp_verb_outcome
smtp_verb_starttls(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	struct reason why = { 0 };

	if (check(session, &why) < 0) {
		smtp_session_error(session, &why);
		return SMTP_VERB_DONE;
	}
	if (call->behind.len > 0)
		log_event(LOG_WARNING_LEVEL, 0, "starttls_injection",
		    LOG_NUMBER("icid", session->icid),
		    LOG_TEXT("behind", text_slice(call->behind, 0, 80)));
	smtp_session_reply(session, 220, "2.0.0", "Ready to start TLS");
	smtp_session_move(session, SMTP_SESSION_STARTTLS);
	stream_flush(session->stream);
	return SMTP_VERB_DONE;
}
