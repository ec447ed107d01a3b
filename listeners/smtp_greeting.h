/*
 * A session from accept to the banner, and its TLS handshake.
 */
#ifndef LISTENERS_SMTP_GREETING_H
#define LISTENERS_SMTP_GREETING_H

#include "listeners/smtp_session_private.h"

/* Number and slot, then TLS or the banner; runs again after a wait. */
void smtp_greeting_enter(struct smtp_session *session);
/* The number or the slot could not be had in time. */
void smtp_greeting_give_up(struct smtp_session *session);
void smtp_greeting_start_tls(struct smtp_session *session);
void smtp_greeting_on_handshake(void *context, int error);
/* The rate key of a client, such as "public 192.0.2.1". */
struct text smtp_greeting_rate_key(const struct smtp_session *session,
	struct text name, char *out, size_t size);
/*
 * Take one of a rate, with what was answered before in session->taken.  0,
 * ERROR_AGAIN (the session's wait is set) or ERROR_REFUSED.
 */
int smtp_greeting_take_rate(struct smtp_session *session,
	enum frame_rate_kind kind, struct text name, uint64_t limit)
	MUST_CHECK;

#endif
