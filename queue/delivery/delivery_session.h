/*
 * One SMTP session from the client's side (RFC 5321): finds a host that
 * talks and satisfies the TLS rule, then takes job after job.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_SESSION_H
#define QUEUE_DELIVERY_DELIVERY_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/list.h"
#include "queue/delivery/delivery_trouble.h"

struct delivery_session;
struct delivery_destination;

/*
 * A session for a destination whose targets are known; the walk begins at
 * target start.  The destination's list holds it until it leaves.
 */
void delivery_session_begin(struct delivery_destination *destination,
	size_t start);

/* From the link in the destination's list. */
struct delivery_session *delivery_session_of(struct list *link);
struct list *delivery_session_link(struct delivery_session *session);

/* Still on its way to a host. */
bool delivery_session_is_opening(const struct delivery_session *session);
bool delivery_session_is_idle(const struct delivery_session *session);
/* Has a message at hand. */
bool delivery_session_is_busy(const struct delivery_session *session);
/* Where its walk began, and which target it talks to. */
size_t delivery_session_start(const struct delivery_session *session);
size_t delivery_session_position(const struct delivery_session *session);
/*
 * Whether this walk reached every host of the destination and none can
 * satisfy the TLS rule.  One that was not reached, refused service or could
 * not be looked up says nothing, so that nobody chooses the form of a
 * message by cutting connections.
 */
bool delivery_session_lacks_tls(const struct delivery_session *session);
int64_t delivery_session_began_ms(const struct delivery_session *session);

/* Idle: take the next job, if there is one. */
void delivery_session_work(struct delivery_session *session);
/* Idle or opening: leave now; says QUIT where it can. */
void delivery_session_dismiss(struct delivery_session *session);
/* Free it, whatever it is at; its job must be gone. */
void delivery_session_free(struct delivery_session *session);
/* Throw the job away first; for the end of everything. */
void delivery_session_abandon(struct delivery_session *session);

#endif
