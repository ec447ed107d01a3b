/*
 * Sessions of the deliver process: the state table, replies in order, and
 * what is common to all states.
 */
#include "queue/delivery/delivery_session.h"

#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/mail_event.h"
#include "queue/delivery/delivery_session_private.h"

/* How long a peer may take to say goodbye. */
#define DELIVERY_QUIT_MS 5000

static void
delivery_session_quit_reply(struct delivery_session *session)
{
	delivery_session_close(session);
}

static void
delivery_session_quit_lost(struct delivery_session *session,
	const char *words)
{
	(void)words;
	delivery_session_close(session);
}

#define TO(state) (UINT32_C(1) << DELIVERY_##state)
#define TO_WALK (TO(WALKING) | TO(CLOSED))

static const struct delivery_state_row delivery_states[DELIVERY_STATES] = {
	[DELIVERY_WALKING] = { .name = "walking",
		.next = TO(CONNECTING) | TO(CLOSED) },
	[DELIVERY_CONNECTING] = { .name = "connecting",
		.next = TO(BANNER) | TO_WALK },
	[DELIVERY_BANNER] = { .name = "banner",
		.next = TO(EHLO) | TO_WALK,
		.reply = delivery_open_banner, .lost = delivery_open_lost },
	[DELIVERY_EHLO] = { .name = "ehlo",
		.next = TO(HELO) | TO(STARTTLS) | TO(IDLE) | TO_WALK,
		.reply = delivery_open_ehlo, .lost = delivery_open_lost },
	[DELIVERY_HELO] = { .name = "helo",
		.next = TO(IDLE) | TO_WALK,
		.reply = delivery_open_helo, .lost = delivery_open_lost },
	[DELIVERY_STARTTLS] = { .name = "starttls",
		.next = TO(HANDSHAKE) | TO(IDLE) | TO_WALK,
		.reply = delivery_open_starttls,
		.lost = delivery_open_shook_lost },
	[DELIVERY_HANDSHAKE] = { .name = "handshake",
		.next = TO(EHLO) | TO_WALK,
		.lost = delivery_open_shook_lost },
	[DELIVERY_IDLE] = { .name = "idle",
		.next = TO(CHECKING) | TO(QUIT) | TO(CLOSED),
		.lost = delivery_mail_idle_lost },
	[DELIVERY_CHECKING] = { .name = "checking",
		.next = TO(ENVELOPE) | TO(IDLE) | TO(CLOSED),
		.lost = delivery_mail_check_lost },
	[DELIVERY_ENVELOPE] = { .name = "envelope",
		.next = TO(BODY) | TO(FINAL) | TO(RESET) | TO(CLOSED),
		.reply = delivery_mail_reply, .lost = delivery_mail_lost },
	[DELIVERY_BODY] = { .name = "body",
		.next = TO(FINAL) | TO(CLOSED),
		.reply = delivery_mail_early, .lost = delivery_mail_lost },
	[DELIVERY_FINAL] = { .name = "final",
		.next = TO(IDLE) | TO(CLOSED),
		.reply = delivery_mail_final,
		.lost = delivery_mail_unknown },
	[DELIVERY_RESET] = { .name = "reset",
		.next = TO(IDLE) | TO(CLOSED),
		.reply = delivery_mail_reset,
		.lost = delivery_mail_idle_lost },
	[DELIVERY_QUIT] = { .name = "quit",
		.next = TO(CLOSED),
		.reply = delivery_session_quit_reply,
		.lost = delivery_session_quit_lost },
	[DELIVERY_CLOSED] = { .name = "closed" },
};

void
delivery_session_move(struct delivery_session *session,
	enum delivery_state to)
{
	require((delivery_states[session->state].next & UINT32_C(1) << to) !=
	    0);
	log_event(LOG_DEBUG_LEVEL, session->job == NULL ? 0 :
	    delivery_job_mid(session->job), "session_state",
	    LOG_NUMBER("dcid", session->dcid),
	    LOG_STRING("from", delivery_states[session->state].name),
	    LOG_STRING("to", delivery_states[to].name));
	session->state = to;
}

const struct delivery_target *
delivery_session_target(const struct delivery_session *session)
{
	return &session->targets->items[session->position];
}

/* ---- the message at hand ---- */

static void
delivery_session_enter(struct delivery_session *session)
{
	session->delivery->peers->in_hand(session->delivery->context,
	    session->job == NULL ? 0 : delivery_job_mid(session->job));
}

static void
delivery_session_left(struct delivery *delivery)
{
	delivery->peers->in_hand(delivery->context, 0);
}

/* ---- saying and hearing ---- */

void
delivery_session_expect(struct delivery_session *session, size_t replies,
	uint64_t timeout_ms)
{
	session->expected += replies;
	stream_set_deadline(session->stream, (int64_t)timeout_ms);
}

