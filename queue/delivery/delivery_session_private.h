/*
 * What the files of a session share.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_SESSION_PRIVATE_H
#define QUEUE_DELIVERY_DELIVERY_SESSION_PRIVATE_H

#include "crypto/digest.h"
#include "crypto/tls_session.h"
#include "gateway/base/stream.h"
#include "gateway/mail/smtp_reply.h"
#include "queue/delivery/delivery_body.h"
#include "queue/delivery/delivery_connection.h"
#include "queue/delivery/delivery_destination.h"
#include "queue/delivery/delivery_private.h"
#include "queue/delivery/delivery_session.h"
#include "queue/delivery/delivery_tls.h"
#include "queue/delivery/delivery_transaction.h"

enum delivery_state {
	DELIVERY_WALKING,	/* between two targets */
	DELIVERY_CONNECTING,
	DELIVERY_BANNER,
	DELIVERY_EHLO,
	DELIVERY_HELO,
	DELIVERY_STARTTLS,
	DELIVERY_HANDSHAKE,
	DELIVERY_IDLE,		/* a job may come */
	DELIVERY_CHECKING,	/* is the body what it should be? */
	DELIVERY_ENVELOPE,	/* MAIL, RCPT, DATA */
	DELIVERY_BODY,		/* content on its way */
	DELIVERY_FINAL,		/* the reply behind the dot */
	DELIVERY_RESET,
	DELIVERY_QUIT,
	DELIVERY_CLOSED,
	DELIVERY_STATES
};

/* What became of a target in this walk. */
enum delivery_fate {
	DELIVERY_FATE_UNTRIED,
	DELIVERY_FATE_TRIED,	/* not reached, or nothing known of its TLS */
	DELIVERY_FATE_NO_ROUTE,	/* this machine has no way to the address */
	DELIVERY_FATE_LACKS_TLS,	/* reached; it cannot satisfy the rule */
};

struct delivery_session {
	struct list link;	/* in the destination, or of those leaving */
	struct delivery *delivery;
	struct delivery_destination *destination;	/* NULL: has left */
	enum delivery_state state;
	struct loop_chore chore;	/* next target, next slice */
	int64_t began_ms;
	/* the walk */
	struct delivery_targets *targets;
	size_t start;
	size_t position;
	uint8_t *fates;		/* enum delivery_fate, by target */
	bool takes_all;		/* second round: the ailing, too */
	bool is_first;		/* the chore begins at position itself */
	bool tls_failed;	/* a handshake at this target */
	struct delivery_trouble trouble;
	/* the connection */
	struct delivery_connection *connection;
	struct stream *stream;
	struct tls_session *tls;	/* the stream's; NULL in clear */
	uint64_t dcid;
	struct smtp_reply reply;
	size_t expected;	/* replies under way */
	unsigned int extensions;
	uint64_t size_max;
	bool is_last;		/* no job behind this one */
	uint32_t messages;	/* transactions so far */
	/* the message at hand */
	struct delivery_job *job;
	struct delivery_transaction transaction;
	struct digest *digest;
	struct delivery_check check;
	struct delivery_feed feed;
};

struct delivery_state_row {
	const char *name;
	uint32_t next;		/* set of 1 << enum delivery_state */
	/* A reply has come; NULL: none is due. */
	void (*reply)(struct delivery_session *session);
	/* The connection is gone or not to be trusted any more. */
	void (*lost)(struct delivery_session *session, const char *words);
};

void delivery_session_move(struct delivery_session *session,
	enum delivery_state to);
const struct delivery_target *delivery_session_target(
	const struct delivery_session *session);

/* Send a command and expect one reply within reply_timeout. */
void delivery_session_say(struct delivery_session *session,
	struct text command);
void delivery_session_expect(struct delivery_session *session,
	size_t replies, uint64_t timeout_ms);
/* Say goodbye and leave; no job may be at hand. */
void delivery_session_quit(struct delivery_session *session);
/* Drop the connection and leave; no job may be at hand. */
void delivery_session_close(struct delivery_session *session);
/* Drop the connection only. */
void delivery_session_hang_up(struct delivery_session *session);
/* Read replies out of what has come. */
void delivery_session_input(struct delivery_session *session);

extern const struct stream_events delivery_session_events;

/* ---- delivery_session_open.c ---- */
void delivery_open_next(struct delivery_session *session);
void delivery_open_banner(struct delivery_session *session);
void delivery_open_ehlo(struct delivery_session *session);
void delivery_open_helo(struct delivery_session *session);
void delivery_open_starttls(struct delivery_session *session);
void delivery_open_handshake(struct delivery_session *session, int error);
void delivery_open_lost(struct delivery_session *session, const char *words);
void delivery_open_shook_lost(struct delivery_session *session,
	const char *words);

/* ---- delivery_session_mail.c ---- */
void delivery_mail_idle_lost(struct delivery_session *session,
	const char *words);
void delivery_mail_check(struct delivery_session *session);
void delivery_mail_check_lost(struct delivery_session *session,
	const char *words);
void delivery_mail_reply(struct delivery_session *session);
void delivery_mail_pump(struct delivery_session *session);
void delivery_mail_lost(struct delivery_session *session,
	const char *words);
void delivery_mail_early(struct delivery_session *session);
void delivery_mail_feed(struct delivery_session *session);
void delivery_mail_final(struct delivery_session *session);
void delivery_mail_unknown(struct delivery_session *session,
	const char *words);
void delivery_mail_reset(struct delivery_session *session);

#endif
