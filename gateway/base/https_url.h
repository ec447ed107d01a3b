/*
 * An https URL as our own requests name it: host, port and path; no user, no
 * query's business of ours.
 */
#ifndef GATEWAY_BASE_HTTPS_URL_H
#define GATEWAY_BASE_HTTPS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define HTTPS_URL_MAX 2048
#define HTTPS_URL_HOST_MAX 253	/* RFC 1035 2.3.4 */

struct https_url {
	struct text host;	/* without brackets */
	uint16_t port;		/* 443 where none was given */
	struct text path;	/* with its slash; may be empty */
	bool is_literal;	/* the host is an IP address */
	bool is_ipv6;
};

/*
 * Texts are borrowed.  ERROR_MALFORMED: anything but https, a user, bytes
 * that are not printable ASCII, a host that is neither name nor address;
 * ERROR_LIMIT.
 */
int https_url_parse(struct text url, struct https_url *out) MUST_CHECK;

#endif
