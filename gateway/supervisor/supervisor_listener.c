/*
 * Listening sockets: bound here once, inherited by every smtp process, by
 * portal and by vault.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/process_user.h"
#include "gateway/supervisor/supervisor_private.h"

#define LISTEN_BACKLOG 1024
#define CONTROL_BACKLOG 64

static socklen_t
make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		return sizeof(*six);
	}
	return 0;
}

static int
bind_listener(const char *address, uint16_t port, struct reason *why)
{
	struct sockaddr_storage storage;
	socklen_t len = make_address(address, port, &storage);
	int descriptor = -1, on = 1;

	if (len == 0) {
		reason_set(why, "%s is not an IP address", address);
		return -1;
	}
	descriptor = socket(storage.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (descriptor == -1)
		goto fail;
	if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) != 0)
		goto fail;
	if (storage.ss_family == AF_INET6 && setsockopt(descriptor,
	    IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		goto fail;
	if (bind(descriptor, (struct sockaddr *)&storage, len) != 0 ||
	    listen(descriptor, LISTEN_BACKLOG) != 0)
		goto fail;
	return descriptor;
fail:
	reason_set(why, "cannot listen on %s port %u: %s", address, port,
	    strerror(errno));
	if (descriptor != -1)
		close(descriptor);
	return -1;
}

/* A socket that a configuration asks for. */
struct wanted {
	enum process_kind kind;
	struct text name;
	struct text address;
	uint16_t port;
};

#define KEY_SERVICE_LISTENERS 2

/* The one of that index; false behind the last. */
static bool
wanted_at(const struct config *config, size_t index, struct wanted *out)
{
	const struct config_key_service *service = &config->key_service;
	const struct wanted places[KEY_SERVICE_LISTENERS] = {
		{ PROCESS_VAULT, TEXT("key-service"),
		  service->management.address, service->management.port },
		{ PROCESS_PORTAL, TEXT("portal"), service->portal.address,
		  service->portal.port },
	};

	if (index < config->listener_count) {
		*out = (struct wanted){ PROCESS_SMTP,
			config->listeners[index].name,
			config->listeners[index].address,
			config->listeners[index].port };
		return true;
	}
	index -= config->listener_count;
	if (!service->enabled || index >= KEY_SERVICE_LISTENERS)
		return false;
	*out = places[index];
	return true;
}

static struct listener *
listener_find(struct supervisor *supervisor, const struct wanted *wanted)
{
	struct list *link, *after;

	LIST_EACH(&supervisor->listeners, link, after) {
		struct listener *listener = LIST_OWNER(link, struct listener,
		    link);

		if (listener->kind == wanted->kind &&
		    text_equal(text_from(listener->name), wanted->name) &&
		    text_equal(text_from(listener->address),
		    wanted->address) && listener->port == wanted->port)
			return listener;
	}
	return NULL;
}

static void
listener_free(struct listener *listener)
{
	list_remove(&listener->link);
	close(listener->descriptor);
	free(listener->name);
	free(listener->address);
	free(listener);
}

static int
listener_add(struct supervisor *supervisor, const struct wanted *wanted,
    struct reason *why)
{
	struct listener *listener = memory_new(sizeof(*listener));

	listener->kind = wanted->kind;
	listener->name = memory_string(wanted->name);
	listener->address = memory_string(wanted->address);
	listener->port = wanted->port;
	listener->fresh = listener->kept = true;
	listener->descriptor = bind_listener(listener->address,
	    listener->port, why);
	list_append(&supervisor->listeners, &listener->link);
	if (listener->descriptor == -1) {
		listener_free(listener);
		return ERROR_SYSTEM;
	}
	return 0;
}

/* Bind what the proposed configuration names and we do not have yet. */
int
listener_prepare(struct supervisor *supervisor, const struct config *config,
    struct reason *why)
{
	struct list *link, *after;
	struct listener *listener;
	struct wanted wanted;
	int r;

	LIST_EACH(&supervisor->listeners, link, after)
		LIST_OWNER(link, struct listener, link)->kept = false;
	for (size_t i = 0; wanted_at(config, i, &wanted); i++) {
		listener = listener_find(supervisor, &wanted);
		if (listener != NULL) {
			listener->kept = true;
			continue;
		}
		r = listener_add(supervisor, &wanted, why);
		if (r != 0) {
			listener_settle(supervisor, false);
			return r;
		}
	}
	return 0;
}

