/*
 * EHLO and HELO (RFC 5321 4.1.1.1): who the client says it is, and what we
 * offer.  Both begin anew, as RSET does.
 */
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/mail/smtp_command.h"
#include "gateway/mail/smtp_extension.h"
#include "listeners/smtp_verb.h"

#define OFFERED_ALWAYS (SMTP_EXTENSION_SIZE | SMTP_EXTENSION_PIPELINING | \
	SMTP_EXTENSION_8BITMIME | SMTP_EXTENSION_SMTPUTF8 | \
	SMTP_EXTENSION_DSN | SMTP_EXTENSION_CHUNKING | \
	SMTP_EXTENSION_STATUS)

unsigned int
smtp_verb_ehlo_offers(struct smtp_session *session)
{
	unsigned int set = OFFERED_ALWAYS;

	if (session->flow.offers_starttls && session->tls == NULL &&
	    smtp_site_tls(session->site, session->listener_index,
	    session->service->keys) != NULL)
		set |= SMTP_EXTENSION_STARTTLS;
	return set;
}

static void
say_extension(struct smtp_session *session, unsigned int extension,
    bool is_last)
{
	struct text name = smtp_extension_name(extension);
	unsigned long long size = session->flow.max_message_size;
	int error;

	if (extension == SMTP_EXTENSION_SIZE)
		error = stream_printf(session->stream, "250%c%.*s %llu\r\n",
		    is_last ? ' ' : '-', TEXT_ARG(name), size);
	else
		error = stream_printf(session->stream, "250%c%.*s\r\n",
		    is_last ? ' ' : '-', TEXT_ARG(name));
	/* A stream that has broken tells it by itself. */
	require(error == 0 || error == ERROR_CLOSED);
}

static void
say_offers(struct smtp_session *session)
{
	unsigned int set = smtp_verb_ehlo_offers(session);
	unsigned int cursor = 0;
	unsigned int now = smtp_extension_next(set, &cursor);
	int error = stream_printf(session->stream, "250-%.*s\r\n",
	    TEXT_ARG(session->site->config->hostname));

	require(error == 0 || error == ERROR_CLOSED);
	while (now != 0) {
		unsigned int next = smtp_extension_next(set, &cursor);

		say_extension(session, now, next == 0);
		now = next;
	}
}

/* False when the command is refused, with the reply said. */
static bool
begin(struct smtp_session *session, const struct smtp_verb_call *call,
    bool is_esmtp)
{
	struct reason why = { 0 };

	/* RFC 2920 3.1: nobody knows yet whether we do pipelining. */
	if (smtp_verb_is_out_of_step(session, call))
		return false;
	if (smtp_command_check_helo(call->argument, &why) < 0) {
		smtp_session_error(session, &why);
		return false;
	}
	smtp_session_forget(session);
	session->helo = memory_string(call->argument);
	session->is_esmtp = is_esmtp;
	smtp_session_move(session, SMTP_SESSION_READY);
	return true;
}

enum smtp_verb_outcome
smtp_verb_ehlo(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	if (begin(session, call, true))
		say_offers(session);
	return SMTP_VERB_DONE;
}

enum smtp_verb_outcome
smtp_verb_helo(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	if (begin(session, call, false))
		smtp_session_reply(session, 250, "", "%.*s",
		    TEXT_ARG(session->site->config->hostname));
	return SMTP_VERB_DONE;
}
