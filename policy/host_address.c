/*
 * Addresses of hosts: parsed, printed, and made alike.  Used by smtp.
 */
#include "policy/host_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

static void
host_address_set4(struct host_address *out, const void *bytes)
{
	memset(out, 0, sizeof(*out));
	out->family = 4;
	memcpy(out->bytes, bytes, 4);
}

static void
host_address_set6(struct host_address *out, const uint8_t *bytes)
{
	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		host_address_set4(out, bytes + sizeof(mapped_prefix));
		return;
	}
	memset(out, 0, sizeof(*out));
	out->family = 6;
	memcpy(out->bytes, bytes, 16);
}

int
host_address_parse(struct text t, struct host_address *out)
{
	char string[HOST_ADDRESS_PRINT_SIZE];
	uint8_t bytes[16];

	if (text_to_string(t, string, sizeof(string)) < 0)
		return ERROR_MALFORMED;
	if (inet_pton(AF_INET, string, bytes) == 1)
		host_address_set4(out, bytes);
	else if (inet_pton(AF_INET6, string, bytes) == 1)
		host_address_set6(out, bytes);
	else
		return ERROR_MALFORMED;
	return 0;
}

int
host_address_from_socket(const struct sockaddr *socket_address,
    struct host_address *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (socket_address->sa_family == AF_INET) {
		memcpy(&in, socket_address, sizeof(in));
		host_address_set4(out, &in.sin_addr);
	} else if (socket_address->sa_family == AF_INET6) {
		memcpy(&in6, socket_address, sizeof(in6));
		host_address_set6(out, in6.sin6_addr.s6_addr);
	} else {
		return ERROR_MALFORMED;
	}
	return 0;
}

unsigned int
host_address_bits(const struct host_address *address)
{
	return address->family == 4 ? 32 : 128;
}

struct text
host_address_print(const struct host_address *address, char *out, size_t size)
{
	int family = address->family == 4 ? AF_INET : AF_INET6;

	require(size >= HOST_ADDRESS_PRINT_SIZE);
	if (address->family == 0 ||
	    inet_ntop(family, address->bytes, out, (socklen_t)size) == NULL)
		out[0] = '\0';
	return text_from(out);
}

struct text
host_address_print_client(const struct host_address *address, char *out,
    size_t size)
{
	struct host_address half = *address;
	size_t used;

	if (address->family != 6)
		return host_address_print(address, out, size);
	memset(half.bytes + 8, 0, 8);
	used = host_address_print(&half, out, size).len;
	require(used + 4 <= size);
	memcpy(out + used, "/64", 4);
	return text_from(out);
}
