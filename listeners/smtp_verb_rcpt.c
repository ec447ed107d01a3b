/*
 * RCPT (RFC 5321 4.1.1.3): one recipient, judged by the recipient access
 * table unless the sender group may relay.
 */
#include "gateway/mail/mail_event.h"
#include "gateway/mail/smtp_command.h"
#include "gateway/mail/smtp_parameter.h"
#include "listeners/smtp_verb.h"

static void
tell_refused(struct smtp_session *session, struct text to,
    const struct reason *why)
{
	const struct envelope *envelope = &session->transaction->envelope;

	session->service->counters.recipients_refused++;
	mail_event_recipient_refused(session->icid, envelope->mid,
	    envelope->sender, to, why->reply, text_from(why->text));
}

static void
refuse(struct smtp_session *session, struct text to,
    const struct reason *why)
{
	tell_refused(session, to, why);
	smtp_session_refuse(session, why);
}

/* 0, or the reply has been said. */
static int
parse(struct smtp_session *session, struct text argument,
    struct envelope_recipient *recipient)
{
	const struct envelope *envelope = &session->transaction->envelope;
	struct smtp_command_path path = { .parameters = TEXT_EMPTY };
	struct reason why = { 0 };
	int error = smtp_command_parse_rcpt(argument,
	    envelope->smtputf8 != 0, &path, &why);

	if (error == 0)
		error = smtp_parameter_parse_rcpt(&path, session->is_esmtp ?
		    smtp_verb_ehlo_offers(session) : 0, envelope, recipient,
		    &why);
	if (error == ERROR_REFUSED)
		refuse(session, path.address.whole, &why);
	else if (error < 0)
		smtp_session_error(session, &why);
	return error;
}

/* RFC 5321 4.5.1: postmaster without a domain is ours. */
static int
qualify(const struct smtp_session *session,
    struct envelope_recipient *recipient, struct buffer *out)
{
	int error = buffer_printf(out, "%.*s@%.*s",
	    TEXT_ARG(recipient->address),
	    TEXT_ARG(session->site->config->hostname));

	recipient->address = buffer_text(out);
	return error;
}

/* Who may relay names anybody; the others only whom the table has. */
static int
judge(struct smtp_session *session,
    const struct envelope_recipient *recipient)
{
	struct reason why = { 0 };

	if (session->flow.action == CONFIG_FLOW_RELAY ||
	    recipient_access_check(session->site->recipients,
	    recipient->address, &why) == 0)
		return 0;
	refuse(session, recipient->address, &why);
	if (++session->invalid >= session->flow.max_invalid_recipients)
		smtp_session_leave(session, "4.7.0",
		    "Too many invalid recipients", "invalid recipients");
	return ERROR_REFUSED;
}

/* RFC 5321 4.5.3.1.10: 452, and those accepted before stay. */
static void
add(struct smtp_session *session, const struct envelope_recipient *recipient)
{
	struct smtp_transaction *transaction = session->transaction;
	struct reason why = { 0 };

	if (transaction->envelope.recipient_count <
	    session->flow.max_recipients &&
	    smtp_transaction_add_recipient(transaction, recipient) == 0) {
		session->service->counters.recipients_accepted++;
		smtp_session_reply(session, 250, "2.1.5", "Recipient ok");
		smtp_session_move(session, SMTP_SESSION_RCPT);
		return;
	}
	reason_set_reply(&why, 452, 4, 5, 3, "Too many recipients");
	refuse(session, recipient->address, &why);
}

static enum smtp_verb_outcome
take(struct smtp_session *session,
    const struct envelope_recipient *recipient)
{
	struct reason why = { 0 };
	int error = smtp_verb_take_rate(session, FRAME_RATE_RECIPIENTS,
	    session->flow.recipients_per_hour);

	if (error == ERROR_AGAIN)
		return smtp_verb_wait(session);
	if (error == 0) {
		add(session, recipient);
		return SMTP_VERB_DONE;
	}
	reason_set_reply(&why, 450, 4, 7, 1, "Too many recipients from your "
	    "host, try again later");
	refuse(session, recipient->address, &why);
	return SMTP_VERB_DONE;
}

enum smtp_verb_outcome
smtp_verb_rcpt(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	struct envelope_recipient recipient = { .address = TEXT_EMPTY };
	enum smtp_verb_outcome outcome = SMTP_VERB_DONE;
	struct buffer qualified;
	bool is_ours = false;

	buffer_init(&qualified, ENVELOPE_ADDRESS_MAX);
	if (parse(session, call->argument, &recipient) < 0)
		return outcome;
	if (address_domain(recipient.address).len == 0) {
		is_ours = true;
		require(qualify(session, &recipient, &qualified) == 0);
	}
	if (is_ours || judge(session, &recipient) == 0)
		outcome = take(session, &recipient);
	buffer_clear(&qualified);
	return outcome;
}
