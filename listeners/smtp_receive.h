/*
 * The content of a message, from the session's input to queue.
 */
#ifndef LISTENERS_SMTP_RECEIVE_H
#define LISTENERS_SMTP_RECEIVE_H

#include "gateway/mail/data_stream.h"
#include "listeners/smtp_session_private.h"

/* Our header and an empty body; the state stays. */
void smtp_receive_begin(struct smtp_session *session,
	enum data_stream_kind kind);
/* One step in DATA or CHUNK; false when there is nothing to do. */
bool smtp_receive_step(struct smtp_session *session);
/* The BDAT at hand has all its octets (at once for BDAT 0). */
void smtp_receive_chunk_end(struct smtp_session *session);
void smtp_receive_budget_answered(struct smtp_session *session, int error,
	const struct reason *why);
void smtp_receive_commit_answered(struct smtp_session *session, int error,
	const struct reason *why);

#endif
