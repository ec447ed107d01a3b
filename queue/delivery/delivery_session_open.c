/*
 * From a list of targets to a session that may carry mail: connect, banner,
 * EHLO, STARTTLS; and on to the next target where one of them fails.
 */
#include "queue/delivery/delivery_session_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/mail/mail_event.h"
#include "gateway/mail/smtp_extension.h"

/* Above it the output is never; a group of commands may be large. */
#define DELIVERY_OUTPUT_MAX (2u * 1024u * 1024u)
#define DELIVERY_INPUT_MAX 65536u

/* ---- the walk ---- */

/* Drop this connection and look at the targets again, soon. */
static void
delivery_open_walk(struct delivery_session *session)
{
	delivery_session_hang_up(session);
	delivery_session_move(session, DELIVERY_WALKING);
	loop_chore_add(session->delivery->loop, &session->chore);
}

/* The same, with a goodbye to a host that was not at fault. */
static void
delivery_open_walk_politely(struct delivery_session *session)
{
	if (stream_write(session->stream, TEXT("QUIT\r\n")) == 0)
		stream_flush(session->stream);
	delivery_open_walk(session);
}

static void
delivery_open_connected(void *context, int descriptor, int system_error);

static void
delivery_open_failed(struct delivery_session *session,
	enum delivery_rank rank, int system_error)
{
	const struct delivery_target *target =
	    delivery_session_target(session);
	struct delivery *delivery = session->delivery;
	const char *words = strerror(system_error);

	delivery->counts.connect_failures++;
	delivery_health_failed(delivery->health, target,
	    clock_monotonic_ms());
	mail_event_delivery_unreachable(0, target->host, target->address,
	    text_from(words));
	delivery_trouble_set(&session->trouble, rank, 4, 1,
	    "connect to %.*s: %s", TEXT_ARG(target->label), words);
}

/* Told by the kernel at once, not by anybody outside. */
static bool
delivery_open_has_no_route(int system_error)
{
	return system_error == ENETUNREACH || system_error == EAFNOSUPPORT ||
	    system_error == EADDRNOTAVAIL;
}

/* Gives false where the target failed at once. */
static bool
delivery_open_target(struct delivery_session *session)
{
	struct delivery *delivery = session->delivery;
	int descriptor = delivery->peers->open_socket(delivery->context,
	    delivery_session_target(session));

	session->fates[session->position] = DELIVERY_FATE_TRIED;
	if (descriptor < 0 && delivery_open_has_no_route(errno)) {
		session->fates[session->position] = DELIVERY_FATE_NO_ROUTE;
		delivery_open_failed(session, DELIVERY_RANK_NO_ROUTE, errno);
		return false;
	}
	if (descriptor < 0) {
		delivery_open_failed(session, DELIVERY_RANK_UNREACHABLE,
		    errno);
		return false;
	}
	delivery_session_move(session, DELIVERY_CONNECTING);
	session->connection = delivery_connection_new(delivery->loop,
	    descriptor, (int64_t)delivery->config->limits.connect_timeout_ms,
	    delivery_open_connected, session);
	return true;
}

/* An ailing address waits for the second round. */
static bool
delivery_open_may_try(const struct delivery_session *session)
{
	if (session->fates[session->position] != DELIVERY_FATE_UNTRIED)
		return false;
	return session->takes_all ||
	    !delivery_health_is_bad(session->delivery->health,
	    delivery_session_target(session), clock_monotonic_ms());
}

static bool
delivery_open_round(struct delivery_session *session)
{
	for (; session->position < session->targets->count;
	    session->position++) {
		session->tls_failed = false;
		if (delivery_open_may_try(session) &&
		    delivery_open_target(session))
			return true;
	}
	return false;
}

void
delivery_open_next(struct delivery_session *session)
{
	struct delivery_destination *destination = session->destination;

	/* Once more to the same host, in clear this time. */
	if (session->is_first && session->tls_failed) {
		session->is_first = false;
		if (delivery_open_target(session))
			return;
	}
	session->is_first = false;
	if (delivery_open_round(session))
		return;
	if (!session->takes_all) {
		session->takes_all = true;
		session->position = session->start;
		if (delivery_open_round(session))
			return;
	}
	session->position = session->start;
	if (session->targets->is_partial &&
	    session->trouble.rank == DELIVERY_RANK_NEEDS_ENVELOPE)
		delivery_trouble_set(&session->trouble,
		    DELIVERY_RANK_UNREACHABLE, 4, 3,
		    "a host could not be looked up, it may have TLS");
	delivery_destination_unreachable(destination, session,
	    &session->trouble);
	delivery_session_close(session);
}