void
delivery_session_say(struct delivery_session *session, struct text command)
{
	/* Nothing else waits in the output now: there is room. */
	require(stream_write(session->stream, command) == 0);
	delivery_session_expect(session, 1,
	    session->delivery->config->limits.reply_timeout_ms);
}

static void
delivery_session_lose(struct delivery_session *session, const char *words)
{
	require(delivery_states[session->state].lost != NULL);
	delivery_states[session->state].lost(session, words);
}

/*
 * A reply is complete.  Bytes behind it that answer nothing are no SMTP: the
 * next reply would be one to a command that the peer has not seen.  Only
 * the outcome of a message counts nevertheless, for it came in good order.
 */
static bool
delivery_session_hear(struct delivery_session *session)
{
	const struct delivery_state_row *row =
	    &delivery_states[session->state];
	bool excess;

	if (row->reply == NULL || (session->expected == 0 &&
	    session->state != DELIVERY_BODY)) {
		delivery_session_lose(session,
		    "it spoke without being asked");
		return false;
	}
	if (session->expected > 0)
		session->expected--;
	excess = session->expected == 0 &&
	    stream_input(session->stream).len > 0;
	if (excess && session->state != DELIVERY_FINAL &&
	    session->state != DELIVERY_QUIT) {
		delivery_session_lose(session,
		    "it answered what was not asked");
		return false;
	}
	if (excess || session->reply.code == 421)
		session->is_last = true;
	row->reply(session);
	smtp_reply_init(&session->reply);
	return true;
}

void
delivery_session_input(struct delivery_session *session)
{
	struct text input;
	size_t used;
	int error;

	while (session->stream != NULL) {
		input = stream_input(session->stream);
		if (input.len == 0)
			return;
		/* Nothing may come now; do not even look at it. */
		if (delivery_states[session->state].reply == NULL) {
			delivery_session_lose(session,
			    "it spoke without being asked");
			return;
		}
		error = smtp_reply_feed(&session->reply, input, &used);
		stream_consume(session->stream, used);
		if (error == ERROR_AGAIN)
			return;
		if (error < 0) {
			delivery_session_lose(session,
			    "its reply is not SMTP");
			return;
		}
		if (!delivery_session_hear(session))
			return;
	}
}

static void
delivery_session_on_input(void *context)
{
	struct delivery_session *session = context;
	struct delivery *delivery = session->delivery;

	delivery_session_enter(session);
	delivery_session_input(session);
	delivery_session_left(delivery);
}

static void
delivery_session_on_drained(void *context)
{
	struct delivery_session *session = context;
	struct delivery *delivery = session->delivery;

	delivery_session_enter(session);
	if (session->state == DELIVERY_ENVELOPE)
		delivery_mail_pump(session);
	else if (session->state == DELIVERY_BODY)
		delivery_mail_feed(session);
	delivery_session_left(delivery);
}

static void
delivery_session_on_ended(void *context, int error)
{
	struct delivery_session *session = context;
	struct delivery *delivery = session->delivery;

	delivery_session_enter(session);
	delivery_session_input(session);
	if (session->stream != NULL)
		delivery_session_lose(session, error == 0 ?
		    "it closed the connection" : "the connection broke");
	delivery_session_left(delivery);
}

static void
delivery_session_on_deadline(void *context)
{
	struct delivery_session *session = context;
	struct delivery *delivery = session->delivery;

	delivery_session_enter(session);
	if (session->state == DELIVERY_IDLE)
		delivery_session_quit(session);
	else
		delivery_session_lose(session, "it did not answer in time");
	delivery_session_left(delivery);
}

static void
delivery_session_on_handshake(void *context, int error)
{
	delivery_open_handshake(context, error);
}

const struct stream_events delivery_session_events = {
	.input = delivery_session_on_input,
	.drained = delivery_session_on_drained,
	.ended = delivery_session_on_ended,
	.deadline = delivery_session_on_deadline,
	.handshake = delivery_session_on_handshake,
};

/* ---- life ---- */

static void
delivery_session_chore(void *context)
{
	struct delivery_session *session = context;
	struct delivery *delivery = session->delivery;

	delivery_session_enter(session);
	if (session->state == DELIVERY_WALKING)
		delivery_open_next(session);
	else if (session->state == DELIVERY_CHECKING)
		delivery_mail_check(session);
	if (session->state == DELIVERY_IDLE)
		delivery_session_work(session);
	delivery_session_left(delivery);
}

