/*
 * The verbs of SMTP: one table, one file per verb.  A verb checks, parses,
 * acts and replies; one that has to wait for another process says so, has
 * changed nothing yet, and is run again with the same line.
 */
#ifndef LISTENERS_SMTP_VERB_H
#define LISTENERS_SMTP_VERB_H

#include "gateway/base/text.h"
#include "listeners/smtp_session_private.h"

enum smtp_verb_outcome { SMTP_VERB_DONE, SMTP_VERB_WAIT };

/* Borrowed from the session's input. */
struct smtp_verb_call {
	struct text argument;
	struct text behind;	/* input that came behind the line */
};

/* Run one command line (without CRLF). */
enum smtp_verb_outcome smtp_verb_run(struct smtp_session *session,
	struct text line, struct text behind);

/*
 * A part of a rate for the command at hand: 0; ERROR_AGAIN: the session
 * waits now, give SMTP_VERB_WAIT back; ERROR_REFUSED.
 */
int smtp_verb_take_rate(struct smtp_session *session,
	enum frame_rate_kind kind, uint64_t limit) MUST_CHECK;
/* The wait is set already. */
enum smtp_verb_outcome smtp_verb_wait(struct smtp_session *session);

/*
 * RFC 2920 3.1: some commands must be the last of a group.  Where input
 * came behind one, the client is out of step: 554 5.5.0 and the end; true
 * then.
 */
bool smtp_verb_is_out_of_step(struct smtp_session *session,
	const struct smtp_verb_call *call);

/* What EHLO offers in the present state: set of enum smtp_extension. */
unsigned int smtp_verb_ehlo_offers(struct smtp_session *session);

typedef enum smtp_verb_outcome (*smtp_verb_runner)(
	struct smtp_session *session, const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_ehlo(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_helo(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_mail(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_rcpt(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_data(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_bdat(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_rset(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_noop(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_help(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_vrfy(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_unsupported(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_starttls(struct smtp_session *session,
	const struct smtp_verb_call *call);
enum smtp_verb_outcome smtp_verb_quit(struct smtp_session *session,
	const struct smtp_verb_call *call);

#endif
