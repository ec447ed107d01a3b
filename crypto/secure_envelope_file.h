/*
 * Writing securedoc.html (PROTOCOL.envelope 7); reading is
 * secure_envelope_file_read().
 */
#ifndef CRYPTO_SECURE_ENVELOPE_FILE_H
#define CRYPTO_SECURE_ENVELOPE_FILE_H

#include "crypto/secure_envelope_facts.h"

/* Bytes of a file for a payload of that many, and more than that. */
size_t secure_envelope_file_size(size_t payload_len);

/* Append the file.  ERROR_LIMIT */
int secure_envelope_file_write(const struct secure_envelope_facts *facts,
	struct text header_bytes, struct text envelope_share,
	struct text payload, struct buffer *out) MUST_CHECK;

#endif
