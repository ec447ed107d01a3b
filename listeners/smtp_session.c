/*
 * Sessions: states, replies, beginning and end.  smtp process; RFC 5321.
 */
#include "listeners/smtp_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/mail_event.h"
#include "listeners/smtp_greeting.h"
#include "listeners/smtp_session_private.h"

#define INPUT_MAX 65536
#define OUTPUT_MAX 65536
/* RFC 5321 4.5.3.1.5: 512 bytes with code and CRLF. */
#define REPLY_MAX 512

#define IN(state) SMTP_SESSION_IN(state)
#define COMMANDS (IN(START) | IN(READY) | IN(MAIL) | IN(RCPT) | IN(BDAT) | \
	IN(FAILED))

struct state_row {
	const char *name;
	uint32_t next;		/* set of states; CLOSING always */
	const char *hint;	/* behind 503 */
};

static const struct state_row states[SMTP_SESSION_STATES] = {
	[SMTP_SESSION_ENTERING] = { .name = "entering",
	    .next = IN(HANDSHAKE) | IN(REFUSED) | IN(START) },
	[SMTP_SESSION_HANDSHAKE] = { .name = "handshake",
	    .next = IN(START) },
	[SMTP_SESSION_REFUSED] = { .name = "refused", .next = 0,
	    .hint = "No service here, send QUIT" },
	[SMTP_SESSION_START] = { .name = "start",
	    .next = IN(START) | IN(READY) | IN(CHUNK),
	    .hint = "Send EHLO or HELO first" },
	[SMTP_SESSION_READY] = { .name = "ready",
	    .next = IN(START) | IN(READY) | IN(MAIL) | IN(CHUNK) |
	    IN(STARTTLS) | IN(WAIT_COMMAND),
	    .hint = "Send MAIL first" },
	[SMTP_SESSION_MAIL] = { .name = "mail",
	    .next = IN(START) | IN(READY) | IN(RCPT) | IN(CHUNK) |
	    IN(WAIT_COMMAND),
	    .hint = "Need a recipient, or RSET" },
	[SMTP_SESSION_RCPT] = { .name = "rcpt",
	    .next = IN(START) | IN(READY) | IN(RCPT) | IN(DATA) | IN(CHUNK) |
	    IN(WAIT_COMMAND),
	    .hint = "Transaction is open, send RCPT, DATA or RSET" },
	[SMTP_SESSION_DATA] = { .name = "data",
	    .next = IN(READY) | IN(WAIT_BUDGET) | IN(WAIT_COMMIT) },
	[SMTP_SESSION_CHUNK] = { .name = "chunk",
	    .next = COMMANDS | IN(WAIT_BUDGET) | IN(WAIT_COMMIT) },
	[SMTP_SESSION_BDAT] = { .name = "bdat",
	    .next = IN(START) | IN(READY) | IN(CHUNK) | IN(FAILED),
	    .hint = "Only BDAT or RSET behind BDAT" },
	[SMTP_SESSION_FAILED] = { .name = "failed",
	    .next = IN(START) | IN(READY) | IN(CHUNK),
	    .hint = "Transaction failed, send RSET" },
	[SMTP_SESSION_STARTTLS] = { .name = "starttls",
	    .next = IN(HANDSHAKE) },
	[SMTP_SESSION_WAIT_COMMAND] = { .name = "wait-command",
	    .next = IN(READY) | IN(MAIL) | IN(RCPT) },
	[SMTP_SESSION_WAIT_BUDGET] = { .name = "wait-budget",
	    .next = IN(DATA) | IN(CHUNK) },
	[SMTP_SESSION_WAIT_COMMIT] = { .name = "wait-commit",
	    .next = IN(READY) },
	[SMTP_SESSION_CLOSING] = { .name = "closing", .next = 0 },
};

static void on_input(void *context);
static void on_ended(void *context, int error);

static const struct stream_events events = {
	.input = on_input,
	.drained = on_input,
	.ended = on_ended,
	.deadline = smtp_session_on_deadline,
	.handshake = smtp_greeting_on_handshake,
};

const char *
smtp_session_state_name(enum smtp_session_state state)
{
	return states[state].name;
}

