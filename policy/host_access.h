/*
 * Who may connect: from the address of a client and the listener it came
 * to, the sender group and with it the mail flow policy.  The list is read
 * in order, the first group that matches decides.  What a client says of
 * itself (HELO, sender) is never a reason.
 */
#ifndef POLICY_HOST_ACCESS_H
#define POLICY_HOST_ACCESS_H

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/config/config.h"
#include "policy/host_address.h"

struct host_access;

struct host_access_match {
	const struct config_sender_group *group;
	const struct config_flow_policy *policy;
};

/*
 * Compile sender_groups; borrows config, which must live as long.
 * Addresses are "192.0.2.1", "192.0.2.0/24", "2001:db8::/32" or "all"; bits
 * set behind the prefix are an error, for nobody knows what was meant.
 * ERROR_MALFORMED (an address), ERROR_NOT_FOUND (a flow policy or listener
 * that does not exist), with words in why.
 */
int host_access_new(const struct config *config, struct host_access **out,
	struct reason *why) MUST_CHECK;
void host_access_free(struct host_access *access);	/* NULL is allowed */

/*
 * The first group that matches.  ERROR_NOT_FOUND: none does; such a client
 * must be turned away.
 */
int host_access_find(const struct host_access *access, struct text listener,
	const struct host_address *address, struct host_access_match *out)
	MUST_CHECK;

#endif
