/*
 * From accept to the banner: a number, a slot for the connection, the
 * sender group, TLS.  smtp process; RFC 5321 3.1, RFC 8314 3.3.
 */
#include "listeners/smtp_greeting.h"

#include <stdio.h>
#include <sys/socket.h>

#include "gateway/base/log.h"
#include "gateway/mail/mail_event.h"

struct text
smtp_greeting_rate_key(const struct smtp_session *session, struct text name,
    char *out, size_t size)
{
	char client[HOST_ADDRESS_PRINT_SIZE];

	(void)host_address_print_client(&session->client, client,
	    sizeof(client));
	(void)snprintf(out, size, "%.*s %s", TEXT_ARG(text_slice(name, 0,
	    SMTP_RATE_KEY_MAX - HOST_ADDRESS_PRINT_SIZE - 2)), client);
	return text_from(out);
}

int
smtp_greeting_take_rate(struct smtp_session *session,
    enum frame_rate_kind kind, struct text name, uint64_t limit)
{
	bool alone = (session->taken & SMTP_TAKEN_NO_ANSWER) != 0;
	char key[SMTP_RATE_KEY_MAX];
	int error;

	if ((session->taken & SMTP_TAKEN_RATE) != 0 || limit == 0)
		return 0;
	error = ERROR_REFUSED;
	if ((session->taken & SMTP_TAKEN_REFUSAL) == 0)
		error = smtp_rate_take(session->service->rate, kind,
		    smtp_greeting_rate_key(session, name, key, sizeof(key)),
		    limit, alone ? NULL : &session->wait);
	if (error == 0)
		session->taken |= SMTP_TAKEN_RATE;
	if (error == ERROR_REFUSED)
		session->service->counters.rates_refused++;
	return error;
}

/* ---- turned away ---- */

static struct text
group_name(const struct smtp_session *session)
{
	return session->group == NULL ? TEXT_EMPTY : session->group->name;
}

static void
tell_rejected(struct smtp_session *session, const char *reason)
{
	char client[HOST_ADDRESS_PRINT_SIZE];

	session->service->counters.connections_rejected++;
	mail_event_connection_rejected(session->icid,
	    host_address_print(&session->client, client, sizeof(client)),
	    session->listener->name, group_name(session),
	    text_from(reason));
}

/* Nothing is read before somebody can say what it is. */
static void
begin_reading(struct smtp_session *session)
{
	stream_want_input(session->stream, true);
}

/* What is said in clear would only confuse a client that wants TLS. */
static bool
is_mute(const struct smtp_session *session)
{
	return session->listener->tls == CONFIG_LISTENER_TLS_IMPLICIT &&
	    session->tls == NULL;
}

static void
turn_away(struct smtp_session *session, unsigned int code,
    const char *words, const char *reason)
{
	tell_rejected(session, reason);
	if (!is_mute(session))
		smtp_session_reply(session, code, "", "%.*s %s",
		    TEXT_ARG(session->site->config->hostname), words);
	smtp_session_close(session, "rejected");
}

/*
 * RFC 5321 3.1: 554 instead of 220, then only QUIT.  The flow has no
 * limits yet, so a few errors end it.
 */
static void
reject(struct smtp_session *session, const char *reason)
{
	struct text words = session->policy == NULL ? TEXT_EMPTY :
	    session->policy->reject_text;

	if (is_mute(session)) {
		turn_away(session, 554, "", reason);
		return;
	}
	tell_rejected(session, reason);
	if (words.len == 0)
		words = TEXT("No SMTP service here");
	session->flow.max_errors = 3;
	smtp_session_reply(session, 554, "", "%.*s %.*s",
	    TEXT_ARG(session->site->config->hostname), TEXT_ARG(words));
	smtp_session_move(session, SMTP_SESSION_REFUSED);
	begin_reading(session);
}

/* ---- the banner ---- */