void
delivery_session_begin(struct delivery_destination *destination, size_t start)
{
	struct delivery_session *session = memory_new(sizeof(*session));
	struct delivery *delivery = destination->delivery;

	require(start < destination->resolve.targets->count);
	session->delivery = delivery;
	session->destination = destination;
	session->began_ms = clock_monotonic_ms();
	session->targets = delivery_targets_ref(destination->resolve.targets);
	session->start = session->position = start;
	session->is_first = true;
	session->fates = memory_array(session->targets->count,
	    sizeof(*session->fates));
	loop_chore_init(&session->chore, delivery_session_chore, session);
	list_append(&destination->sessions, &session->link);
	destination->session_count++;
	delivery->counts.sessions++;
	loop_chore_add(delivery->loop, &session->chore);
}

void
delivery_session_hang_up(struct delivery_session *session)
{
	if (session->stream != NULL && session->state >= DELIVERY_IDLE)
		mail_event_delivery_closed(session->dcid,
		    delivery_session_target(session)->label,
		    session->messages);
	delivery_connection_free(session->connection);
	session->connection = NULL;
	stream_free(session->stream);
	session->stream = NULL;
	session->tls = NULL;
	session->expected = 0;
}

static void
delivery_session_depart(struct delivery_session *session)
{
	struct delivery_destination *destination = session->destination;

	list_remove(&session->link);
	session->destination = NULL;
	if (destination != NULL)
		delivery_destination_leave(destination, session);
}

void
delivery_session_close(struct delivery_session *session)
{
	struct delivery *delivery = session->delivery;

	require(session->job == NULL);
	delivery_session_hang_up(session);
	delivery_session_move(session, DELIVERY_CLOSED);
	loop_chore_remove(&session->chore);
	delivery_session_depart(session);
	/* Callers up the stack still look at the session. */
	list_append(&delivery->sessions_over, &session->link);
	delivery->counts.sessions--;
	delivery_session_ended(delivery);
}

void
delivery_session_quit(struct delivery_session *session)
{
	struct delivery *delivery = session->delivery;

	require(session->job == NULL);
	delivery_session_move(session, DELIVERY_QUIT);
	delivery_session_depart(session);
	list_append(&delivery->sessions_leaving, &session->link);
	if (stream_write(session->stream, TEXT("QUIT\r\n")) < 0) {
		delivery_session_close(session);
		return;
	}
	delivery_session_expect(session, 1, DELIVERY_QUIT_MS);
}

void
delivery_session_dismiss(struct delivery_session *session)
{
	if (session->state == DELIVERY_IDLE)
		delivery_session_quit(session);
	else
		delivery_session_close(session);
}

void
delivery_session_free(struct delivery_session *session)
{
	require(session->job == NULL);
	list_remove(&session->link);
	loop_chore_remove(&session->chore);
	delivery_connection_free(session->connection);
	stream_free(session->stream);
	delivery_targets_release(&session->targets);
	digest_free(session->digest);
	free(session->fates);
	free(session);
}

void
delivery_session_abandon(struct delivery_session *session)
{
	delivery_job_discard(session->job);
	session->job = NULL;
	delivery_session_free(session);
}

/* ---- questions ---- */

struct delivery_session *
delivery_session_of(struct list *link)
{
	return LIST_OWNER(link, struct delivery_session, link);
}

struct list *
delivery_session_link(struct delivery_session *session)
{
	return &session->link;
}

bool
delivery_session_is_opening(const struct delivery_session *session)
{
	return session->state < DELIVERY_IDLE;
}

bool
delivery_session_is_idle(const struct delivery_session *session)
{
	return session->state == DELIVERY_IDLE;
}

bool
delivery_session_is_busy(const struct delivery_session *session)
{
	return session->job != NULL || session->state == DELIVERY_RESET;
}

size_t
delivery_session_start(const struct delivery_session *session)
{
	return session->start;
}

size_t
delivery_session_position(const struct delivery_session *session)
{
	return session->position;
}

/* Whether another address of this host was reached, and lacks TLS. */
static bool
delivery_session_host_lacks_tls(const struct delivery_session *session,
	const struct delivery_target *target)
{
	const struct delivery_target *other;
	size_t i;

	for (i = 0; i < session->targets->count; i++) {
		other = &session->targets->items[i];
		if (session->fates[i] == DELIVERY_FATE_LACKS_TLS &&
		    other->is_named && target->is_named &&
		    text_equal_nocase(other->host, target->host))
			return true;
	}
	return false;
}

bool
delivery_session_lacks_tls(const struct delivery_session *session)
{
	const struct delivery_targets *targets = session->targets;
	size_t i;

	if (session->start > 0 || targets->is_partial)
		return false;
	for (i = 0; i < targets->count; i++) {
		if (session->fates[i] == DELIVERY_FATE_LACKS_TLS)
			continue;
		/* IPv6 where there is none is nobody's doing. */
		if (session->fates[i] != DELIVERY_FATE_NO_ROUTE ||
		    !delivery_session_host_lacks_tls(session,
		    &targets->items[i]))
			return false;
	}
	return true;
}

int64_t
delivery_session_began_ms(const struct delivery_session *session)
{
	return session->began_ms;
}
