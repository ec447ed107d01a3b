/*
 * Who asks, as vault and the limits here see it.
 */
#ifndef WEBUI_SERVER_PORTAL_CLIENT_H
#define WEBUI_SERVER_PORTAL_CLIENT_H

#include <stdbool.h>

#include "gateway/base/text.h"

#define PORTAL_CLIENT_SIZE 64

struct portal_client {
	char address[PORTAL_CLIENT_SIZE];	/* "2001:db8::1" */
	char network[PORTAL_CLIENT_SIZE];	/* its /64; IPv4: itself */
};

/*
 * peer: the connection's address.  forwarded: the field X-Forwarded-For,
 * whose last address counts where the peer is a reverse proxy on loopback.
 */
void portal_client_find(struct text peer, struct text forwarded,
	bool has_proxy, struct portal_client *out);

#endif
