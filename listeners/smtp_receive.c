/*
 * Content from the stream to queue: DATA and BDAT alike.  smtp process; RFC
 * 5321 4.1.1.4, RFC 3030 2.
 */
#include "listeners/smtp_receive.h"

#include "gateway/base/clock.h"
#include "gateway/mail/mail_event.h"
#include "gateway/mail/received.h"

/* ---- the beginning ---- */

void
smtp_receive_begin(struct smtp_session *session, enum data_stream_kind kind)
{
	struct smtp_transaction *transaction = session->transaction;
	struct envelope *envelope = &transaction->envelope;
	char client[HOST_ADDRESS_PRINT_SIZE];
	struct buffer header;
	struct received received = {
		.helo = text_from(session->helo),
		.client = host_address_print(&session->client, client,
		    sizeof(client)),
		.hostname = session->site->config->hostname,
		.tls = smtp_session_tls(session),
		.mid = envelope->mid,
		.is_esmtp = session->is_esmtp,
		.is_utf8 = envelope->smtputf8 != 0,
	};

	envelope->received_us = received.time_us = clock_now_us();
	if (envelope->recipient_count == 1)
		received.recipient = envelope->recipients[0].address;
	buffer_init(&header, RECEIVED_SIZE_MAX);
	require(received_print(&received, &header) == 0);
	smtp_content_begin(&transaction->content, kind,
	    session->site->config, buffer_text(&header));
	buffer_clear(&header);
	smtp_session_open_window(session);
}

/* ---- refusing and accepting ---- */

static void
tell_refused(struct smtp_session *session, const struct reason *why)
{
	const struct smtp_transaction *transaction = session->transaction;
	const struct envelope *envelope = &transaction->envelope;

	session->service->counters.messages_refused++;
	mail_event_message_refused(session->icid, envelope->mid,
	    envelope->sender, envelope->recipient_count,
	    transaction->content.stream.size, why->reply,
	    text_from(why->text));
}

static void
fill_in_envelope(const struct smtp_session *session,
    struct envelope *envelope, struct text client)
{
	const struct smtp_content *content = &session->transaction->content;

	envelope->size = message_body_size(content->body);
	envelope->direction = session->flow.action == CONFIG_FLOW_RELAY ?
	    ENVELOPE_OUTGOING : ENVELOPE_INCOMING;
	envelope->class = ENVELOPE_CLASS_MAIL;
	/* Whatever was said: a hop without 8BITMIME must not get it. */
	if (content->scan.has_8bit_body)
		envelope->body = ENVELOPE_BODY_8BITMIME;
	envelope->icid = session->icid;
	envelope->client = client;
	envelope->helo = text_from(session->helo);
	envelope->listener = session->listener->name;
	envelope->sender_group = session->group->name;
	envelope->flow_policy = session->policy->name;
	envelope->tls = smtp_session_tls(session);
	envelope->config_version =
	    config_snapshot_version(session->site->snapshot);
}

static int
submit(struct smtp_session *session)
{
	struct smtp_transaction *transaction = session->transaction;
	struct smtp_content *content = &transaction->content;
	char client[HOST_ADDRESS_PRINT_SIZE];
	int error;

	fill_in_envelope(session, &transaction->envelope,
	    host_address_print(&session->client, client, sizeof(client)));
	/* Bodies inside the frame cost queue no granted memory. */
	smtp_transaction_return_budget(transaction, session->service->queue,
	    transaction->envelope.size > FRAME_BODY_INLINE_MAX ?
	    transaction->envelope.size : 0);
	error = smtp_queue_submit(session->service->queue,
	    &transaction->envelope, content->body,
	    content->budget > 0 ? content->budget_generation : 0,
	    &session->wait);
	if (error == 0)
		content->budget = 0;
	message_body_release(&content->body);
	return error;
}

void
smtp_receive_commit_answered(struct smtp_session *session, int error,
    const struct reason *why)
{
	if (error == 0) {
		session->accepted++;
		smtp_session_reply(session, 250, "2.0.0",
		    "Ok: queued as %llu", (unsigned long long)
		    session->transaction->envelope.mid);
	} else {
		tell_refused(session, why);
		smtp_session_refuse(session, why);
	}
	smtp_session_message_over(session);
}

/* All of it has been read. */
static void
message_end(struct smtp_session *session)
{
	struct smtp_transaction *transaction = session->transaction;
	struct smtp_content *content = &transaction->content;
	struct reason why = { 0 };

	smtp_content_finish(content, transaction->envelope.sha256);
	if (!smtp_content_is_refused(content)) {
		if (submit(session) == 0) {
			smtp_session_move(session, SMTP_SESSION_WAIT_COMMIT);
			return;
		}
		reason_set_reply(&why, 451, 4, 3, 0, "Mail queue not "
		    "available, try again later");
		smtp_content_refuse(content, &why);
	}
	tell_refused(session, &content->failure);
	smtp_session_refuse(session, &content->failure);
	smtp_session_message_over(session);
}

