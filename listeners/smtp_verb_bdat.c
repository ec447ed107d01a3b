/*
 * BDAT (RFC 3030 2): so many octets of content follow.  They are read
 * whatever the answer will be.
 */
#include "gateway/mail/smtp_command.h"
#include "listeners/smtp_receive.h"
#include "listeners/smtp_verb.h"

/* No message is so large; nobody wants to read that away. */
#define CHUNK_MAX (UINT64_C(4) * 1024 * 1024 * 1024)

/* NULL: the chunk may come. */
static const char *
find_refusal(const struct smtp_session *session)
{
	if (smtp_session_needs_tls(session))
		return "Must issue a STARTTLS command first";
	if (session->state == SMTP_SESSION_RCPT ||
	    session->state == SMTP_SESSION_BDAT)
		return NULL;
	return smtp_session_state_hint(session->state);
}

enum smtp_verb_outcome
smtp_verb_bdat(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	struct reason why = { 0 };
	uint64_t size = 0;
	int error = smtp_command_parse_bdat(call->argument, &size,
	    &session->is_chunk_last, &why);

	if (error == 0 && size > CHUNK_MAX) {
		reason_set_reply(&why, 501, 5, 5, 4, "Chunk too large");
		error = ERROR_LIMIT;
	}
	if (error < 0) {
		/* Where the next command begins nobody knows. */
		smtp_session_error(session, &why);
		smtp_session_close(session, "bad BDAT");
		return SMTP_VERB_DONE;
	}
	session->chunk_left = size;
	session->chunk_refusal = find_refusal(session);
	session->resume = session->state;
	if (session->state == SMTP_SESSION_RCPT &&
	    session->chunk_refusal == NULL)
		smtp_receive_begin(session, DATA_STREAM_CHUNKS);
	smtp_session_move(session, SMTP_SESSION_CHUNK);
	smtp_session_open_window(session);
	if (size == 0)
		smtp_receive_chunk_end(session);
	return SMTP_VERB_DONE;
}