static void
delivery_open_connected(void *context, int descriptor, int system_error)
{
	struct delivery_session *session = context;
	struct delivery *delivery = session->delivery;

	session->connection = NULL;
	if (descriptor < 0) {
		delivery_open_failed(session, DELIVERY_RANK_UNREACHABLE,
		    system_error);
		delivery_open_walk(session);
		return;
	}
	delivery->counts.connections++;
	session->dcid = delivery->peers->dcid(delivery->context);
	session->stream = stream_new(delivery->loop, descriptor,
	    DELIVERY_INPUT_MAX, DELIVERY_OUTPUT_MAX,
	    &delivery_session_events, session);
	smtp_reply_init(&session->reply);
	session->extensions = 0;
	session->size_max = 0;
	session->is_last = false;
	delivery_session_move(session, DELIVERY_BANNER);
	delivery_session_expect(session, 1,
	    delivery->config->limits.reply_timeout_ms);
}

void
delivery_open_lost(struct delivery_session *session, const char *words)
{
	const struct delivery_target *target =
	    delivery_session_target(session);

	/* A host that accepts and says nothing is as good as away. */
	if (session->state == DELIVERY_BANNER)
		delivery_health_failed(session->delivery->health, target,
		    clock_monotonic_ms());
	mail_event_delivery_unreachable(session->dcid, target->host,
	    target->address, text_from(words));
	delivery_trouble_set(&session->trouble, DELIVERY_RANK_UNREACHABLE,
	    4, 2, "%.*s: %s", TEXT_ARG(target->label), words);
	delivery_open_walk(session);
}

/* The host answers, but not with what is needed to go on. */
static void
delivery_open_refused(struct delivery_session *session)
{
	const struct delivery_target *target =
	    delivery_session_target(session);

	delivery_trouble_reply(&session->trouble, target->label,
	    &session->reply);
	mail_event_delivery_unreachable(session->dcid, target->host,
	    target->address, text_from(session->trouble.words));
	delivery_open_walk_politely(session);
}

/* ---- banner and greeting ---- */

static void
delivery_open_greet(struct delivery_session *session, const char *verb,
	enum delivery_state state)
{
	struct delivery *delivery = session->delivery;

	buffer_reset(&delivery->scratch);
	require(buffer_printf(&delivery->scratch, "%s %.*s\r\n", verb,
	    TEXT_ARG(delivery->config->hostname)) == 0);
	delivery_session_move(session, state);
	delivery_session_say(session, buffer_text(&delivery->scratch));
}

void
delivery_open_banner(struct delivery_session *session)
{
	/* RFC 5321 3.1: a 5xx banner refuses service at this host only. */
	if (smtp_reply_class(&session->reply) != 2 || session->is_last) {
		delivery_open_refused(session);
		return;
	}
	session->trouble.is_reached = true;
	delivery_open_greet(session, "EHLO", DELIVERY_EHLO);
}

static void
delivery_open_ready(struct delivery_session *session)
{
	const struct delivery_target *target =
	    delivery_session_target(session);

	delivery_health_answered(session->delivery->health, target);
	mail_event_delivery_connected(session->dcid, target->host,
	    target->address, session->tls == NULL ? TEXT_EMPTY :
	    tls_session_describe(session->tls));
	delivery_session_move(session, DELIVERY_IDLE);
	delivery_session_work(session);
}

static void
delivery_open_no_tls(struct delivery_session *session, uint16_t detail,
	const char *words)
{
	const struct delivery_target *target =
	    delivery_session_target(session);

	bool or_envelope = session->destination->settings.or_envelope != 0;

	session->fates[session->position] = DELIVERY_FATE_LACKS_TLS;
	/* Where an envelope takes its place that is no trouble. */
	log_event(or_envelope ? LOG_INFO_LEVEL : LOG_WARNING_LEVEL, 0,
	    "tls_unavailable",
	    LOG_NUMBER("dcid", session->dcid),
	    LOG_TEXT("host", target->label), LOG_STRING("reason", words));
	/* ... and what stands in the way of one tells more. */
	delivery_trouble_set(&session->trouble, or_envelope ?
	    DELIVERY_RANK_NEEDS_ENVELOPE : DELIVERY_RANK_TLS, 7, detail,
	    "%.*s: %s", TEXT_ARG(target->label), words);
}

static void
delivery_open_start_tls(struct delivery_session *session)
{
	delivery_session_move(session, DELIVERY_STARTTLS);
	delivery_session_say(session, TEXT("STARTTLS\r\n"));
}

static void
delivery_open_not_here(struct delivery_session *session)
{
	delivery_open_no_tls(session, 4,
	    "TLS is required but STARTTLS is not offered");
	delivery_open_walk_politely(session);
}

