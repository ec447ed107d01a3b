/*
 * Who may have what done with which key, and how the bytes to be signed
 * must look.  A table in keys_policy.c; what no row allows is refused.
 */
#ifndef CRYPTO_KEYS_KEYS_POLICY_H
#define CRYPTO_KEYS_KEYS_POLICY_H

#include "crypto/keys/keys_store.h"
#include "crypto/remote_key_packet.h"
#include "gateway/base/error.h"
#include "gateway/protocol/process_kind.h"

/* Operations in a second, and at once after a pause, for one caller. */
#define KEYS_POLICY_RATE 4000

/* Whether such a caller has any business here. */
bool keys_policy_serves(enum process_kind caller);

/*
 * Whether the request may be done with the key.  ERROR_REFUSED with why.
 */
int keys_policy_check(enum process_kind caller, const struct keys_key *key,
	const struct remote_key_request *request, struct reason *why)
	MUST_CHECK;

#endif
