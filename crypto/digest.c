/* SHA-256 over a stream of bytes. */
#include "crypto/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto/openssl_library.h"
#include "gateway/base/memory.h"

struct digest {
	EVP_MD_CTX *state;
};

/* Fetched once: a fetch for each message costs more than a small body. */
static const EVP_MD *
algorithm(void)
{
	static EVP_MD *sha256;

	if (sha256 == NULL) {
		openssl_library_prepare();
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
		if (sha256 == NULL)
			openssl_library_fatal("no SHA-256");
	}
	return sha256;
}

static void
begin(struct digest *digest)
{
	if (EVP_DigestInit_ex2(digest->state, algorithm(), NULL) != 1)
		openssl_library_fatal("cannot begin SHA-256");
}

struct digest *
digest_new(void)
{
	struct digest *digest = memory_new(sizeof(*digest));

	digest->state = EVP_MD_CTX_new();
	if (digest->state == NULL)
		openssl_library_fatal("out of memory");
	begin(digest);
	return digest;
}

void
digest_free(struct digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->state);
	free(digest);
}

void
digest_add(struct digest *digest, struct text piece)
{
	if (EVP_DigestUpdate(digest->state, piece.data, piece.len) != 1)
		openssl_library_fatal("cannot go on with SHA-256");
}

void
digest_finish(struct digest *digest, uint8_t out[DIGEST_SIZE])
{
	unsigned int len = 0;

	if (EVP_DigestFinal_ex(digest->state, out, &len) != 1)
		openssl_library_fatal("cannot finish SHA-256");
	require(len == DIGEST_SIZE);
	begin(digest);
}
