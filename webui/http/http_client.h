/*
 * Who asks: the client's address as text, and what counts as one client (an
 * IPv4 address, or the /64 of an IPv6 address: one host may use all of it).
 */
#ifndef WEBUI_HTTP_HTTP_CLIENT_H
#define WEBUI_HTTP_HTTP_CLIENT_H

#include <sys/socket.h>

#include "gateway/base/error.h"

#define HTTP_CLIENT_SIZE 64

struct http_client {
	char address[HTTP_CLIENT_SIZE];	/* "192.0.2.1", "2001:db8::1" */
	char network[HTTP_CLIENT_SIZE];	/* "192.0.2.1", "2001:db8:0:1::" */
};

/*
 * IPv4 inside IPv6 (RFC 4291 2.5.5.2) is IPv4.  ERROR_MALFORMED for anything
 * but AF_INET and AF_INET6.
 */
int http_client_from_socket(const struct sockaddr *address,
	struct http_client *out) MUST_CHECK;

#endif