/* Whether the client has spoken before it was greeted. */
static bool
is_early(struct smtp_session *session)
{
	char byte;

	if (stream_input(session->stream).len > 0)
		return true;
	return session->tls == NULL &&
	    recv(stream_descriptor(session->stream), &byte, 1,
	    MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void
say_banner(struct smtp_session *session)
{
	struct text words = session->listener->banner;

	if (is_early(session)) {
		turn_away(session, 554, "Protocol error, client spoke before "
		    "the greeting", "early talker");
		return;
	}
	if (words.len == 0)
		words = TEXT("ESMTP");
	smtp_session_reply(session, 220, "", "%.*s %.*s",
	    TEXT_ARG(session->site->config->hostname), TEXT_ARG(words));
	smtp_session_move(session, SMTP_SESSION_START);
	begin_reading(session);
}

/* ---- TLS ---- */

void
smtp_greeting_start_tls(struct smtp_session *session)
{
	struct tls_context *context = smtp_site_tls(session->site,
	    session->listener_index, session->service->keys);

	if (context == NULL) {
		smtp_session_close(session, "no TLS");
		return;
	}
	/* RFC 3207 5: what came in clear behind STARTTLS is thrown away. */
	session->tls = tls_session_accept(context, session->stream);
	begin_reading(session);
	smtp_session_move(session, SMTP_SESSION_HANDSHAKE);
	stream_handshake(session->stream);
}

static void
handshake_failed(struct smtp_session *session)
{
	char client[HOST_ADDRESS_PRINT_SIZE];
	struct reason why = { 0 };

	(void)tls_session_failure(session->tls, &why);
	session->service->counters.tls_failed++;
	mail_event_tls_failed(session->icid,
	    host_address_print(&session->client, client, sizeof(client)),
	    text_from(why.text));
	session->how = "tls failed";
	smtp_session_free(session);
}

void
smtp_greeting_on_handshake(void *context, int error)
{
	struct smtp_session *session = context;
	char client[HOST_ADDRESS_PRINT_SIZE];

	if (error < 0) {
		handshake_failed(session);
		return;
	}
	session->service->counters.tls_established++;
	mail_event_tls_established(session->icid,
	    host_address_print(&session->client, client, sizeof(client)),
	    smtp_session_tls(session), TEXT_EMPTY);
	/* RFC 3207 4.2: nothing that was learnt before counts. */
	smtp_session_forget(session);
	if (session->listener->tls == CONFIG_LISTENER_TLS_IMPLICIT)
		say_banner(session);
	else
		smtp_session_move(session, SMTP_SESSION_START);
	smtp_session_run(session);
}

/* ---- entering ---- */

static void
admit(struct smtp_session *session)
{
	struct host_access_match match = { 0 };
	char client[HOST_ADDRESS_PRINT_SIZE];

	session->taken = 0;
	if (host_access_find(session->site->hosts, session->listener->name,
	    &session->client, &match) < 0) {
		reject(session, "no sender group");
		return;
	}
	session->group = match.group;
	session->policy = match.policy;
	if (match.policy->action == CONFIG_FLOW_REJECT) {
		reject(session, "sender group rejects");
		return;
	}
	mail_flow_resolve(&session->site->config->limits, session->listener,
	    match.policy, &session->flow);
	mail_event_connection_opened(session->icid,
	    host_address_print(&session->client, client, sizeof(client)),
	    session->listener->name, match.group->name);
	if (session->listener->tls == CONFIG_LISTENER_TLS_IMPLICIT)
		smtp_greeting_start_tls(session);
	else
		say_banner(session);
}

void
smtp_greeting_enter(struct smtp_session *session)
{
	int error;

	if (session->icid == 0 && smtp_queue_take_id(session->service->queue,
	    FRAME_ID_ICID, &session->icid, &session->wait) < 0)
		return;
	error = smtp_greeting_take_rate(session, FRAME_RATE_CONNECTIONS,
	    session->listener->name,
	    session->listener->max_connections_per_client);
	if (error == ERROR_AGAIN)
		return;
	session->has_slot = (session->taken & SMTP_TAKEN_RATE) != 0;
	if (error < 0)
		turn_away(session, 421, "Too many connections from your host",
		    "too many connections");
	else
		admit(session);
}

void
smtp_greeting_give_up(struct smtp_session *session)
{
	smtp_wait_cancel(&session->wait);
	if (session->icid == 0) {
		turn_away(session, 421, "Mail queue not available",
		    "no answer of queue");
		return;
	}
	session->taken |= SMTP_TAKEN_NO_ANSWER;
	smtp_greeting_enter(session);
}
