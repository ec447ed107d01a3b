/*
 * Authorities that may vouch for LDAP servers: a TLS context of libldap, TLS
 * 1.2 or later, that verifies.
 */
#ifndef POLICY_INSPECT_LDAP_TRUST_H
#define POLICY_INSPECT_LDAP_TRUST_H

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct ldap_trust;

/* Before anything else of libldap: it reads no configuration of its own. */
void ldap_trust_prepare(void);
/*
 * From PEM; before the jail only.  ERROR_MALFORMED with words: there is none
 * that can be read.
 */
int ldap_trust_new(struct text pem, struct ldap_trust **out,
	struct reason *why) MUST_CHECK;
void ldap_trust_free(struct ldap_trust *trust);	/* NULL is allowed */

/* The context, borrowed, for a connection. */
void *ldap_trust_context(const struct ldap_trust *trust);

#endif
