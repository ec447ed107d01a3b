/*
 * A server of a directory: its addresses, looked up before the jail, and
 * whether it answered lately.
 */
#ifndef POLICY_INSPECT_INSPECT_SERVER_H
#define POLICY_INSPECT_INSPECT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/base/error.h"
#include "gateway/config/config_directory.h"
#include "policy/inspect/ldap_session.h"

#define INSPECT_ADDRESSES_MAX 8
/* One that did not answer is left alone so long. */
#define INSPECT_REST_MS 5000

struct inspect_server {
	struct text url;	/* as configured */
	struct config_directory_server place;
	struct sockaddr_storage addresses[INSPECT_ADDRESSES_MAX];
	socklen_t address_lens[INSPECT_ADDRESSES_MAX];
	size_t address_count;
	int64_t resting_until_ms;	/* monotonic */
};

/*
 * Look up its addresses by the system's resolver; blocks, and opens files:
 * before the jail only.  The url is borrowed.  ERROR_MALFORMED,
 * ERROR_NOT_FOUND (it has no address then) with words in why.
 */
int inspect_server_look_up(struct inspect_server *server, struct text url,
	struct reason *why) MUST_CHECK;

/*
 * Connect to the first of its addresses that answers; the setting's host,
 * address and is_tls are filled in.  Errors as ldap_session_open(); where it
 * did not answer it rests.
 */
int inspect_server_open(struct inspect_server *server,
	struct ldap_session_setting *setting, int64_t deadline_ms,
	struct ldap_session **out, struct reason *why) MUST_CHECK;

#endif
