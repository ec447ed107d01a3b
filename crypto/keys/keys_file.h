/*
 * Private keys from their files.  What is read never touches ordinary
 * memory as text or DER: only OpenSSL's secure heap (locked, not dumped).
 */
#ifndef CRYPTO_KEYS_KEYS_FILE_H
#define CRYPTO_KEYS_KEYS_FILE_H

#include <openssl/evp.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define KEYS_FILE_MAX 65536

/*
 * Set up the secure heap, once, before any key is read.
 *   key_count   how many it must hold; counts at the first call only
 * Where the system does not allow locking that is logged and the heap used
 * unlocked.
 */
void keys_file_prepare(size_t key_count);

/*
 * Read the private key of a PEM file.
 *   path   a regular file of at most KEYS_FILE_MAX bytes, owned by root or
 *          by this process's user; others have no rights, the group may
 *          read it
 *   *out   to be freed with EVP_PKEY_free()
 * ERROR_SYSTEM (cannot be opened or read), ERROR_REFUSED (owner or mode),
 * ERROR_LIMIT (size), ERROR_MALFORMED (no private key in PEM, or one with a
 * passphrase).
 */
int keys_file_read(struct text path, EVP_PKEY **out, struct reason *why)
	MUST_CHECK;

#endif
