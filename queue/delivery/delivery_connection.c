/*
 * Connecting: part of the deliver process.
 */
#include "queue/delivery/delivery_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/memory.h"

struct delivery_connection {
	struct loop_watch *watch;
	struct loop_timer *timer;
	int descriptor;
	delivery_connected callback;
	void *context;
};

int
delivery_connection_socket(const struct delivery_target *target)
{
	struct sockaddr_storage address;
	socklen_t len = delivery_target_sockaddr(target, &address);
	int on = 1, saved;
	int descriptor = socket(address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (descriptor < 0)
		return -1;
	/* Whole groups of commands are written at once: no Nagle. */
	(void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on));
	if (connect(descriptor, (struct sockaddr *)&address, len) == 0 ||
	    errno == EINPROGRESS)
		return descriptor;
	saved = errno;
	(void)close(descriptor);
	errno = saved;
	return -1;
}

void
delivery_connection_free(struct delivery_connection *connection)
{
	if (connection == NULL)
		return;
	loop_watch_free(connection->watch);
	loop_timer_free(connection->timer);
	if (connection->descriptor >= 0)
		(void)close(connection->descriptor);
	free(connection);
}

static void
delivery_connection_tell(struct delivery_connection *connection, int error)
{
	delivery_connected callback = connection->callback;
	void *context = connection->context;
	int descriptor = -1;

	if (error == 0) {
		descriptor = connection->descriptor;
		connection->descriptor = -1;
	}
	delivery_connection_free(connection);
	callback(context, descriptor, error);
}

static void
delivery_connection_ready(void *context, unsigned int ready)
{
	struct delivery_connection *connection = context;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)ready;
	if (getsockopt(connection->descriptor, SOL_SOCKET, SO_ERROR, &error,
	    &len) < 0)
		error = errno;
	delivery_connection_tell(connection, error);
}

static void
delivery_connection_late(void *context)
{
	delivery_connection_tell(context, ETIMEDOUT);
}

struct delivery_connection *
delivery_connection_new(struct loop *loop, int descriptor,
	int64_t timeout_ms, delivery_connected callback, void *context)
{
	struct delivery_connection *connection =
	    memory_new(sizeof(*connection));

	connection->descriptor = descriptor;
	connection->callback = callback;
	connection->context = context;
	connection->watch = loop_watch_new(loop, descriptor,
	    delivery_connection_ready, connection);
	loop_watch_want(connection->watch, LOOP_WRITE);
	connection->timer = loop_timer_new(loop, delivery_connection_late,
	    connection);
	loop_timer_set(connection->timer, timeout_ms);
	return connection;
}
