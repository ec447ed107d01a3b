/*
 * Which system user a process becomes when the gateway is started as root.
 */
#ifndef GATEWAY_PROTOCOL_PROCESS_USER_H
#define GATEWAY_PROTOCOL_PROCESS_USER_H

#include "gateway/base/jail.h"
#include "gateway/config/config.h"
#include "gateway/protocol/process_kind.h"

/*
 * The user that the configuration names for this kind; fallback (may be
 * NULL) where there is no configuration yet.  ERROR_NOT_FOUND with words on
 * what to do where there is no such user, ERROR_REFUSED for root.
 */
int process_user_find(enum process_kind kind, const struct config *config,
	const char *fallback, struct jail_user *out, struct reason *why)
	MUST_CHECK;

#endif