const char *
smtp_session_state_hint(enum smtp_session_state state)
{
	return states[state].hint == NULL ? "Bad sequence of commands" :
	    states[state].hint;
}

void
smtp_session_move(struct smtp_session *session, enum smtp_session_state to)
{
	const struct state_row *from = &states[session->state];

	require(to < SMTP_SESSION_STATES);
	require(to == SMTP_SESSION_CLOSING ||
	    (from->next & (1u << to)) != 0);
	log_event(LOG_DEBUG_LEVEL, 0, "session_move",
	    LOG_NUMBER("icid", session->icid), LOG_STRING("from", from->name),
	    LOG_STRING("to", states[to].name));
	session->state = (uint8_t)to;
	session->is_deadline_due = true;
}

/* ---- replies ---- */

static void
queue_reply(struct smtp_session *session, const char *line, size_t len)
{
	/*
	 * Input is not consumed while much output waits, so that it always
	 * has room; a broken stream tells its end by itself.
	 */
	if (stream_write(session->stream, text_of(line, len)) ==
	    ERROR_LIMIT)
		fatal("output of a session is full");
}

void
smtp_session_reply(struct smtp_session *session, unsigned int code,
    const char *status, const char *format, ...)
{
	char line[REPLY_MAX];
	size_t most = sizeof(line) - 2;
	va_list args;
	int head, tail;
	size_t len;

	head = snprintf(line, sizeof(line), "%u %s%s", code, status,
	    status[0] == '\0' ? "" : " ");
	require(head > 0 && (size_t)head < most);
	va_start(args, format);
	tail = vsnprintf(line + head, most - (size_t)head, format, args);
	va_end(args);
	require(tail >= 0);
	len = (size_t)head + (size_t)tail;
	if (len > most - 1)
		len = most - 1;
	line[len++] = '\r';
	line[len++] = '\n';
	queue_reply(session, line, len);
}

void
smtp_session_refuse(struct smtp_session *session, const struct reason *why)
{
	char status[24];
	const uint16_t *s = why->status;

	require(why->reply >= 200 && why->reply <= 599);
	(void)snprintf(status, sizeof(status), "%u.%u.%u",
	    s[0] == 0 ? why->reply / 100u : s[0], s[1], s[2]);
	smtp_session_reply(session, why->reply, status, "%s", why->text);
}

void
smtp_session_error(struct smtp_session *session, const struct reason *why)
{
	session->service->counters.commands_refused++;
	smtp_session_refuse(session, why);
	if (++session->errors >= session->flow.max_errors)
		smtp_session_leave(session, "4.7.0", "Too many errors",
		    "errors");
}

void
smtp_session_out_of_place(struct smtp_session *session)
{
	struct reason why = { 0 };

	reason_set_reply(&why, 503, 5, 5, 1, "%s",
	    smtp_session_state_hint(session->state));
	smtp_session_error(session, &why);
}

/* ---- forgetting ---- */

void
smtp_session_reset(struct smtp_session *session)
{
	smtp_wait_cancel(&session->wait);
	smtp_transaction_end(session->service, &session->transaction);
	session->taken = 0;
	session->chunk_refusal = NULL;
	session->chunk_left = 0;
}

void
smtp_session_forget(struct smtp_session *session)
{
	smtp_session_reset(session);
	free(session->helo);
	session->helo = NULL;
	session->is_esmtp = false;
}

void
smtp_session_message_over(struct smtp_session *session)
{
	smtp_session_reset(session);
	smtp_session_move(session, SMTP_SESSION_READY);
	if (session->service->is_stopping)
		smtp_session_leave(session, "4.3.2",
		    "Service shutting down", "shutdown");
}

/* ---- the end ---- */

void
smtp_session_close(struct smtp_session *session, const char *how)
{
	if (session->state == SMTP_SESSION_CLOSING)
		return;
	smtp_session_reset(session);
	session->how = how;
	smtp_session_move(session, SMTP_SESSION_CLOSING);
	stream_finish(session->stream);
}

