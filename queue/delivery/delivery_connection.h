/*
 * A TCP connection on its way: from a target to a connected socket or the
 * reason why there is none, within a time.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_CONNECTION_H
#define QUEUE_DELIVERY_DELIVERY_CONNECTION_H

#include <stdint.h>

#include "gateway/base/loop.h"
#include "queue/delivery/delivery_target.h"

struct delivery_connection;

/*
 * Told once, from the loop.  descriptor is the callee's, or -1 with
 * system_error an errno.
 */
typedef void (*delivery_connected)(void *context, int descriptor,
	int system_error);

/*
 * A new non-blocking socket, connecting to target.  Gives it, or -1 with
 * errno.
 */
int delivery_connection_socket(const struct delivery_target *target);

/* Wait for descriptor (taken over) to be connected. */
struct delivery_connection *delivery_connection_new(struct loop *loop,
	int descriptor, int64_t timeout_ms, delivery_connected callback,
	void *context);
/* Forget it before it has told; NULL is allowed. */
void delivery_connection_free(struct delivery_connection *connection);

#endif
