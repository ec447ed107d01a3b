/*
 * Sealing and opening a package: two shares, one key, one use
 * (PROTOCOL.envelope 3 and 4).
 */
#include "crypto/secure_envelope.h"

#include <string.h>

#include "crypto/secure_envelope_private.h"
#include "gateway/base/memory.h"

/* A package's own frame and manifest come on top of the message. */
#define PACKAGE_MAX ((size_t)SECURE_ENVELOPE_MESSAGE_MAX + \
	SECURE_ENVELOPE_MANIFEST_MAX + SECURE_ENVELOPE_PACKAGE_START)

void
secure_envelope_make_keys(struct secure_envelope_header *header,
	struct secure_envelope_shares *shares)
{
	secure_envelope_random(header->key_id, sizeof(header->key_id));
	secure_envelope_random(shares->envelope, sizeof(shares->envelope));
	secure_envelope_random(shares->service, sizeof(shares->service));
}

static int
content_secret(struct text header_bytes,
	const struct secure_envelope_shares *shares,
	struct secure_envelope_secret *out)
{
	struct secure_envelope_header header;
	char salt[2 * SECURE_ENVELOPE_ID_LEN];
	int error = secure_envelope_header_decode(header_bytes, &header);

	if (error != 0)
		return error;
	memcpy(salt, header.id, sizeof(header.id));
	memcpy(salt + sizeof(header.id), header.key_id,
		sizeof(header.key_id));
	_Static_assert(sizeof(*shares) == 2 * SECURE_ENVELOPE_SHARE_LEN,
		"the shares are joined");
	secure_envelope_derive(text_of(shares, sizeof(*shares)),
		text_of(salt, sizeof(salt)), TEXT("postern envelope v1"), out);
	return 0;
}

int
secure_envelope_seal_pieces(struct text header_bytes,
	const struct secure_envelope_shares *shares,
	const struct text *pieces, size_t count, struct buffer *out)
{
	struct secure_envelope_secret secret;
	size_t len = SECURE_ENVELOPE_TAG_LEN;
	char *to;
	int error;

	for (size_t i = 0; i < count; i++) {
		if (pieces[i].len > PACKAGE_MAX)
			return ERROR_LIMIT;
		len += pieces[i].len;
	}
	if (len > PACKAGE_MAX + SECURE_ENVELOPE_TAG_LEN)
		return ERROR_LIMIT;
	error = buffer_reserve(out, len, &to);
	if (error != 0)
		return error;
	error = content_secret(header_bytes, shares, &secret);
	if (error != 0)
		return error;
	secure_envelope_encrypt(&secret, header_bytes, pieces, count, to);
	buffer_commit(out, len);
	memory_wipe(&secret, sizeof(secret));
	return 0;
}

int
secure_envelope_seal(struct text header_bytes,
	const struct secure_envelope_shares *shares, struct text package,
	struct buffer *out)
{
	return secure_envelope_seal_pieces(header_bytes, shares, &package, 1,
		out);
}

int
secure_envelope_open(struct text header_bytes,
	const struct secure_envelope_shares *shares, struct text payload,
	struct buffer *out)
{
	struct secure_envelope_secret secret;
	size_t len;
	char *to;
	int error;

	if (payload.len < SECURE_ENVELOPE_TAG_LEN)
		return ERROR_MISMATCH;
	len = payload.len - SECURE_ENVELOPE_TAG_LEN;
	if (len > PACKAGE_MAX || buffer_reserve(out, len, &to) != 0)
		return ERROR_LIMIT;
	if (content_secret(header_bytes, shares, &secret) != 0)
		return ERROR_MISMATCH;
	error = secure_envelope_decrypt(&secret, header_bytes, payload, to);
	memory_wipe(&secret, sizeof(secret));
	if (error == 0)
		buffer_commit(out, len);
	return error;
}