/* ---- memory ---- */

static void
ask_budget(struct smtp_session *session, size_t len)
{
	struct smtp_content *content = &session->transaction->content;
	struct reason why = { 0 };

	content->budget_asked = smtp_content_wanted(content, len);
	if (smtp_queue_ask_budget(session->service->queue,
	    content->budget_asked, &content->budget_generation,
	    &session->wait) == 0) {
		session->resume = session->state;
		smtp_session_move(session, SMTP_SESSION_WAIT_BUDGET);
		return;
	}
	reason_set_reply(&why, 451, 4, 3, 0, "Mail queue not available, try "
	    "again later");
	smtp_content_refuse(content, &why);
}

void
smtp_receive_budget_answered(struct smtp_session *session, int error,
    const struct reason *why)
{
	struct smtp_content *content = &session->transaction->content;

	if (error == 0)
		content->budget += content->budget_asked;
	else
		smtp_content_refuse(content, why);
	smtp_session_move(session, session->resume);
	smtp_session_open_window(session);
}

/* ---- chunks ---- */

static void
chunk_dropped(struct smtp_session *session)
{
	struct reason why = { 0 };
	enum smtp_session_state back = session->resume;
	bool needs_tls = smtp_session_needs_tls(session);

	reason_set_reply(&why, needs_tls ? 530 : 503, 5, needs_tls ? 7 : 5,
	    needs_tls ? 0 : 1, "%s", session->chunk_refusal);
	session->chunk_refusal = NULL;
	/* RFC 3030 2: a transaction that lost octets can only be reset. */
	if (session->transaction != NULL) {
		smtp_session_reset(session);
		back = SMTP_SESSION_FAILED;
	}
	smtp_session_move(session, back);
	smtp_session_error(session, &why);
}

static void
chunk_failed(struct smtp_session *session, const struct reason *why)
{
	tell_refused(session, why);
	smtp_session_refuse(session, why);
	smtp_session_reset(session);
	smtp_session_move(session, SMTP_SESSION_FAILED);
}

void
smtp_receive_chunk_end(struct smtp_session *session)
{
	struct smtp_content *content;

	if (session->chunk_refusal != NULL) {
		chunk_dropped(session);
		return;
	}
	content = &session->transaction->content;
	if (session->is_chunk_last) {
		message_end(session);
	} else if (smtp_content_is_refused(content)) {
		chunk_failed(session, &content->failure);
	} else {
		smtp_session_reply(session, 250, "2.0.0",
		    "%llu octets received so far",
		    (unsigned long long)content->stream.size);
		smtp_session_move(session, SMTP_SESSION_BDAT);
	}
}

/* ---- input ---- */

static void
consume(struct smtp_session *session, size_t len)
{
	session->service->counters.bytes_received += len;
	session->is_deadline_due = true;
	stream_consume(session->stream, len);
}

/* Give len bytes of input at most to the content; how many it took. */
static size_t
feed(struct smtp_session *session, struct text input)
{
	struct smtp_transaction *transaction = session->transaction;
	struct text rest = input;
	size_t taken;

	if (session->chunk_refusal != NULL)
		rest = TEXT_EMPTY;
	else if (smtp_content_feed(&transaction->content, &rest) ==
	    ERROR_AGAIN) {
		ask_budget(session, input.len);
		return 0;
	}
	taken = input.len - rest.len;
	if (transaction != NULL &&
	    smtp_content_is_refused(&transaction->content))
		smtp_transaction_return_budget(transaction,
		    session->service->queue, 0);
	consume(session, taken);
	return taken;
}

static bool
data_step(struct smtp_session *session, struct text input)
{
	(void)feed(session, input);
	if (session->transaction->content.stream.is_ended)
		message_end(session);
	return true;
}

static bool
chunk_step(struct smtp_session *session, struct text input)
{
	size_t most = session->chunk_left > input.len ? input.len :
	    (size_t)session->chunk_left;

	session->chunk_left -= feed(session, text_slice(input, 0, most));
	if (session->chunk_left == 0)
		smtp_receive_chunk_end(session);
	return true;
}

bool
smtp_receive_step(struct smtp_session *session)
{
	struct text input = stream_input(session->stream);

	if (input.len == 0)
		return false;
	return session->state == SMTP_SESSION_DATA ?
	    data_step(session, input) : chunk_step(session, input);
}
