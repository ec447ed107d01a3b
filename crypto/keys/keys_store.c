/* The private keys, and signing with them. */
#include "crypto/keys/keys_store.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/certificate.h"
#include "crypto/keys/keys_file.h"
#include "crypto/openssl_library.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST 8192
#define CURVE_NAME_MAX 64

struct keys_key {
	struct text name;
	enum keys_role role;
	enum signature_key kind;
	EVP_PKEY *private;
	struct text public;
};

struct keys_store {
	struct map *keys;
};

struct keys_store *
keys_store_new(size_t key_count)
{
	struct keys_store *store = memory_new(sizeof(*store));

	keys_file_prepare(key_count);
	store->keys = map_new();
	return store;
}

static void
key_free(struct keys_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->private);
	free((void *)(uintptr_t)key->name.data);
	free((void *)(uintptr_t)key->public.data);
	free(key);
}

void
keys_store_free(struct keys_store *store)
{
	struct keys_key *key;
	size_t cursor = 0;

	if (store == NULL)
		return;
	while ((key = map_next(store->keys, &cursor)) != NULL) {
		(void)map_remove_text(store->keys, key->name);
		key_free(key);
	}
	map_free(store->keys);
	free(store);
}

/* ---- what is served ---- */

static int
check_rsa(EVP_PKEY *key, struct reason *why)
{
	int bits = EVP_PKEY_get_bits(key);

	if (bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST)
		return 0;
	reason_set(why, "RSA of %d bits, must be %d to %d", bits,
		RSA_BITS_LEAST, RSA_BITS_MOST);
	return ERROR_REFUSED;
}

static int
check_ec(EVP_PKEY *key, struct reason *why)
{
	static const char *const curves[] = { "prime256v1", "P-256",
		"secp384r1", "P-384" };
	char name[CURVE_NAME_MAX] = "";
	size_t i;

	(void)EVP_PKEY_get_group_name(key, name, sizeof(name), NULL);
	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(name, curves[i]) == 0)
			return 0;
	}
	reason_set(why, "elliptic curve %s, must be P-256 or P-384", name);
	return ERROR_REFUSED;
}

static int
check_ed25519(EVP_PKEY *key, struct reason *why)
{
	(void)key;
	(void)why;
	return 0;
}

static int (*const checks[SIGNATURE_KEYS])(EVP_PKEY *key,
	struct reason *why) = {
	[SIGNATURE_KEY_RSA] = check_rsa,
	[SIGNATURE_KEY_EC] = check_ec,
	[SIGNATURE_KEY_ED25519] = check_ed25519,
};

static int
find_kind(EVP_PKEY *key, enum signature_key *kind, struct reason *why)
{
	unsigned int i;

	for (i = 0; i < SIGNATURE_KEYS; i++) {
		*kind = (enum signature_key)i;
		if (EVP_PKEY_is_a(key, signature_key_name(*kind)))
			return checks[i](key, why);
	}
	reason_set(why, "not an RSA, EC or Ed25519 key");
	return ERROR_REFUSED;
}

/* ---- loading ---- */

static int
check_certificate(EVP_PKEY *key, struct text pem, struct reason *why)
{
	X509 *leaf = NULL;
	int error = certificate_first(pem, &leaf, why);

	if (error == 0 && X509_check_private_key(leaf, key) != 1) {
		reason_set(why, "does not belong to the certificate");
		error = ERROR_MISMATCH;
	}
	ERR_clear_error();
	X509_free(leaf);
	return error;
}

static struct text
encode_public(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	struct text copy;
	int len = i2d_PUBKEY(key, &der);

	if (len <= 0 || len > REMOTE_KEY_RESULT_MAX)
		openssl_library_fatal("cannot write a public key");
	copy = memory_text(text_of(der, (size_t)len));
	OPENSSL_free(der);
	return copy;
}

/* Two names for one key must not give it two roles. */
static int
check_role(const struct keys_store *store, const EVP_PKEY *private,
	enum keys_role role, struct reason *why)
{
	const struct keys_key *key;
	size_t cursor = 0;

	while ((key = map_next(store->keys, &cursor)) != NULL) {
		if (key->role == role ||
		    EVP_PKEY_eq(key->private, private) != 1)
			continue;
		reason_set(why, "is also the key of %.*s, which is used "
			"otherwise: one key has one role",
			TEXT_ARG(key->name));
		ERR_clear_error();
		return ERROR_REFUSED;
	}
	ERR_clear_error();
	return 0;
}

static void
add(struct keys_store *store, struct text name, enum keys_role role,
	enum signature_key kind, EVP_PKEY *private)
{
	struct keys_key *key = memory_new(sizeof(*key));

	key->name = memory_text(name);
	key->role = role;
	key->kind = kind;
	key->private = private;
	key->public = encode_public(private);
	(void)map_put_text(store->keys, key->name, key);
}

int
keys_store_load(struct keys_store *store,
	const struct config_certificate *certificate, enum keys_role role,
	struct reason *why)
{
	enum signature_key kind = SIGNATURE_KEY_RSA;
	EVP_PKEY *private = NULL;
	int error;

	if (map_get_text(store->keys, certificate->name) != NULL) {
		reason_set(why, "the name is taken");
		return ERROR_STATE;
	}
	error = keys_file_read(certificate->key_file, &private, why);
	if (error == 0)
		error = find_kind(private, &kind, why);
	if (error == 0)
		error = check_certificate(private,
			certificate->certificate_pem, why);
	if (error == 0)
		error = check_role(store, private, role, why);
	if (error != 0) {
		EVP_PKEY_free(private);
		return error;
	}
	add(store, certificate->name, role, kind, private);
	return 0;
}

size_t
keys_store_count(const struct keys_store *store)
{
	return map_count(store->keys);
}

const struct keys_key *
keys_store_find(const struct keys_store *store, struct text name)
{
	return map_get_text(store->keys, name);
}

struct text
keys_key_name(const struct keys_key *key)
{
	return key->name;
}

enum keys_role
keys_key_role(const struct keys_key *key)
{
	return key->role;
}

enum signature_key
keys_key_kind(const struct keys_key *key)
{
	return key->kind;
}

struct text
keys_key_public(const struct keys_key *key)
{
	return key->public;
}

/* ---- signing ---- */

static bool
set_padding(EVP_PKEY_CTX *context, const struct signature_scheme *scheme)
{
	return !scheme->pss ||
	    (EVP_PKEY_CTX_set_rsa_padding(context,
		RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(context,
		RSA_PSS_SALTLEN_DIGEST) == 1);
}

int
keys_key_sign(const struct keys_key *key,
	const struct signature_scheme *scheme, struct text message, char *out,
	size_t *len)
{
	EVP_PKEY_CTX *parameters = NULL;
	EVP_MD_CTX *state;
	bool done;

	if (scheme->key != key->kind)
		return ERROR_MISMATCH;
	state = EVP_MD_CTX_new();
	if (state == NULL)
		openssl_library_fatal("out of memory");
	*len = REMOTE_KEY_RESULT_MAX;
	done = EVP_DigestSignInit_ex(state, &parameters, scheme->digest, NULL,
		NULL, key->private, NULL) == 1 &&
	    set_padding(parameters, scheme) &&
	    EVP_DigestSign(state, (unsigned char *)out, len,
		(const unsigned char *)message.data, message.len) == 1;
	EVP_MD_CTX_free(state);
	ERR_clear_error();
	return done ? 0 : ERROR_TEMPORARY;
}
