/*
 * Servers of directories; part of the inspect process.
 */
#include "policy/inspect/inspect_server.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/config/config_type.h"

static void
take_addresses(struct inspect_server *server, const struct addrinfo *found)
{
	for (; found != NULL; found = found->ai_next) {
		size_t at = server->address_count;

		if (at == INSPECT_ADDRESSES_MAX ||
		    found->ai_addrlen > sizeof(server->addresses[0]))
			continue;
		memcpy(&server->addresses[at], found->ai_addr,
		    found->ai_addrlen);
		server->address_lens[at] = found->ai_addrlen;
		server->address_count++;
	}
}

int
inspect_server_look_up(struct inspect_server *server, struct text url,
	struct reason *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char host[CONFIG_DOMAIN_MAX + 1], port[8];
	int problem;

	*server = (struct inspect_server){ .url = url };
	if (config_directory_server_parse(url, &server->place) != 0 ||
	    text_to_string(server->place.host, host, sizeof(host)) != 0) {
		reason_set(why, "this is no address of a server");
		return ERROR_MALFORMED;
	}
	hints.ai_flags = server->place.is_literal ? AI_NUMERICHOST :
	    AI_ADDRCONFIG;
	(void)snprintf(port, sizeof(port), "%u",
	    (unsigned int)server->place.port);
	problem = getaddrinfo(host, port, &hints, &found);
	if (problem != 0) {
		reason_set(why, "the host %s cannot be looked up: %s", host,
		    gai_strerror(problem));
		return ERROR_NOT_FOUND;
	}
	take_addresses(server, found);
	freeaddrinfo(found);
	return 0;
}

/* Time for this address: the rest, shared with those behind it. */
static int64_t
share(int64_t deadline_ms, size_t left)
{
	int64_t now = clock_monotonic_ms();

	return deadline_ms <= now ? deadline_ms :
	    now + (deadline_ms - now) / (int64_t)left;
}

int
inspect_server_open(struct inspect_server *server,
	struct ldap_session_setting *setting, int64_t deadline_ms,
	struct ldap_session **out, struct reason *why)
{
	int error = ERROR_CLOSED;
	size_t i;

	if (clock_monotonic_ms() < server->resting_until_ms) {
		reason_set(why, "did not answer a moment ago");
		return ERROR_CLOSED;
	}
	if (server->address_count == 0)
		reason_set(why, "its name could not be looked up");
	setting->host = server->place.host;
	setting->is_tls = server->place.is_tls;
	for (i = 0; i < server->address_count; i++) {
		setting->address = (const struct sockaddr *)(const void *)
		    &server->addresses[i];
		setting->address_len = server->address_lens[i];
		error = ldap_session_open(setting, share(deadline_ms,
		    server->address_count - i), out, why);
		if (error == 0 || error == ERROR_REFUSED)
			return error;
	}
	server->resting_until_ms = clock_monotonic_ms() + INSPECT_REST_MS;
	return error;
}
