/*
 * Accepting.  smtp process.
 */
#include "listeners/smtp_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "listeners/smtp_session.h"

#define ACCEPTS_IN_TURN 32
#define FULL_PAUSE_MS 20
#define PAUSE_FIRST_MS 50
#define PAUSE_MAX_MS 2000

struct smtp_listener {
	struct smtp_service *service;
	char *name;
	struct loop_watch *watch;
	struct loop_timer *timer;
	int descriptor;			/* -1: closed */
	size_t index;			/* in the active configuration */
	bool is_configured;
	bool was_full;			/* rested, and is to say 421 now */
	uint32_t open;
	uint32_t open_max;
	int64_t pause_ms;		/* of the last pause; 0: none */
};

static void on_ready(void *context, unsigned int ready);
static void on_timer(void *context);

struct smtp_listener *
smtp_listener_new(struct smtp_service *service, struct text name,
    int descriptor)
{
	struct smtp_listener *listener = memory_new(sizeof(*listener));
	int flags = fcntl(descriptor, F_GETFL);

	if (flags == -1 ||
	    fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == -1)
		fatal_errno("listening socket %.*s", TEXT_ARG(name));
	listener->service = service;
	listener->name = memory_string(name);
	listener->descriptor = descriptor;
	listener->watch = loop_watch_new(service->loop, descriptor, on_ready,
	    listener);
	listener->timer = loop_timer_new(service->loop, on_timer, listener);
	return listener;
}

static void
free_unused(struct smtp_listener *listener)
{
	if (listener->descriptor != -1 || listener->open > 0)
		return;
	free(listener->name);
	free(listener);
}

void
smtp_listener_close(struct smtp_listener *listener)
{
	loop_watch_free(listener->watch);
	loop_timer_free(listener->timer);
	(void)close(listener->descriptor);
	listener->descriptor = -1;
	free_unused(listener);
}

struct text
smtp_listener_name(const struct smtp_listener *listener)
{
	return text_from(listener->name);
}

static void
want_connections(struct smtp_listener *listener)
{
	bool wanted = listener->is_configured &&
	    !loop_timer_is_set(listener->timer);

	loop_watch_want(listener->watch, wanted ? LOOP_READ : 0);
}

void
smtp_listener_update(struct smtp_listener *listener, uint32_t processes)
{
	const struct smtp_site *site = listener->service->site;
	uint64_t most;

	listener->is_configured = site != NULL &&
	    smtp_site_find_listener(site, text_from(listener->name),
	    &listener->index) == 0;
	if (listener->is_configured) {
		most = site->config->listeners[listener->index]
		    .max_connections;
		most = (most + processes - 1) / processes;
		listener->open_max = most > 0 ? (uint32_t)most : UINT32_MAX;
	}
	want_connections(listener);
}

/* ---- pauses ---- */

static void
rest(struct smtp_listener *listener, int64_t pause_ms)
{
	listener->service->counters.accept_pauses++;
	loop_timer_set(listener->timer, pause_ms);
	want_connections(listener);
}

static void
on_timer(void *context)
{
	want_connections(context);
}

static void
rest_full(struct smtp_listener *listener)
{
	listener->was_full = true;
	rest(listener, FULL_PAUSE_MS);
}

/* EMFILE and the like: longer each time until an accept works again. */
static void
rest_exhausted(struct smtp_listener *listener, int error)
{
	listener->pause_ms = listener->pause_ms == 0 ? PAUSE_FIRST_MS :
	    listener->pause_ms * 2;
	if (listener->pause_ms > PAUSE_MAX_MS)
		listener->pause_ms = PAUSE_MAX_MS;
	log_event(LOG_WARNING_LEVEL, 0, "accept_paused",
	    LOG_STRING("listener", listener->name),
	    LOG_NUMBER("errno", error),
	    LOG_NUMBER("pause_ms", listener->pause_ms));
	rest(listener, listener->pause_ms);
}

/* ---- connections ---- */

static void
on_gone(void *context)
{
	struct smtp_listener *listener = context;

	listener->open--;
	free_unused(listener);
}

static void
turn_away(struct smtp_listener *listener, int descriptor)
{
	const struct config *config = listener->service->site->config;
	char line[512];
	int len = 0;

	if (config->listeners[listener->index].tls !=
	    CONFIG_LISTENER_TLS_IMPLICIT)
		len = snprintf(line, sizeof(line),
		    "421 %.*s Too many connections, try again later\r\n",
		    TEXT_ARG(config->hostname));
	if (len > 0 && (size_t)len < sizeof(line))
		(void)send(descriptor, line, (size_t)len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)close(descriptor);
	listener->service->counters.connections_rejected++;
}

static void
begin(struct smtp_listener *listener, int descriptor,
    const struct sockaddr *address)
{
	struct host_address client;
	int on = 1;

	if (host_address_from_socket(address, &client) < 0) {
		(void)close(descriptor);
		return;
	}
	(void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on));
	listener->open++;
	smtp_session_open(listener->service, listener->index, descriptor,
	    &client, on_gone, listener);
}

/* Our part is used up, or descriptors would run out. */
static bool
is_full(const struct smtp_listener *listener)
{
	const struct smtp_service *service = listener->service;

	return listener->open >= listener->open_max ||
	    (service->connections_max > 0 &&
	    service->counters.connections_open >= service->connections_max);
}

/* False when this turn is over. */
static bool
accept_one(struct smtp_listener *listener)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int descriptor;

	if (is_full(listener) && !listener->was_full) {
		rest_full(listener);
		return false;
	}
	descriptor = accept4(listener->descriptor,
	    (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (descriptor == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			rest_exhausted(listener, errno);
		return errno == ECONNABORTED || errno == EINTR;
	}
	listener->pause_ms = 0;
	if (is_full(listener))
		turn_away(listener, descriptor);
	else
		begin(listener, descriptor, (struct sockaddr *)&address);
	return true;
}

static void
on_ready(void *context, unsigned int ready)
{
	struct smtp_listener *listener = context;
	int i;

	(void)ready;
	for (i = 0; i < ACCEPTS_IN_TURN && accept_one(listener); i++)
		continue;
	/* What still waits gets its own moment for the other processes. */
	if (!loop_timer_is_set(listener->timer))
		listener->was_full = false;
}
