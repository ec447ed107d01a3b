/*
 * The encrypted envelope: a message sealed with a fresh key, of which one
 * share lies in the envelope and one at the key service (PROTOCOL.envelope).
 *
 * Bytes: the header (identity, algorithm, who and where; additional data of
 * the cipher, so that none of it can be changed), the envelope's share, the
 * payload = AES-256-GCM of package = manifest and message.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_H
#define CRYPTO_SECURE_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define SECURE_ENVELOPE_ID_LEN 16
#define SECURE_ENVELOPE_SHARE_LEN 32
#define SECURE_ENVELOPE_MESSAGE_MAX (64u * 1024 * 1024)

struct secure_envelope_header {
	uint8_t id[SECURE_ENVELOPE_ID_LEN];	/* of the message */
	uint8_t key_id[SECURE_ENVELOPE_ID_LEN];	/* of this key */
	struct text profile;
	struct text sender;		/* address, UTF-8 */
	struct text organisation;
	struct text portal_url;		/* "https://msg.example.com" */
	int64_t created_us;
	int64_t expires_us;		/* 0: never */
	uint8_t recipients_sha256[32];	/* PROTOCOL.envelope, "recipients" */
};

struct secure_envelope_shares {
	uint8_t envelope[SECURE_ENVELOPE_SHARE_LEN];
	uint8_t service[SECURE_ENVELOPE_SHARE_LEN];
};

/* Fresh shares and key id from the system's generator; fatal() without. */
void secure_envelope_make_keys(struct secure_envelope_header *header,
	struct secure_envelope_shares *shares);

/* Over the addresses in any order, without case in the domain. */
void secure_envelope_recipients(const struct text *addresses, size_t count,
	uint8_t out[32]);

/* The header's bytes, as they are authenticated and base64-encoded. */
int secure_envelope_header_encode(
	const struct secure_envelope_header *header, struct buffer *out)
	MUST_CHECK;
/* ERROR_MALFORMED, ERROR_LIMIT; texts are borrowed from bytes. */
int secure_envelope_header_decode(struct text bytes,
	struct secure_envelope_header *out) MUST_CHECK;

/*
 * Append the payload for a package to out; header_bytes are those of
 * _header_encode().  A key is for one package: never call twice with the same
 * shares.  ERROR_LIMIT.
 */
int secure_envelope_seal(struct text header_bytes,
	const struct secure_envelope_shares *shares, struct text package,
	struct buffer *out) MUST_CHECK;
/*
 * Append the package to out.  ERROR_MISMATCH for everything that is wrong:
 * another key, header, or changed bytes; out is then as before.
 */
int secure_envelope_open(struct text header_bytes,
	const struct secure_envelope_shares *shares, struct text payload,
	struct buffer *out) MUST_CHECK;

/* "K7QD-24MF": of an id, for people; 8 symbols, the last a check symbol. */
#define SECURE_ENVELOPE_REFERENCE_SIZE 10	/* with the NUL */
void secure_envelope_reference(const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	char out[SECURE_ENVELOPE_REFERENCE_SIZE]);
/*
 * As people type it: case, spaces and dashes do not matter, O is 0, I and L
 * are 1.  ERROR_MALFORMED: not one, or the check symbol is wrong.
 */
int secure_envelope_reference_parse(struct text typed,
	char out[SECURE_ENVELOPE_REFERENCE_SIZE]) MUST_CHECK;

/*
 * Hand-back: wrap the service's share for a browser's one-off P-256 key
 * (65 bytes, uncompressed); appends PROTOCOL.envelope's "hand-back" bytes.
 * ERROR_MALFORMED: not a point of the curve.
 */
int secure_envelope_hand_back(const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	const uint8_t share[SECURE_ENVELOPE_SHARE_LEN],
	struct text public_key, struct buffer *out) MUST_CHECK;

#endif
