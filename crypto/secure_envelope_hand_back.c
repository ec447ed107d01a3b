/*
 * The hand-back: the service's share, wrapped for the one-off key of the
 * browser that shows the file (PROTOCOL.envelope 8).
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/openssl_library.h"
#include "crypto/secure_envelope_private.h"
#include "gateway/base/memory.h"

#define POINT_LEN 65		/* P-256, uncompressed */
#define SHARED_LEN 32
#define VERSION 1
#define START_LEN (1 + POINT_LEN)
#define WRAPPED_LEN (START_LEN + SECURE_ENVELOPE_SHARE_LEN + \
	SECURE_ENVELOPE_TAG_LEN)

static const struct text label = TEXT_INIT("postern hand-back v1");

/* NULL: the point is not on the curve. */
static EVP_PKEY *
public_key_new(struct text point)
{
	EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	char curve[] = "P-256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
			curve, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
			(void *)(uintptr_t)point.data, point.len),
		OSSL_PARAM_construct_end(),
	};

	if (state == NULL || EVP_PKEY_fromdata_init(state) != 1)
		openssl_library_fatal("cannot read a public key");
	if (EVP_PKEY_fromdata(state, &key, EVP_PKEY_PUBLIC_KEY,
	    parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(state);
	return key;
}

/* Full validation stands behind EVP_PKEY_derive_set_peer(). */
static int
agree(EVP_PKEY *own, EVP_PKEY *other, uint8_t shared[SHARED_LEN])
{
	EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t len = SHARED_LEN;
	int error = 0;

	if (state == NULL || EVP_PKEY_derive_init(state) != 1)
		openssl_library_fatal("cannot begin ECDH");
	if (EVP_PKEY_derive_set_peer(state, other) != 1 ||
	    EVP_PKEY_derive(state, shared, &len) != 1 || len != SHARED_LEN)
		error = ERROR_MALFORMED;
	EVP_PKEY_CTX_free(state);
	return error;
}

/* own: this hand-back's one-off key. */
static int
wrap(EVP_PKEY *own, const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	struct text share, struct text public_key, char out[WRAPPED_LEN])
{
	struct secure_envelope_secret secret;
	uint8_t shared[SHARED_LEN];
	char info[20 + 2 * POINT_LEN];
	EVP_PKEY *other = public_key_new(public_key);
	size_t len = 0;
	int error;

	if (other == NULL)
		return ERROR_MALFORMED;
	error = agree(own, other, shared);
	EVP_PKEY_free(other);
	if (error != 0)
		return error;
	out[0] = VERSION;
	if (EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY,
	    (unsigned char *)out + 1, POINT_LEN, &len) != 1 ||
	    len != POINT_LEN)
		openssl_library_fatal("cannot print a public key");
	require(label.len + 2 * POINT_LEN == sizeof(info));
	memcpy(info, label.data, label.len);
	memcpy(info + label.len, out + 1, POINT_LEN);
	memcpy(info + label.len + POINT_LEN, public_key.data, POINT_LEN);
	secure_envelope_derive(text_of(shared, sizeof(shared)),
		text_of(id, SECURE_ENVELOPE_ID_LEN),
		text_of(info, sizeof(info)), &secret);
	secure_envelope_encrypt(&secret, text_of(out, START_LEN), &share, 1,
		out + START_LEN);
	memory_wipe(&secret, sizeof(secret));
	memory_wipe(shared, sizeof(shared));
	return 0;
}

int
secure_envelope_hand_back(const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	const uint8_t share[SECURE_ENVELOPE_SHARE_LEN],
	struct text public_key, struct buffer *out)
{
	EVP_PKEY *own;
	char *to;
	int error;

	if (public_key.len != POINT_LEN || public_key.data[0] != 4)
		return ERROR_MALFORMED;
	if (buffer_reserve(out, WRAPPED_LEN, &to) != 0)
		return ERROR_LIMIT;
	openssl_library_prepare();
	own = EVP_EC_gen("P-256");
	if (own == NULL)
		openssl_library_fatal("cannot make a key");
	error = wrap(own, id, text_of(share, SECURE_ENVELOPE_SHARE_LEN),
		public_key, to);
	if (error == 0)
		buffer_commit(out, WRAPPED_LEN);
	EVP_PKEY_free(own);
	return error;
}
