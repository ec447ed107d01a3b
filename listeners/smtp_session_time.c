/*
 * Deadlines of a session: each state has its own, none passes the end of
 * the whole session, and content must keep up a minimum rate.  smtp
 * process; RFC 5321 4.5.3.2.
 */
#include "gateway/base/clock.h"
#include "listeners/smtp_greeting.h"
#include "listeners/smtp_receive.h"
#include "listeners/smtp_session_private.h"

#define ENTERING_MS 10000	/* other processes: number and slot */
#define HANDSHAKE_MS 60000
#define REFUSED_MS 30000
#define COMMAND_WAIT_MS 10000
#define BUDGET_WAIT_MS 30000
#define COMMIT_WAIT_MS 300000
#define CLOSING_MS 30000
#define RATE_WINDOW_MS 60000

#define IN(state) SMTP_SESSION_IN(state)
#define LINES (IN(REFUSED) | IN(START) | IN(READY) | IN(MAIL) | IN(RCPT) | \
	IN(BDAT) | IN(FAILED))
#define CONTENT (IN(DATA) | IN(CHUNK))

/* 0: as configured for commands or content. */
static const int64_t state_ms[SMTP_SESSION_STATES] = {
	[SMTP_SESSION_ENTERING] = ENTERING_MS,
	[SMTP_SESSION_HANDSHAKE] = HANDSHAKE_MS,
	[SMTP_SESSION_REFUSED] = REFUSED_MS,
	[SMTP_SESSION_STARTTLS] = HANDSHAKE_MS,
	[SMTP_SESSION_WAIT_COMMAND] = COMMAND_WAIT_MS,
	[SMTP_SESSION_WAIT_BUDGET] = BUDGET_WAIT_MS,
	[SMTP_SESSION_WAIT_COMMIT] = COMMIT_WAIT_MS,
	[SMTP_SESSION_CLOSING] = CLOSING_MS,
};

static bool
is_in(const struct smtp_session *session, uint32_t states)
{
	return (states & (1u << session->state)) != 0;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static const struct config_limits *
limits_of(const struct smtp_session *session)
{
	return &session->site->config->limits;
}

/* Until the end of the whole session. */
static int64_t
session_left(const struct smtp_session *session, int64_t now)
{
	return session->opened_ms +
	    (int64_t)limits_of(session)->session_timeout_ms - now;
}

static int64_t
window_left(const struct smtp_session *session, int64_t now)
{
	return session->window_start_ms + RATE_WINDOW_MS - now;
}

static int64_t
delay_of(const struct smtp_session *session, int64_t now)
{
	const struct config_limits *limits = limits_of(session);
	int64_t delay = state_ms[session->state];

	if (delay != 0)
		return delay;
	if (is_in(session, LINES))
		return least((int64_t)limits->command_timeout_ms,
		    session_left(session, now));
	delay = (int64_t)limits->data_timeout_ms;
	if (limits->data_rate > 0)
		delay = least(delay, window_left(session, now));
	return least(delay, session_left(session, now));
}

void
smtp_session_set_deadline(struct smtp_session *session)
{
	int64_t delay;

	if (!session->is_deadline_due)
		return;
	session->is_deadline_due = false;
	delay = delay_of(session, clock_monotonic_ms());
	stream_set_deadline(session->stream, delay > 0 ? delay : 0);
}

void
smtp_session_open_window(struct smtp_session *session)
{
	session->window_start_ms = clock_monotonic_ms();
	session->window_bytes = stream_bytes_read(session->stream);
	session->is_deadline_due = true;
}

/* ---- what happens then ---- */

/* True: the window is over and was fast enough; a new one begins. */
static bool
is_fast_enough(struct smtp_session *session, int64_t now)
{
	uint64_t rate = limits_of(session)->data_rate;
	uint64_t bytes = stream_bytes_read(session->stream) -
	    session->window_bytes;

	if (rate == 0 || window_left(session, now) > 0 ||
	    bytes < rate * (RATE_WINDOW_MS / 1000))
		return false;
	smtp_session_open_window(session);
	return true;
}

static void
line_late(struct smtp_session *session)
{
	smtp_session_leave(session, "4.4.2", "Time-out, closing connection",
	    "timeout");
}

static void
content_late(struct smtp_session *session)
{
	int64_t now = clock_monotonic_ms();

	if (session_left(session, now) > 0 && is_fast_enough(session, now))
		return;
	line_late(session);
}

static void
end_late(struct smtp_session *session)
{
	if (session->state != SMTP_SESSION_CLOSING)
		session->how = "timeout";
	smtp_session_free(session);
}

/* lookup is slow: the rate is counted here, and the command goes on. */
static void
command_late(struct smtp_session *session)
{
	if ((session->taken & SMTP_TAKEN_NO_ANSWER) != 0) {
		smtp_session_leave(session, "4.3.0",
		    "Mail queue not available", "no answer");
		return;
	}
	smtp_wait_cancel(&session->wait);
	session->taken |= SMTP_TAKEN_NO_ANSWER;
	smtp_session_move(session, session->resume);
}

static void
budget_late(struct smtp_session *session)
{
	struct reason why = { 0 };

	reason_set_reply(&why, 451, 4, 3, 0, "No memory in time, try again "
	    "later");
	smtp_wait_cancel(&session->wait);
	smtp_receive_budget_answered(session, ERROR_TEMPORARY, &why);
}

static void
commit_late(struct smtp_session *session)
{
	struct reason why = { 0 };

	reason_set_reply(&why, 451, 4, 3, 0, "Mail queue did not answer, try "
	    "again later");
	smtp_wait_cancel(&session->wait);
	smtp_receive_commit_answered(session, ERROR_TEMPORARY, &why);
}

static void (*const late[SMTP_SESSION_STATES])(
    struct smtp_session *session) = {
	[SMTP_SESSION_ENTERING] = smtp_greeting_give_up,
	[SMTP_SESSION_HANDSHAKE] = end_late,
	[SMTP_SESSION_REFUSED] = line_late,
	[SMTP_SESSION_START] = line_late,
	[SMTP_SESSION_READY] = line_late,
	[SMTP_SESSION_MAIL] = line_late,
	[SMTP_SESSION_RCPT] = line_late,
	[SMTP_SESSION_DATA] = content_late,
	[SMTP_SESSION_CHUNK] = content_late,
	[SMTP_SESSION_BDAT] = line_late,
	[SMTP_SESSION_FAILED] = line_late,
	[SMTP_SESSION_STARTTLS] = end_late,
	[SMTP_SESSION_WAIT_COMMAND] = command_late,
	[SMTP_SESSION_WAIT_BUDGET] = budget_late,
	[SMTP_SESSION_WAIT_COMMIT] = commit_late,
	[SMTP_SESSION_CLOSING] = end_late,
};

void
smtp_session_on_deadline(void *context)
{
	struct smtp_session *session = context;
	bool is_freed = late[session->state] == end_late;

	session->is_deadline_due = true;
	late[session->state](session);
	if (!is_freed)
		smtp_session_run(session);
}
