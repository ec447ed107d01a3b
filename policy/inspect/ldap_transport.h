/*
 * What libldap sends and receives through: a socket with a deadline.
 */
#ifndef POLICY_INSPECT_LDAP_TRANSPORT_H
#define POLICY_INSPECT_LDAP_TRANSPORT_H

#include <stdint.h>

#include "gateway/base/error.h"

struct sockbuf;

struct ldap_transport {
	int descriptor;		/* non-blocking; closed with the session */
	int64_t deadline_ms;	/* of the call at hand, monotonic */
};

/* From now to a deadline; 0 where it has passed. */
int64_t ldap_transport_left_ms(int64_t deadline_ms);
/*
 * Become the lowest layer of a connection of libldap; the transport must
 * live as long as that.  ERROR_SYSTEM: the library says no.
 */
int ldap_transport_join(struct ldap_transport *transport,
	struct sockbuf *socket_buffer) MUST_CHECK;

#endif
