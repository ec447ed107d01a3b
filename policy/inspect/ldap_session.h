/*
 * A connection to an LDAP server (RFC 4511), by libldap; with ldap_trust.c
 * and ldap_transport.c its only includer.
 *
 * Every call blocks until its deadline at most; no file is opened and no
 * name looked up.  Referrals are not followed.
 */
#ifndef POLICY_INSPECT_LDAP_SESSION_H
#define POLICY_INSPECT_LDAP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "policy/inspect/ldap_trust.h"

struct ldap_session;

struct ldap_session_setting {
	const struct sockaddr *address;
	socklen_t address_len;
	struct text host;	/* that its certificate must name */
	bool is_tls;		/* from the first byte on */
	bool start_tls;		/* before anything else (RFC 4511 4.14) */
	const struct ldap_trust *trust;	/* NULL where neither is set */
	struct text bind_dn;	/* empty: anonymous */
	struct text password;
};

/*
 * Connect, change to TLS, bind.
 *   deadline_ms  monotonic
 * ERROR_CLOSED, ERROR_TEMPORARY (the time): another server may answer;
 * ERROR_REFUSED: none will; words in why.
 */
int ldap_session_open(const struct ldap_session_setting *setting,
	int64_t deadline_ms, struct ldap_session **out, struct reason *why)
	MUST_CHECK;
void ldap_session_free(struct ldap_session *session);	/* NULL is allowed */

/* What is looked for. */
struct ldap_search {
	struct text base;	/* DN; the whole tree below it */
	struct text filter;
	struct text attribute;	/* empty: entries are only counted */
	size_t entries_max;	/* no further ones are looked at */
	bool one_is_enough;	/* further entries are no error */
	size_t values_max;	/* of all entries */
	size_t value_max;	/* bytes of one */
};

struct ldap_found {
	struct text *names;	/* DNs of entries */
	size_t name_count;
	struct text *values;
	size_t value_count;
};

/*
 * Search; texts and tables live in the arena.  Errors as above; besides,
 * ERROR_LIMIT: there is more than was allowed.  The session is of no use
 * behind ERROR_CLOSED and ERROR_TEMPORARY.
 */
int ldap_session_search(struct ldap_session *session,
	const struct ldap_search *search, int64_t deadline_ms,
	struct arena *arena, struct ldap_found *out, struct reason *why)
	MUST_CHECK;

#endif
