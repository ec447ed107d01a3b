/*
 * The address of a host as policy sees it: IPv4 or IPv6 in network order.
 * IPv4 inside IPv6 (::ffff:192.0.2.1, RFC 4291 2.5.5.2) is always IPv4, so
 * that no rule is passed by the form in which an address arrives.
 */
#ifndef POLICY_HOST_ADDRESS_H
#define POLICY_HOST_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct host_address {
	uint8_t family;		/* 4 or 6; 0: none */
	uint8_t bytes[16];	/* 4: the first four */
};

/* "192.0.2.1" or "2001:db8::1"; ERROR_MALFORMED for anything else. */
int host_address_parse(struct text t, struct host_address *out) MUST_CHECK;
/* ERROR_MALFORMED for anything but AF_INET and AF_INET6. */
int host_address_from_socket(const struct sockaddr *socket_address,
	struct host_address *out) MUST_CHECK;

/* Bits of the family: 32 or 128. */
unsigned int host_address_bits(const struct host_address *address);

/* The usual form, NUL ended; out holds HOST_ADDRESS_PRINT_SIZE bytes. */
#define HOST_ADDRESS_PRINT_SIZE 64
struct text host_address_print(const struct host_address *address, char *out,
	size_t size);
/*
 * Who counts as one client: an IPv4 address, or the /64 of an IPv6 address
 * ("2001:db8:0:1::/64"), for one host may use all of that.
 */
struct text host_address_print_client(const struct host_address *address,
	char *out, size_t size);

#endif
