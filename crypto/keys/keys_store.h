/*
 * The private keys that this process holds, each with its name, the one
 * role that it has, and what it can do.
 */
#ifndef CRYPTO_KEYS_KEYS_STORE_H
#define CRYPTO_KEYS_KEYS_STORE_H

#include <stddef.h>

#include "crypto/remote_key_packet.h"
#include "crypto/signature_scheme.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/config/config.h"

/* One key, one role: what one role signs can never serve another. */
enum keys_role {
	KEYS_ROLE_TLS_SERVER,
	KEYS_ROLE_TLS_CLIENT,
	KEYS_ROLES
};

struct keys_store;
struct keys_key;

/* Sets up locked memory for so many keys; before the jail. */
struct keys_store *keys_store_new(size_t key_count);
void keys_store_free(struct keys_store *store);

/*
 * Load the key of a certificate from its file.  ERROR_MISMATCH: it does not
 * belong to the certificate; ERROR_REFUSED: of a kind or size that is not
 * served, a file with the wrong owner or mode, or a key that has another
 * role under another name; ERROR_STATE: the name is taken; others as in
 * keys_file_read().
 */
int keys_store_load(struct keys_store *store,
	const struct config_certificate *certificate, enum keys_role role,
	struct reason *why) MUST_CHECK;

size_t keys_store_count(const struct keys_store *store);

/* NULL where there is none. */
const struct keys_key *keys_store_find(const struct keys_store *store,
	struct text name);

struct text keys_key_name(const struct keys_key *key);
enum keys_role keys_key_role(const struct keys_key *key);
enum signature_key keys_key_kind(const struct keys_key *key);
/* SubjectPublicKeyInfo in DER. */
struct text keys_key_public(const struct keys_key *key);

/*
 * Sign the message.
 *   out    holds REMOTE_KEY_RESULT_MAX bytes
 * ERROR_MISMATCH: not a scheme for this kind of key; ERROR_TEMPORARY: the
 * operation failed.
 */
int keys_key_sign(const struct keys_key *key,
	const struct signature_scheme *scheme, struct text message, char *out,
	size_t *len) MUST_CHECK;

#endif
