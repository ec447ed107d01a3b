/*
 * Accepting connections, and how many each client may have.
 */
#include "webui/http/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "webui/http/http_private.h"

#define ACCEPTS_IN_TURN 32
#define PAUSE_MS 200

static void on_pause(void *context);
static void on_stopped(void *context);

struct http_server *
http_server_new(struct loop *loop,
	const struct http_server_settings *settings,
	const struct http_events *events, void *context)
{
	struct http_server *server = memory_new(sizeof(*server));

	require(events->request != NULL);
	server->loop = loop;
	server->settings = *settings;
	server->events = events;
	server->context = context;
	server->descriptor = -1;
	server->clients = map_new();
	server->pause = loop_timer_new(loop, on_pause, server);
	list_init(&server->connections);
	loop_chore_init(&server->stopped, on_stopped, server);
	return server;
}

void
http_server_configure(struct http_server *server,
	const struct http_server_settings *settings)
{
	server->settings = *settings;
}

static void
close_listener(struct http_server *server)
{
	loop_watch_free(server->watch);
	server->watch = NULL;
	loop_timer_unset(server->pause);
	if (server->descriptor != -1)
		(void)close(server->descriptor);
	server->descriptor = -1;
	tls_context_release(&server->tls);
}

void
http_server_free(struct http_server *server)
{
	struct list *link, *after;

	if (server == NULL)
		return;
	LIST_EACH(&server->connections, link, after)
		http_connection_free(LIST_OWNER(link, struct http_connection,
		    link));
	close_listener(server);
	loop_timer_free(server->pause);
	loop_chore_remove(&server->stopped);
	map_free(server->clients);
	free(server);
}

size_t
http_server_connections(const struct http_server *server)
{
	return server->connection_count;
}

/* ---- counting ---- */

/* NULL: this client has enough. */
static struct http_client_count *
count_client(struct http_server *server, const struct http_client *client)
{
	struct http_client_count *count = map_get_text(server->clients,
	    text_from(client->network));

	if (count == NULL) {
		count = memory_new(sizeof(*count));
		memcpy(count->network, client->network,
		    sizeof(count->network));
		(void)map_put_text(server->clients,
		    text_from(count->network), count);
	}
	if (count->connections >= server->settings.max_connections_per_client)
		return NULL;
	count->connections++;
	return count;
}

void
http_server_forget(struct http_connection *connection)
{
	struct http_server *server = connection->server;
	struct http_client_count *count = connection->count;

	list_remove(&connection->link);
	server->connection_count--;
	if (count != NULL && --count->connections == 0) {
		(void)map_remove_text(server->clients,
		    text_from(count->network));
		free(count);
	}
	if (server->is_stopping && server->connection_count == 0)
		loop_chore_add(server->loop, &server->stopped);
}

/* ---- accepting ---- */

static void
begin(struct http_server *server, int descriptor,
	const struct sockaddr *address)
{
	struct http_client_count *count = NULL;
	struct http_client client;
	int on = 1;

	if (http_client_from_socket(address, &client) == 0 &&
	    server->connection_count < server->settings.max_connections)
		count = count_client(server, &client);
	if (count == NULL) {
		log_event(LOG_DEBUG_LEVEL, 0, "connection_refused",
		    LOG_STRING("client", client.address));
		(void)close(descriptor);
		return;
	}
	(void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on));
	server->connection_count++;
	http_connection_open(server, descriptor, &client, count);
}

static void
on_pause(void *context)
{
	struct http_server *server = context;

	if (server->watch != NULL)
		loop_watch_want(server->watch, LOOP_READ);
}

/* False when this turn is over. */
static bool
accept_one(struct http_server *server)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int descriptor = accept4(server->descriptor,
	    (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (descriptor != -1) {
		begin(server, descriptor, (struct sockaddr *)&address);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		log_event(LOG_WARNING_LEVEL, 0, "accept_paused",
		    LOG_NUMBER("errno", errno),
		    LOG_NUMBER("pause_ms", PAUSE_MS));
		loop_watch_want(server->watch, 0);
		loop_timer_set(server->pause, PAUSE_MS);
	}
	return errno == ECONNABORTED || errno == EINTR;
}

static void
on_ready(void *context, unsigned int ready)
{
	struct http_server *server = context;
	int i;

	(void)ready;
	for (i = 0; i < ACCEPTS_IN_TURN && accept_one(server); i++)
		continue;
}

void
http_server_listen(struct http_server *server, int descriptor,
	struct tls_context *tls)
{
	struct tls_context *referenced = tls == NULL ? NULL :
	    tls_context_ref(tls);
	int flags;

	close_listener(server);
	if (descriptor == -1 || server->is_stopping) {
		tls_context_release(&referenced);
		if (descriptor != -1)
			(void)close(descriptor);
		return;
	}
	flags = fcntl(descriptor, F_GETFL);
	if (flags == -1 ||
	    fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == -1)
		fatal_errno("listening socket");
	server->descriptor = descriptor;
	server->tls = referenced;
	server->watch = loop_watch_new(server->loop, descriptor, on_ready,
	    server);
	loop_watch_want(server->watch, LOOP_READ);
}

/* ---- stopping ---- */

static void
on_stopped(void *context)
{
	struct http_server *server = context;
	loop_callback done = server->done;

	server->done = NULL;
	if (done != NULL)
		done(server->done_context);
}

void
http_server_stop(struct http_server *server, loop_callback done,
	void *context)
{
	struct list *link, *after;

	close_listener(server);
	server->is_stopping = true;
	server->done = done;
	server->done_context = context;
	LIST_EACH(&server->connections, link, after)
		http_connection_stop(LIST_OWNER(link, struct http_connection,
		    link));
	if (server->connection_count == 0)
		loop_chore_add(server->loop, &server->stopped);
}