static void
delivery_open_decide(struct delivery_session *session, bool is_offered)
{
	static void (*const steps[])(struct delivery_session *session) = {
		[DELIVERY_TLS_GO_ON] = delivery_open_ready,
		[DELIVERY_TLS_START] = delivery_open_start_tls,
		[DELIVERY_TLS_NOT_HERE] = delivery_open_not_here,
	};

	steps[delivery_tls_behind_ehlo(session->destination->settings.tls,
	    is_offered, session->tls != NULL, session->tls_failed)](session);
}

void
delivery_open_ehlo(struct delivery_session *session)
{
	unsigned int class = smtp_reply_class(&session->reply);

	if (class == 5 && !session->is_last) {
		/* RFC 5321 3.2: an older server. */
		delivery_open_greet(session, "HELO", DELIVERY_HELO);
		return;
	}
	if (class != 2 || session->is_last) {
		delivery_open_refused(session);
		return;
	}
	session->extensions = smtp_reply_extensions(&session->reply,
	    &session->size_max);
	delivery_open_decide(session, (session->extensions &
	    SMTP_EXTENSION_STARTTLS) != 0);
}

void
delivery_open_helo(struct delivery_session *session)
{
	if (smtp_reply_class(&session->reply) != 2 || session->is_last) {
		delivery_open_refused(session);
		return;
	}
	session->extensions = 0;
	session->size_max = 0;
	delivery_open_decide(session, false);
}

/* ---- STARTTLS (RFC 3207) ---- */

/*
 * No TLS with this host.  Where the rule allows it the same host is tried
 * again in clear, on a new connection.
 */
static void
delivery_open_without_tls(struct delivery_session *session,
	enum tls_failure failure, const char *words)
{
	const struct delivery_target *target =
	    delivery_session_target(session);
	char reason[DELIVERY_TROUBLE_WORDS];

	(void)snprintf(reason, sizeof(reason), "the TLS handshake failed: %s",
	    words);
	if (delivery_tls_may_fall_back(session->destination->settings.tls)) {
		log_event(LOG_WARNING_LEVEL, 0, "tls_failed",
		    LOG_NUMBER("dcid", session->dcid),
		    LOG_TEXT("host", target->label),
		    LOG_STRING("reason", words));
		session->tls_failed = session->is_first = true;
	} else if (delivery_tls_is_answer(failure)) {
		delivery_open_no_tls(session, 5, reason);
	} else {
		delivery_trouble_set(&session->trouble,
		    DELIVERY_RANK_UNREACHABLE, 4, 2, "%.*s: %s",
		    TEXT_ARG(target->label), reason);
	}
	delivery_open_walk(session);
}

void
delivery_open_shook_lost(struct delivery_session *session, const char *words)
{
	delivery_open_without_tls(session, TLS_FAILURE_CONNECTION, words);
}

static void
delivery_open_starttls_refused(struct delivery_session *session)
{
	char printed[SMTP_REPLY_PRINT_SIZE];

	/* Not TLS is refused, the whole session is. */
	if (session->is_last) {
		delivery_open_refused(session);
		return;
	}
	if (delivery_tls_refused(session->destination->settings.tls) ==
	    DELIVERY_TLS_GO_ON) {
		delivery_open_ready(session);
		return;
	}
	smtp_reply_print(&session->reply, printed, sizeof(printed));
	delivery_open_no_tls(session, 4, printed);
	delivery_open_walk_politely(session);
}

void
delivery_open_starttls(struct delivery_session *session)
{
	struct delivery_tls_names names;
	struct tls_expectation expectation;

	if (smtp_reply_class(&session->reply) != 2) {
		delivery_open_starttls_refused(session);
		return;
	}
	delivery_tls_expect(&session->destination->settings,
	    delivery_session_target(session), &names, &expectation);
	delivery_session_move(session, DELIVERY_HANDSHAKE);
	session->tls = tls_session_connect(session->delivery->tls,
	    session->stream, &expectation);
	stream_set_deadline(session->stream,
	    (int64_t)session->delivery->config->limits.reply_timeout_ms);
	stream_handshake(session->stream);
}

void
delivery_open_handshake(struct delivery_session *session, int error)
{
	struct reason why = { .text = "" };
	enum tls_failure failure;

	if (error < 0) {
		failure = tls_session_failure(session->tls, &why);
		delivery_open_without_tls(session, failure, why.text);
		return;
	}
	/* RFC 3207 4.2: everything learnt in clear is forgotten. */
	session->extensions = 0;
	session->size_max = 0;
	smtp_reply_init(&session->reply);
	session->delivery->counts.tls_sessions++;
	delivery_open_greet(session, "EHLO", DELIVERY_EHLO);
}
