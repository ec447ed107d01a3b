/*
 * Addresses of the hosts that we send requests to, looked up once, before
 * the jail: inside it there is neither resolver nor thread, and a name that
 * changes its address cannot lead a request elsewhere.
 */
#ifndef GATEWAY_BASE_HTTPS_HOSTS_H
#define GATEWAY_BASE_HTTPS_HOSTS_H

#include <stdbool.h>

#include "gateway/base/error.h"
#include "gateway/base/https_url.h"
#include "gateway/base/text.h"

#define HTTPS_HOSTS_ADDRESSES_MAX 8	/* of one name */

struct https_hosts;

struct https_hosts *https_hosts_new(void);
void https_hosts_free(struct https_hosts *hosts);

/*
 * Look up the host of an URL by the system's resolver; blocks, and opens
 * files: before the jail only.  Nothing to do for an address or for a name
 * that is known.  ERROR_MALFORMED: not an https URL; ERROR_NOT_FOUND, with
 * the resolver's words.
 */
int https_hosts_look_up(struct https_hosts *hosts, struct text url,
	struct reason *why) MUST_CHECK;

/* Whether the host is an address or a name that was found. */
bool https_hosts_has(const struct https_hosts *hosts,
	const struct https_url *url);

/*
 * The addresses of a name, "192.0.2.1,[2001:db8::1]"; empty for an address
 * or an unknown name.  Borrowed.
 */
struct text https_hosts_addresses(const struct https_hosts *hosts,
	struct text host);

#endif