void
smtp_session_leave(struct smtp_session *session, const char *status,
    const char *words, const char *how)
{
	if (session->state == SMTP_SESSION_CLOSING)
		return;
	smtp_session_reply(session, 421, status, "%.*s %s",
	    TEXT_ARG(session->site->config->hostname), words);
	smtp_session_close(session, how);
}

static void
tell_closed(struct smtp_session *session)
{
	char client[HOST_ADDRESS_PRINT_SIZE];

	mail_event_connection_closed(session->icid,
	    host_address_print(&session->client, client, sizeof(client)),
	    text_from(session->how), session->accepted,
	    stream_bytes_read(session->stream));
}

void
smtp_session_free(struct smtp_session *session)
{
	struct smtp_service *service = session->service;
	char key[SMTP_RATE_KEY_MAX];

	require(!session->is_running);
	smtp_session_forget(session);
	tell_closed(session);
	if (session->has_slot)
		smtp_rate_give_back(service->rate,
		    smtp_greeting_rate_key(session, session->listener->name,
		    key, sizeof(key)),
		    session->listener->max_connections_per_client);
	list_remove(&session->link);
	service->counters.connections_open--;
	stream_free(session->stream);
	if (session->gone != NULL)
		session->gone(session->gone_context);
	smtp_site_release(&session->site);
	free(session);
}

void
smtp_session_abandon(struct smtp_session *session)
{
	session->how = "abandoned";
	smtp_session_free(session);
}

void
smtp_session_stop(struct smtp_session *session)
{
	const uint32_t finishing = IN(DATA) | IN(CHUNK) | IN(BDAT) |
	    IN(WAIT_BUDGET) | IN(WAIT_COMMIT) | IN(CLOSING);
	const uint32_t mute = IN(HANDSHAKE) | IN(STARTTLS);
	bool is_mute = session->tls == NULL &&
	    session->listener->tls == CONFIG_LISTENER_TLS_IMPLICIT;

	if ((finishing & (1u << session->state)) != 0)
		return;
	if (is_mute || (mute & (1u << session->state)) != 0) {
		session->how = "shutdown";
		smtp_session_free(session);
		return;
	}
	smtp_session_leave(session, "4.3.2", "Service shutting down",
	    "shutdown");
	smtp_session_set_deadline(session);
}

struct smtp_session *
smtp_session_of(struct list *link)
{
	return LIST_OWNER(link, struct smtp_session, link);
}

/* ---- the beginning ---- */

void
smtp_session_open(struct smtp_service *service, size_t listener,
    int descriptor, const struct host_address *client,
    smtp_session_gone gone, void *context)
{
	struct smtp_session *session = memory_new(sizeof(*session));

	session->service = service;
	session->site = smtp_site_ref(service->site);
	session->listener = &session->site->config->listeners[listener];
	session->listener_index = listener;
	session->client = *client;
	session->gone = gone;
	session->gone_context = context;
	session->how = "lost";
	session->opened_ms = clock_monotonic_ms();
	session->state = SMTP_SESSION_ENTERING;
	session->is_deadline_due = true;
	smtp_wait_init(&session->wait, smtp_session_answered, session);
	session->stream = stream_new(service->loop, descriptor, INPUT_MAX,
	    OUTPUT_MAX, &events, session);
	/* A ClientHello that is read too early would be thrown away. */
	stream_want_input(session->stream, false);
	list_append(&service->sessions, &session->link);
	service->counters.connections_total++;
	service->counters.connections_open++;
	smtp_greeting_enter(session);
	smtp_session_set_deadline(session);
}

struct text
smtp_session_tls(const struct smtp_session *session)
{
	return session->tls == NULL ? TEXT_EMPTY :
	    tls_session_describe(session->tls);
}

bool
smtp_session_needs_tls(const struct smtp_session *session)
{
	return session->flow.needs_tls && session->tls == NULL;
}

/* ---- events of the stream ---- */

static void
on_input(void *context)
{
	smtp_session_run(context);
}

static void
on_ended(void *context, int error)
{
	struct smtp_session *session = context;

	if (session->state == SMTP_SESSION_CLOSING || error < 0) {
		smtp_session_free(session);
		return;
	}
	/* The peer may have ended only its side and still listen. */
	session->is_peer_ended = true;
	smtp_session_run(session);
}
