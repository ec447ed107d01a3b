/*
 * SHA-256 over a stream of bytes (FIPS 180-4), the algorithm fetched once.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define DIGEST_SIZE 32

struct digest;

/* Never NULL. */
struct digest *digest_new(void);
void digest_free(struct digest *digest);
void digest_add(struct digest *digest, struct text piece);
/* The result; the digest begins anew. */
void digest_finish(struct digest *digest, uint8_t out[DIGEST_SIZE]);

#endif
