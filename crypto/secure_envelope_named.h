/*
 * Which recipients the message itself names: all others are blind copies,
 * and nothing outside may tell that they exist.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_NAMED_H
#define CRYPTO_SECURE_ENVELOPE_NAMED_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"
#include "gateway/mail/mime_message.h"

/* The header's recipients hash (PROTOCOL.envelope 2); root: first part. */
void secure_envelope_named(const struct mime_part *root,
	const struct text *recipients, size_t count, uint8_t out[32]);

#endif
