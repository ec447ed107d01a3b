/*
 * The addresses that are this gateway: mail for a domain whose best mail
 * exchanger is one of them would come back (RFC 5321 5.1 and 6.3).
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_SELF_H
#define GATEWAY_LOOKUP_LOOKUP_SELF_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/protocol/frame_lookup.h"

struct lookup_self;

/*
 * Read the addresses of this machine's interfaces (up to 1024), for
 * listeners on all addresses.  Before the jail.  Never NULL.
 */
struct lookup_self *lookup_self_new(void);
void lookup_self_free(struct lookup_self *self);
/* From now on the listeners of this configuration count. */
void lookup_self_configure(struct lookup_self *self,
	const struct config *config);
/* Whether a listener takes connections on this address. */
bool lookup_self_is(const struct lookup_self *self,
	const struct frame_address *address);

#endif
