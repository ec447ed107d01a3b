/*
 * Random tokens, and codes that prove that this process made a token
 * (HMAC-SHA-256, RFC 2104).
 */
#ifndef WEBUI_SERVER_PORTAL_SECRET_H
#define WEBUI_SERVER_PORTAL_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/digest.h"
#include "gateway/base/hex.h"
#include "gateway/base/text.h"

#define PORTAL_SECRET_KEY_LEN 32
#define PORTAL_SECRET_PROOF_LEN 16
#define PORTAL_SECRET_PROOF_SIZE HEX_SIZE(PORTAL_SECRET_PROOF_LEN)

struct portal_secret {
	struct digest *digest;
	uint8_t key[PORTAL_SECRET_KEY_LEN];	/* fresh with each start */
};

/* From the kernel; fatal() without. */
void portal_secret_random(void *out, size_t len);

void portal_secret_init(struct portal_secret *secret);
void portal_secret_clear(struct portal_secret *secret);
/* The proof for a purpose and a token, in hexadecimal, NUL ended. */
void portal_secret_prove(const struct portal_secret *secret,
	struct text purpose, struct text token,
	char out[PORTAL_SECRET_PROOF_SIZE]);

#endif
