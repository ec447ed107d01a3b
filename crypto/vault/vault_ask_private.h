/*
 * Between the files that answer portal.
 */
#ifndef CRYPTO_VAULT_VAULT_ASK_PRIVATE_H
#define CRYPTO_VAULT_VAULT_ASK_PRIVATE_H

#include "crypto/vault/vault_store.h"
#include "gateway/protocol/frame_vault.h"

/* Locked before expired: what somebody decided comes before the clock. */
enum frame_envelope_state vault_envelope_state(
	const struct vault_envelope *envelope);

#endif
