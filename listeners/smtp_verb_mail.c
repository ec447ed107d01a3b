/*
 * MAIL (RFC 5321 4.1.1.2): the beginning of a transaction.
 */
#include "gateway/mail/mail_event.h"
#include "gateway/mail/smtp_command.h"
#include "gateway/mail/smtp_parameter.h"
#include "listeners/smtp_verb.h"

/* What the line says. */
struct mail_command {
	struct envelope envelope;	/* sender and parameters */
	uint64_t size;
};

static void
refuse(struct smtp_session *session, const struct mail_command *command,
    const struct reason *why)
{
	session->service->counters.senders_refused++;
	mail_event_sender_refused(session->icid, command->envelope.sender,
	    why->reply, text_from(why->text));
	smtp_session_refuse(session, why);
}

/* 0, or the reply has been said. */
static int
parse(struct smtp_session *session, struct text argument,
    struct mail_command *command)
{
	struct smtp_command_path path;
	struct reason why = { 0 };
	unsigned int offered = session->is_esmtp ?
	    smtp_verb_ehlo_offers(session) : 0;
	int error = smtp_command_parse_mail(argument, &path, &why);

	if (error == 0) {
		command->envelope.sender = path.address.whole;
		error = smtp_parameter_parse_mail(&path, offered,
		    &command->envelope, &command->size, &why);
	}
	if (error == ERROR_REFUSED)
		refuse(session, command, &why);
	else if (error < 0)
		smtp_session_error(session, &why);
	return error;
}

/* What needs no other process.  0, or the reply has been said. */
static int
check(struct smtp_session *session, const struct mail_command *command)
{
	uint64_t most = session->flow.max_message_size;
	struct reason why = { 0 };
	int error;

	if (session->messages >= session->flow.max_messages) {
		smtp_session_leave(session, "4.7.0",
		    "Too many messages in one connection", "messages");
		return ERROR_REFUSED;
	}
	error = smtp_queue_check(session->service->queue, &why);
	/* RFC 1870 6.1: 552 already here. */
	if (error == 0 && command->size > most) {
		reason_set_reply(&why, 552, 5, 3, 4, "Message is larger than "
		    "%llu bytes", (unsigned long long)most);
		error = ERROR_REFUSED;
	}
	if (error < 0)
		refuse(session, command, &why);
	return error;
}

static void
begin(struct smtp_session *session, const struct mail_command *command,
    uint64_t mid)
{
	struct smtp_transaction *transaction =
	    smtp_transaction_begin(session->service);
	struct reason why = { 0 };

	session->transaction = transaction;
	transaction->envelope.mid = mid;
	transaction->content.size_max = session->flow.max_message_size;
	transaction->content.declared = command->size;
	if (smtp_transaction_set_sender(transaction,
	    &command->envelope) < 0) {
		reason_set_reply(&why, 452, 4, 3, 1, "Out of memory");
		refuse(session, command, &why);
		smtp_session_reset(session);
		return;
	}
	session->messages++;
	smtp_session_reply(session, 250, "2.1.0", "Sender ok");
	smtp_session_move(session, SMTP_SESSION_MAIL);
}

enum smtp_verb_outcome
smtp_verb_mail(struct smtp_session *session,
    const struct smtp_verb_call *call)
{
	struct mail_command command = { .size = 0 };
	struct reason why = { 0 };
	uint64_t mid = 0;
	int error;

	if (parse(session, call->argument, &command) < 0 ||
	    check(session, &command) < 0)
		return SMTP_VERB_DONE;
	error = smtp_verb_take_rate(session, FRAME_RATE_MESSAGES,
	    session->flow.messages_per_hour);
	if (error == 0)
		error = smtp_queue_take_id(session->service->queue,
		    FRAME_ID_MID, &mid, &session->wait);
	if (error == ERROR_AGAIN)
		return smtp_verb_wait(session);
	if (error == 0) {
		begin(session, &command, mid);
		return SMTP_VERB_DONE;
	}
	reason_set_reply(&why, 450, 4, 7, 1, "Too many messages from your "
	    "host, try again later");
	refuse(session, &command, &why);
	return SMTP_VERB_DONE;
}
