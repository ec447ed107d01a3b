/*
 * What file and notification say of one envelope, as values for their
 * templates.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_FACTS_H
#define CRYPTO_SECURE_ENVELOPE_FACTS_H

#include "crypto/secure_envelope.h"
#include "crypto/secure_envelope_template.h"
#include "gateway/base/arena.h"

#define SECURE_ENVELOPE_FACTS 10

struct secure_envelope_facts {
	struct secure_envelope_value values[SECURE_ENVELOPE_FACTS];
	size_t count;
};

/* Texts lie in the arena or the header.  ERROR_LIMIT */
int secure_envelope_facts_make(const struct secure_envelope_header *header,
	struct arena *arena, struct secure_envelope_facts *out) MUST_CHECK;

#endif