static void
send_listener(struct child *child, const struct listener *listener, bool gone)
{
	struct frame_listener frame = {
		.name = text_from(listener->name),
		.gone = gone,
	};

	frame_send(child->ipc, FRAME_LISTENER, &frame, gone ? -1 :
	    fcntl(listener->descriptor, F_DUPFD_CLOEXEC, 3));
}

static void
send_to_all(struct supervisor *supervisor, const struct listener *listener,
    bool gone)
{
	struct list *link, *after;

	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (child->kind == listener->kind && child->ipc != NULL)
			send_listener(child, listener, gone);
	}
}

/* The proposal is decided: keep the new sockets, or only the old ones. */
void
listener_settle(struct supervisor *supervisor, bool accepted)
{
	struct list *link, *after;

	/* A name may move to another port: first all that go. */
	LIST_EACH(&supervisor->listeners, link, after) {
		struct listener *listener = LIST_OWNER(link, struct listener,
		    link);

		if (accepted && !listener->kept)
			send_to_all(supervisor, listener, true);
		if (accepted ? !listener->kept : listener->fresh)
			listener_free(listener);
	}
	LIST_EACH(&supervisor->listeners, link, after) {
		struct listener *listener = LIST_OWNER(link, struct listener,
		    link);

		if (accepted && listener->fresh)
			send_to_all(supervisor, listener, false);
		listener->fresh = false;
	}
}

void
listener_send(struct supervisor *supervisor, struct child *child)
{
	struct frame_listener control = { .name = TEXT("control") };
	struct list *link, *after;

	if (child->kind == PROCESS_ADMIN && supervisor->control_socket != -1)
		frame_send(child->ipc, FRAME_LISTENER, &control,
		    fcntl(supervisor->control_socket, F_DUPFD_CLOEXEC, 3));
	LIST_EACH(&supervisor->listeners, link, after) {
		const struct listener *listener = LIST_OWNER(link,
		    struct listener, link);

		if (listener->kind == child->kind)
			send_listener(child, listener, false);
	}
}

static int
control_path(const struct config *config, struct sockaddr_un *address)
{
	struct text path = config->management.control_socket;
	int n;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (!text_is_empty(path))
		return text_to_string(path, address->sun_path,
		    sizeof(address->sun_path));
	n = snprintf(address->sun_path, sizeof(address->sun_path),
	    "%.*s/control", TEXT_ARG(config->processes.run_directory));
	return n < (int)sizeof(address->sun_path) ? 0 : ERROR_LIMIT;
}

/* Bind the control socket for admin; made anew at each start. */
int
listener_open_control(struct supervisor *supervisor,
    const struct config *config, struct reason *why)
{
	struct sockaddr_un address;
	struct jail_user user = { 0 };
	int descriptor;

	if (control_path(config, &address) != 0) {
		reason_set(why, "the path of the control socket is too long "
		    "(at most %zu bytes)", sizeof(address.sun_path) - 1);
		return ERROR_LIMIT;
	}
	unlink(address.sun_path);
	descriptor = socket(AF_UNIX,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (descriptor == -1 || bind(descriptor,
	    (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(descriptor, CONTROL_BACKLOG) != 0)
		goto fail;
	if (geteuid() == 0 && process_user_find(PROCESS_ADMIN, config, NULL,
	    &user, why) == 0 &&
	    chown(address.sun_path, user.uid, user.gid) != 0)
		goto fail;
	supervisor->control_socket = descriptor;
	supervisor->control_address = address;
	return 0;
fail:
	reason_set(why, "cannot listen on %s: %s", address.sun_path,
	    strerror(errno));
	if (descriptor != -1)
		close(descriptor);
	return ERROR_SYSTEM;
}

void
listener_close_control(struct supervisor *supervisor)
{
	if (supervisor->control_socket == -1)
		return;
	close(supervisor->control_socket);
	supervisor->control_socket = -1;
	/* There may be no configuration any more that tells its path. */
	unlink(supervisor->control_address.sun_path);
}
