/*
 * The mail around the envelope, from a job whose key is registered.
 */
#ifndef CRYPTO_PROTECT_PROTECT_BUILD_H
#define CRYPTO_PROTECT_PROTECT_BUILD_H

#include <stdint.h>

#include "crypto/digest.h"
#include "crypto/protect/protect_job.h"
#include "crypto/secure_envelope.h"

struct protect_mail {
	struct message_body *body;	/* to be released; NULL: none */
	uint64_t size;
	uint8_t sha256[DIGEST_SIZE];
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
};

/*
 * Build it; where that fails the job's verdict says why and out has no body.
 * The message's SHA-256 is compared before.
 */
void protect_build(struct protect_job *job, struct protect_mail *out);

#endif
