/* Names and their addresses, as they were at the start. */
#include "gateway/base/https_hosts.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "gateway/base/buffer.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

#define ADDRESSES_LEN_MAX \
	(HTTPS_HOSTS_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 3))

struct host {
	struct text name;
	struct text addresses;
};

struct https_hosts {
	struct map *by_name;
};

struct https_hosts *
https_hosts_new(void)
{
	struct https_hosts *hosts = memory_new(sizeof(*hosts));

	hosts->by_name = map_new();
	return hosts;
}

void
https_hosts_free(struct https_hosts *hosts)
{
	struct host *host;
	size_t cursor = 0;

	if (hosts == NULL)
		return;
	while ((host = map_next(hosts->by_name, &cursor)) != NULL) {
		(void)map_remove_text(hosts->by_name, host->name);
		free((void *)(uintptr_t)host->name.data);
		free((void *)(uintptr_t)host->addresses.data);
		free(host);
	}
	map_free(hosts->by_name);
	free(hosts);
}

static int
add_address(struct buffer *out, const struct addrinfo *found)
{
	char string[INET6_ADDRSTRLEN];
	bool is_ipv6 = found->ai_family == AF_INET6;

	if (getnameinfo(found->ai_addr, found->ai_addrlen, string,
	    sizeof(string), NULL, 0, NI_NUMERICHOST) != 0)
		return 0;
	return buffer_printf(out, "%s%s%s%s", buffer_len(out) == 0 ? "" : ",",
	    is_ipv6 ? "[" : "", string, is_ipv6 ? "]" : "");
}

static void
add_host(struct https_hosts *hosts, struct text name, struct text addresses)
{
	struct host *host = memory_new(sizeof(*host));

	host->name = memory_text(name);
	host->addresses = memory_text(addresses);
	(void)map_put_text(hosts->by_name, host->name, host);
}

static int
ask(struct https_hosts *hosts, struct text name, struct reason *why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG };
	char string[HTTPS_URL_HOST_MAX + 1];
	struct addrinfo *found = NULL;
	struct addrinfo *at;
	struct buffer addresses;
	int problem;

	require(text_to_string(name, string, sizeof(string)) == 0);
	problem = getaddrinfo(string, NULL, &hints, &found);
	if (problem != 0) {
		reason_set(why, "the host %s cannot be looked up: %s", string,
			gai_strerror(problem));
		return ERROR_NOT_FOUND;
	}
	buffer_init(&addresses, ADDRESSES_LEN_MAX);
	for (at = found; at != NULL; at = at->ai_next) {
		if (add_address(&addresses, at) != 0)
			break;
	}
	freeaddrinfo(found);
	if (buffer_len(&addresses) > 0)
		add_host(hosts, name, buffer_text(&addresses));
	buffer_clear(&addresses);
	return 0;
}

int
https_hosts_look_up(struct https_hosts *hosts, struct text url,
	struct reason *why)
{
	struct https_url parsed;

	if (https_url_parse(url, &parsed) != 0) {
		reason_set(why, "\"%.*s\" is not an https URL",
			TEXT_ARG(url));
		return ERROR_MALFORMED;
	}
	if (https_hosts_has(hosts, &parsed))
		return 0;
	return ask(hosts, parsed.host, why);
}

bool
https_hosts_has(const struct https_hosts *hosts, const struct https_url *url)
{
	return url->is_literal ||
	    map_get_text(hosts->by_name, url->host) != NULL;
}

struct text
https_hosts_addresses(const struct https_hosts *hosts, struct text host)
{
	const struct host *found = map_get_text(hosts->by_name, host);

	return found == NULL ? TEXT_EMPTY : found->addresses;
}
