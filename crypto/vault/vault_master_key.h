/*
 * The master key: what wraps the shares in vault.db (PROTOCOL.keyservice 2).
 */
#ifndef CRYPTO_VAULT_VAULT_MASTER_KEY_H
#define CRYPTO_VAULT_VAULT_MASTER_KEY_H

#include <stdint.h>

#include "crypto/secure_envelope.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define VAULT_WRAPPED_LEN (12 + SECURE_ENVELOPE_SHARE_LEN + 16)

struct vault_master_key;

/*
 * Read the file: 64 hexadecimal digits and perhaps a line end; a regular
 * file of root's or our own that nobody else may read.  The key is kept in
 * locked memory.  ERROR_SYSTEM, ERROR_REFUSED (owner or mode),
 * ERROR_MALFORMED; why never holds a byte of the file.
 */
int vault_master_key_load(struct text path, struct vault_master_key **out,
	struct reason *why) MUST_CHECK;
/* From 32 bytes, for tests and for nothing else that lasts. */
struct vault_master_key *vault_master_key_new(const uint8_t bytes[32]);
/* Overwrites it.  NULL is allowed. */
void vault_master_key_free(struct vault_master_key *key);

/* Wrap a share for its row, with a fresh nonce. */
void vault_master_key_wrap(const struct vault_master_key *key,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	const uint8_t key_id[SECURE_ENVELOPE_ID_LEN],
	const uint8_t share[SECURE_ENVELOPE_SHARE_LEN],
	uint8_t out[VAULT_WRAPPED_LEN]);
/* ERROR_MISMATCH: another master key, another row, or changed bytes. */
int vault_master_key_unwrap(const struct vault_master_key *key,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	const uint8_t key_id[SECURE_ENVELOPE_ID_LEN], struct text wrapped,
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN]) MUST_CHECK;

#endif
