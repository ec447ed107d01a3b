/*
 * What the files of the secure envelope share: key derivation and cipher,
 * its words, and the pieces of a file.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_PRIVATE_H
#define CRYPTO_SECURE_ENVELOPE_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/secure_envelope.h"
#include "crypto/secure_envelope_mail.h"
#include "gateway/mail/mime_message.h"

#define SECURE_ENVELOPE_TAG_LEN 16
/* Manifests are a part of a message at most, but for odd charsets. */
#define SECURE_ENVELOPE_MANIFEST_MAX (16u * 1024 * 1024)
#define SECURE_ENVELOPE_PACKAGE_START 16	/* bytes before the manifest */
/* Base64 lines in the file (RFC 2045 6.8). */
#define SECURE_ENVELOPE_LINE 76

/* Of one use: key and nonce belong to one plain text. */
struct secure_envelope_secret {
	uint8_t key[32];
	uint8_t nonce[12];
};

/* HKDF-SHA256 (RFC 5869).  Wipe out after use. */
void secure_envelope_derive(struct text input, struct text salt,
	struct text info, struct secure_envelope_secret *out);
/*
 * AES-256-GCM of the pieces as one text.  out has room for all of them and
 * SECURE_ENVELOPE_TAG_LEN.
 */
void secure_envelope_encrypt(const struct secure_envelope_secret *secret,
	struct text additional, const struct text *pieces, size_t count,
	char *out);
/*
 * sealed: with its tag; out has room for sealed without it.  ERROR_MISMATCH,
 * and out is wiped.
 */
int secure_envelope_decrypt(const struct secure_envelope_secret *secret,
	struct text additional, struct text sealed, char *out) MUST_CHECK;

/* Secret random bytes; fatal() without. */
void secure_envelope_random(void *out, size_t len);

/* secure_envelope_seal() of a package in pieces. */
int secure_envelope_seal_pieces(struct text header_bytes,
	const struct secure_envelope_shares *shares,
	const struct text *pieces, size_t count, struct buffer *out)
	MUST_CHECK;

/* Append the manifest.  ERROR_LIMIT */
int secure_envelope_manifest_write(const struct mime_message *message,
	struct arena *arena, struct buffer *out) MUST_CHECK;
/* Append t as a JSON string (RFC 8259 7), quotes and all. ERROR_LIMIT */
int secure_envelope_json_text(struct text t, struct buffer *out) MUST_CHECK;
/* What a package begins with. */
void secure_envelope_package_start(size_t manifest_len, size_t message_len,
	char out[SECURE_ENVELOPE_PACKAGE_START]);

#endif
