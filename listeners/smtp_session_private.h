/*
 * The inside of a session, for the files that make it up: smtp_session.c
 * (states, replies, end), smtp_session_input.c (what is done with input),
 * smtp_session_time.c (deadlines), smtp_greeting (until the banner),
 * smtp_receive (content), smtp_verb and its files.
 */
#ifndef LISTENERS_SMTP_SESSION_PRIVATE_H
#define LISTENERS_SMTP_SESSION_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/tls_session.h"
#include "gateway/base/stream.h"
#include "listeners/smtp_session.h"
#include "listeners/smtp_transaction.h"
#include "listeners/smtp_wait.h"
#include "policy/mail_flow.h"

enum smtp_session_state {
	SMTP_SESSION_ENTERING,	/* waits for its number and a slot */
	SMTP_SESSION_HANDSHAKE,	/* TLS */
	SMTP_SESSION_REFUSED,	/* 554 said, waits for QUIT (RFC 5321 3.1) */
	SMTP_SESSION_START,	/* no EHLO yet */
	SMTP_SESSION_READY,	/* between transactions */
	SMTP_SESSION_MAIL,	/* a sender, no recipient */
	SMTP_SESSION_RCPT,	/* at least one recipient */
	SMTP_SESSION_DATA,	/* content behind 354 */
	SMTP_SESSION_CHUNK,	/* octets of a BDAT */
	SMTP_SESSION_BDAT,	/* between two BDATs of one message */
	SMTP_SESSION_FAILED,	/* RSET must come (RFC 3030 2) */
	SMTP_SESSION_STARTTLS,	/* 220 is on its way out */
	SMTP_SESSION_WAIT_COMMAND,	/* a command waits and runs again */
	SMTP_SESSION_WAIT_BUDGET,	/* content waits for memory */
	SMTP_SESSION_WAIT_COMMIT,	/* queue makes the message durable */
	SMTP_SESSION_CLOSING,	/* the last reply is on its way out */
	SMTP_SESSION_STATES
};
#define SMTP_SESSION_IN(state) (1u << SMTP_SESSION_##state)

/* What the command at hand, or the greeting, has got before it waits. */
enum smtp_session_taken {
	SMTP_TAKEN_RATE = 1,	/* its part of a rate */
	SMTP_TAKEN_REFUSAL = 2,	/* the rate is used up */
	SMTP_TAKEN_NO_ANSWER = 4,	/* lookup is slow: count here */
};

struct smtp_session {
	struct list link;
	struct smtp_service *service;
	struct smtp_site *site;
	struct stream *stream;
	struct tls_session *tls;	/* the stream's; NULL: in clear */
	struct smtp_transaction *transaction;	/* NULL: none */
	struct smtp_wait wait;
	const struct config_listener *listener;
	const struct config_sender_group *group;	/* NULL: none */
	const struct config_flow_policy *policy;
	struct mail_flow flow;
	size_t listener_index;
	smtp_session_gone gone;
	void *gone_context;
	char *helo;			/* NULL before EHLO or HELO */
	const char *how;		/* it ended, for the log */
	const char *chunk_refusal;	/* why its octets are dropped */
	uint64_t chunk_left;
	uint64_t icid;
	int64_t opened_ms;
	int64_t window_start_ms;	/* minimum rate of content */
	uint64_t window_bytes;		/* read when the window began */
	uint32_t messages;		/* MAIL commands accepted */
	uint32_t accepted;		/* messages made durable */
	uint32_t invalid;		/* recipients refused */
	uint32_t errors;
	struct host_address client;
	uint8_t state;			/* enum smtp_session_state */
	uint8_t resume;			/* the state before a WAIT */
	uint8_t taken;			/* set of enum smtp_session_taken */
	bool has_slot;			/* connection counted by smtp_rate */
	bool is_esmtp;
	bool is_chunk_last;
	bool is_skipping;		/* the rest of a line too long */
	bool is_peer_ended;
	bool is_deadline_due;		/* to be set anew */
	bool is_running;
};

/* ---- smtp_session.c ---- */

/* The one place where the state changes; an illegal move aborts. */
void smtp_session_move(struct smtp_session *session,
	enum smtp_session_state to);
const char *smtp_session_state_name(enum smtp_session_state state);
/* Words for 503 in a state where a command is not allowed. */
const char *smtp_session_state_hint(enum smtp_session_state state);

/*
 * Queue a reply of one line.  status such as "2.1.0", "" for none (greeting
 * and EHLO, RFC 2034 4).
 */
void smtp_session_reply(struct smtp_session *session, unsigned int code,
	const char *status, const char *format, ...) PRINTF_LIKE(4, 5);
/* The reply that stands in why. */
void smtp_session_refuse(struct smtp_session *session,
	const struct reason *why);
/* An error of the client: replies, counts, and ends with 421 at too many. */
void smtp_session_error(struct smtp_session *session,
	const struct reason *why);
/* The same for a command in a wrong state: 503 5.5.1. */
void smtp_session_out_of_place(struct smtp_session *session);

/* Forget the transaction, in whatever state (RFC 5321 4.1.1.5). */
void smtp_session_reset(struct smtp_session *session);
/* Forget EHLO as well, as if the banner had just been said. */
void smtp_session_forget(struct smtp_session *session);

/* Send what is queued, then end.  how: for the log. */
void smtp_session_close(struct smtp_session *session, const char *how);
/* 421 with an enhanced status and words, then end. */
void smtp_session_leave(struct smtp_session *session, const char *status,
	const char *words, const char *how);
/* End at once, without a word; session is void afterwards. */
void smtp_session_free(struct smtp_session *session);

/* "" in clear. */
struct text smtp_session_tls(const struct smtp_session *session);
bool smtp_session_needs_tls(const struct smtp_session *session);
/* The end of the present transaction's content: on to the next command. */
void smtp_session_message_over(struct smtp_session *session);

/* ---- smtp_session_input.c ---- */

/* Consume what the state allows; called for input and for answers. */
void smtp_session_run(struct smtp_session *session);
/* An answer of another process to what the session waits for. */
void smtp_session_answered(void *context, int error,
	const struct reason *why);

/* ---- smtp_session_time.c ---- */

void smtp_session_set_deadline(struct smtp_session *session);
void smtp_session_on_deadline(void *context);
/* Content goes on, or begins: the minimum rate is measured anew. */
void smtp_session_open_window(struct smtp_session *session);

#endif
