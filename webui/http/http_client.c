/*
 * Addresses of clients.
 */
#include "webui/http/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static void
fill_ipv4(const void *bytes, struct http_client *out)
{
	require(inet_ntop(AF_INET, bytes, out->address,
	    sizeof(out->address)) != NULL);
	memcpy(out->network, out->address, sizeof(out->network));
}

static void
fill_ipv6(const struct in6_addr *address, struct http_client *out)
{
	struct in6_addr network = *address;

	memset(network.s6_addr + 8, 0, 8);
	require(inet_ntop(AF_INET6, address, out->address,
	    sizeof(out->address)) != NULL);
	require(inet_ntop(AF_INET6, &network, out->network,
	    sizeof(out->network)) != NULL);
}

int
http_client_from_socket(const struct sockaddr *address,
	struct http_client *out)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	memset(out, 0, sizeof(*out));
	if (address->sa_family == AF_INET) {
		memcpy(&ipv4, address, sizeof(ipv4));
		fill_ipv4(&ipv4.sin_addr, out);
		return 0;
	}
	if (address->sa_family != AF_INET6)
		return ERROR_MALFORMED;
	memcpy(&ipv6, address, sizeof(ipv6));
	if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr))
		fill_ipv4(ipv6.sin6_addr.s6_addr + 12, out);
	else
		fill_ipv6(&ipv6.sin6_addr, out);
	return 0;
}
