/*
 * A run of host addresses: one, a network, or from one to another.
 */
#ifndef POLICY_HOST_NETWORK_H
#define POLICY_HOST_NETWORK_H

#include <stdbool.h>

#include "policy/host_address.h"

struct host_network {
	struct host_address first;
	struct host_address last;	/* of the same family */
};

/*
 * "192.0.2.1", "192.0.2.0/24" or "2001:db8::/32"; bits set behind the prefix
 * are ERROR_MALFORMED, for nobody knows what was meant.
 */
int host_network_parse(struct text t, struct host_network *out) MUST_CHECK;
/*
 * The same, or a range: "192.0.2.10-192.0.2.20", and short for it
 * "192.0.2.10-20".
 */
int host_network_parse_range(struct text t, struct host_network *out)
	MUST_CHECK;

bool host_network_contains(const struct host_network *network,
	const struct host_address *address);

#endif
