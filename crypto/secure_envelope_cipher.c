/*
 * Key derivation and cipher of the envelope: HKDF with SHA-256 (RFC 5869),
 * AES-256-GCM (NIST SP 800-38D).  Algorithms are fetched once: a fetch costs
 * more than a small message.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "crypto/openssl_library.h"
#include "crypto/secure_envelope_private.h"
#include "gateway/base/memory.h"

static const EVP_CIPHER *
cipher(void)
{
	static EVP_CIPHER *gcm;

	if (gcm == NULL) {
		openssl_library_prepare();
		gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
		if (gcm == NULL)
			openssl_library_fatal("no AES-256-GCM");
	}
	return gcm;
}

static EVP_KDF *
derivation(void)
{
	static EVP_KDF *hkdf;

	if (hkdf == NULL) {
		openssl_library_prepare();
		hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
		if (hkdf == NULL)
			openssl_library_fatal("no HKDF");
	}
	return hkdf;
}

void
secure_envelope_random(void *out, size_t len)
{
	openssl_library_prepare();
	if (RAND_priv_bytes(out, (int)len) != 1)
		openssl_library_fatal("no random numbers");
}

static OSSL_PARAM
octets(const char *name, struct text value)
{
	/* OSSL_PARAM is not const; HKDF only reads it. */
	return OSSL_PARAM_construct_octet_string(name,
		(void *)(uintptr_t)value.data, value.len);
}

void
secure_envelope_derive(struct text input, struct text salt, struct text info,
	struct secure_envelope_secret *out)
{
	EVP_KDF_CTX *state = EVP_KDF_CTX_new(derivation());
	char hash[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash,
			0),
		octets(OSSL_KDF_PARAM_KEY, input),
		octets(OSSL_KDF_PARAM_SALT, salt),
		octets(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};

	_Static_assert(sizeof(*out) == 44, "no padding");
	if (state == NULL || EVP_KDF_derive(state, (unsigned char *)out,
	    sizeof(*out), parameters) != 1)
		openssl_library_fatal("cannot derive a key");
	EVP_KDF_CTX_free(state);
}

/* A cipher at work, with its additional data taken in. */
static EVP_CIPHER_CTX *
cipher_open(const struct secure_envelope_secret *secret,
	struct text additional, int encrypting)
{
	EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
	int len;

	if (state == NULL || EVP_CipherInit_ex2(state, cipher(), secret->key,
	    secret->nonce, encrypting, NULL) != 1 ||
	    EVP_CipherUpdate(state, NULL, &len,
	    (const unsigned char *)additional.data,
	    (int)additional.len) != 1)
		openssl_library_fatal("cannot begin AES-256-GCM");
	return state;
}

static void
cipher_add(EVP_CIPHER_CTX *state, struct text piece, char *out)
{
	int len = 0;

	if (piece.len == 0)
		return;
	if (EVP_CipherUpdate(state, (unsigned char *)out, &len,
	    (const unsigned char *)piece.data, text_int_len(piece)) != 1)
		openssl_library_fatal("cannot go on with AES-256-GCM");
	/* GCM is a stream: as much comes out as went in. */
	require((size_t)len == piece.len);
}

void
secure_envelope_encrypt(const struct secure_envelope_secret *secret,
	struct text additional, const struct text *pieces, size_t count,
	char *out)
{
	EVP_CIPHER_CTX *state = cipher_open(secret, additional, 1);
	int len = 0;

	for (size_t i = 0; i < count; i++) {
		cipher_add(state, pieces[i], out);
		out += pieces[i].len;
	}
	if (EVP_CipherFinal_ex(state, (unsigned char *)out, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_GET_TAG,
	    SECURE_ENVELOPE_TAG_LEN, out) != 1)
		openssl_library_fatal("cannot finish AES-256-GCM");
	EVP_CIPHER_CTX_free(state);
}

int
secure_envelope_decrypt(const struct secure_envelope_secret *secret,
	struct text additional, struct text sealed, char *out)
{
	unsigned char tag[SECURE_ENVELOPE_TAG_LEN];
	struct text hidden;
	EVP_CIPHER_CTX *state;
	int len = 0;
	int error = 0;

	if (sealed.len < sizeof(tag))
		return ERROR_MISMATCH;
	hidden = text_slice(sealed, 0, sealed.len - sizeof(tag));
	for (size_t i = 0; i < sizeof(tag); i++)
		tag[i] = (unsigned char)sealed.data[hidden.len + i];
	state = cipher_open(secret, additional, 0);
	cipher_add(state, hidden, out);
	if (EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_SET_TAG, sizeof(tag),
	    tag) != 1)
		openssl_library_fatal("cannot check AES-256-GCM");
	if (EVP_CipherFinal_ex(state, (unsigned char *)out + hidden.len,
	    &len) != 1) {
		memory_wipe(out, hidden.len);
		error = ERROR_MISMATCH;
	}
	EVP_CIPHER_CTX_free(state);
	return error;
}
