/*
 * One SMTP session (RFC 5321 3), from accept to close.
 *
 * A session is a state and a table of verbs.  Waiting for another process
 * is a state: nothing is consumed then, and a command that had to wait is
 * run again when the answer has come.
 */
#ifndef LISTENERS_SMTP_SESSION_H
#define LISTENERS_SMTP_SESSION_H

#include <stddef.h>

#include "listeners/smtp_service.h"
#include "policy/host_address.h"

struct smtp_session;

/* Told when a session has gone; for the counts of its listener. */
typedef void (*smtp_session_gone)(void *context);

/*
 * Begin a session on an accepted, non-blocking socket, which it closes.  It
 * lives in service->sessions, holds the service's present site, and frees
 * itself.
 *   listener   index in the configuration of that site
 *   gone       called once with context; may be NULL
 */
void smtp_session_open(struct smtp_service *service, size_t listener,
	int descriptor, const struct host_address *client,
	smtp_session_gone gone, void *context);
/*
 * The service stops: 421 unless content is coming in.  The session may be
 * void afterwards.
 */
void smtp_session_stop(struct smtp_session *session);
/* End it at once, without a word. */
void smtp_session_abandon(struct smtp_session *session);
/* From its link in service->sessions. */
struct list;
struct smtp_session *smtp_session_of(struct list *link);

#endif
