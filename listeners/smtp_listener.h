/*
 * One listening socket, shared with the other smtp processes: accepts some
 * connections each turn and begins sessions.
 *
 * A process holds its part of the listener's max_connections.  When it is
 * full it rests for a moment, so that the others may take what waits; what
 * still waits then is turned away with 421.  Out of descriptors it rests
 * with a growing pause (no spinning).
 */
#ifndef LISTENERS_SMTP_LISTENER_H
#define LISTENERS_SMTP_LISTENER_H

#include "gateway/base/text.h"
#include "listeners/smtp_service.h"

struct smtp_listener;

/*
 * The descriptor (non-blocking from here on) is owned; name is copied.
 * Accepts nothing before smtp_listener_update().
 */
struct smtp_listener *smtp_listener_new(struct smtp_service *service,
	struct text name, int descriptor);
/*
 * Close the socket.  The listener itself stays until its last session has
 * gone.
 */
void smtp_listener_close(struct smtp_listener *listener);

struct text smtp_listener_name(const struct smtp_listener *listener);
/*
 * A configuration has become active: find ourselves in it, or rest.
 *   processes   over how many max_connections is divided
 */
void smtp_listener_update(struct smtp_listener *listener,
	uint32_t processes);

#endif
