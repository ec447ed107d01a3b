/*
 * Clients, perhaps behind a reverse proxy on this machine.  portal process.
 */
#include "webui/server/portal_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* ERROR_MALFORMED: no address. */
static int
fill(struct text t, struct portal_client *out)
{
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (text_to_string(t, out->address, sizeof(out->address)) < 0)
		return ERROR_MALFORMED;
	if (inet_pton(AF_INET, out->address, &ipv4) == 1) {
		memcpy(out->network, out->address, sizeof(out->network));
		return 0;
	}
	if (inet_pton(AF_INET6, out->address, &ipv6) != 1)
		return ERROR_MALFORMED;
	(void)inet_ntop(AF_INET6, &ipv6, out->address, sizeof(out->address));
	memset(ipv6.s6_addr + 8, 0, 8);
	(void)inet_ntop(AF_INET6, &ipv6, out->network, sizeof(out->network));
	return 0;
}

static bool
is_loopback(struct text peer)
{
	return text_starts(peer, TEXT("127.")) ||
	    text_equal(peer, TEXT("::1"));
}

void
portal_client_find(struct text peer, struct text forwarded, bool has_proxy,
	struct portal_client *out)
{
	struct text rest = forwarded, last = TEXT_EMPTY;

	memset(out, 0, sizeof(*out));
	/* Only what the proxy itself has added is true. */
	while (text_split(&rest, ',', &last))
		continue;
	if (has_proxy && is_loopback(peer) && last.len > 0 &&
	    fill(text_trim(last), out) == 0)
		return;
	if (fill(peer, out) < 0) {
		(void)snprintf(out->address, sizeof(out->address), "unknown");
		memcpy(out->network, out->address, sizeof(out->network));
	}
}
