/*
 * Tokens and their proofs.  portal process.
 */
#include "webui/server/portal_secret.h"

#include <string.h>
#include <sys/random.h>

#include "gateway/base/memory.h"

#define BLOCK_LEN 64	/* of SHA-256 */

void
portal_secret_random(void *out, size_t len)
{
	require(len <= 256);	/* never cut short then, getrandom(2) */
	if (getrandom(out, len, 0) != (ssize_t)len)
		fatal_errno("getrandom");
}

void
portal_secret_init(struct portal_secret *secret)
{
	secret->digest = digest_new();
	portal_secret_random(secret->key, sizeof(secret->key));
}

void
portal_secret_clear(struct portal_secret *secret)
{
	digest_free(secret->digest);
	memory_wipe(secret, sizeof(*secret));
}

static void
add_key(const struct portal_secret *secret, uint8_t pad)
{
	uint8_t block[BLOCK_LEN];
	size_t i;

	memset(block, pad, sizeof(block));
	for (i = 0; i < sizeof(secret->key); i++)
		block[i] ^= secret->key[i];
	digest_add(secret->digest, text_of(block, sizeof(block)));
	memory_wipe(block, sizeof(block));
}

void
portal_secret_prove(const struct portal_secret *secret, struct text purpose,
	struct text token, char out[PORTAL_SECRET_PROOF_SIZE])
{
	uint8_t inner[DIGEST_SIZE], outer[DIGEST_SIZE];
	/* The length keeps purpose and token apart. */
	uint8_t len = (uint8_t)purpose.len;

	require(purpose.len <= UINT8_MAX);
	add_key(secret, 0x36);
	digest_add(secret->digest, text_of(&len, 1));
	digest_add(secret->digest, purpose);
	digest_add(secret->digest, token);
	digest_finish(secret->digest, inner);
	add_key(secret, 0x5c);
	digest_add(secret->digest, text_of(inner, sizeof(inner)));
	digest_finish(secret->digest, outer);
	hex_encode(outer, PORTAL_SECRET_PROOF_LEN, out);
}
