/*
 * Keys of the provider as OpenSSL's core asks about them.  Everything public
 * is answered by the inner key; the private half is claimed to be there and
 * never given out: export with it fails, so that the core turns to our
 * signatures.
 */
#include "crypto/remote_key_private.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "gateway/base/memory.h"

#define PUBLIC_SELECTION \
	(OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS)

static void *
key_new(enum signature_key type)
{
	struct remote_key *key = memory_new(sizeof(*key));

	key->type = type;
	return key;
}

static void *
rsa_new(void *provider)
{
	(void)provider;
	return key_new(SIGNATURE_KEY_RSA);
}

static void *
ec_new(void *provider)
{
	(void)provider;
	return key_new(SIGNATURE_KEY_EC);
}

static void *
ed25519_new(void *provider)
{
	(void)provider;
	return key_new(SIGNATURE_KEY_ED25519);
}

static void
key_free(void *data)
{
	struct remote_key *key = data;

	if (key == NULL)
		return;
	EVP_PKEY_free(key->inner);
	remote_key_channel_release(&key->channel);
	free(key);
}

static void *
key_dup(const void *data, int selection)
{
	const struct remote_key *from = data;
	struct remote_key *key = key_new(from->type);

	if (from->inner != NULL && EVP_PKEY_up_ref(from->inner) == 1)
		key->inner = from->inner;
	if (from->channel != NULL &&
	    (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) {
		key->channel = remote_key_channel_ref(from->channel);
		memcpy(key->name, from->name, sizeof(key->name));
	}
	return key;
}

static int
key_has(const void *data, int selection)
{
	const struct remote_key *key = data;

	if (key == NULL || key->inner == NULL)
		return 0;
	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ||
	    key->channel != NULL;
}

static int
key_match(const void *one, const void *other, int selection)
{
	const struct remote_key *a = one;
	const struct remote_key *b = other;

	if (a->inner == NULL || b->inner == NULL || a->type != b->type)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0)
		return EVP_PKEY_eq(a->inner, b->inner) == 1;
	return a->type != SIGNATURE_KEY_EC ||
	    EVP_PKEY_parameters_eq(a->inner, b->inner) == 1;
}

/* Our own two parameters; a key without them is public only. */
static int
import_channel(struct remote_key *key, const OSSL_PARAM params[])
{
	const OSSL_PARAM *at = OSSL_PARAM_locate_const(params,
		REMOTE_KEY_PARAM_CHANNEL);
	const OSSL_PARAM *name = OSSL_PARAM_locate_const(params,
		REMOTE_KEY_PARAM_NAME);
	char *out = key->name;
	const void *channel = NULL;
	size_t len = 0;

	if (at == NULL || name == NULL)
		return at == NULL && name == NULL;
	if (!OSSL_PARAM_get_octet_ptr(at, &channel, &len) || channel == NULL ||
	    !OSSL_PARAM_get_utf8_string(name, &out, sizeof(key->name)))
		return 0;
	/* The core hands the pointer through as const. */
	key->channel = remote_key_channel_ref(
		(struct remote_key_channel *)(uintptr_t)channel);
	return 1;
}

/*
 * OpenSSL's own import validates the public half.  It wants the parameters
 * without const, and leaves them alone.
 */
static int
key_import(void *data, int selection, const OSSL_PARAM params[])
{
	struct remote_key *key = data;
	EVP_PKEY_CTX *context;
	int done;

	if (key->inner != NULL ||
	    (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0)
		return 0;
	context = EVP_PKEY_CTX_new_from_name(remote_key_inner_library(),
		signature_key_name(key->type), NULL);
	done = context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &key->inner, EVP_PKEY_PUBLIC_KEY,
		(OSSL_PARAM *)(uintptr_t)params) == 1;
	EVP_PKEY_CTX_free(context);
	return done && import_channel(key, params);
}

static int
key_export(void *data, int selection, OSSL_CALLBACK *callback, void *argument)
{
	struct remote_key *key = data;

	if (key->inner == NULL ||
	    (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
		return 0;
	return EVP_PKEY_export(key->inner, selection & PUBLIC_SELECTION,
		callback, argument);
}

static const OSSL_PARAM public_params[] = {
	OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
	OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	OSSL_PARAM_END
};

static const OSSL_PARAM *
key_types(int selection)
{
	return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ?
	    public_params : NULL;
}

static const OSSL_PARAM *
key_gettable_params(void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL,
			0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
			NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END
	};

	(void)provider;
	return gettable;
}

static int
key_get_params(void *data, OSSL_PARAM params[])
{
	struct remote_key *key = data;

	return key->inner != NULL &&
	    EVP_PKEY_get_params(key->inner, params) == 1;
}

/* The kind of key and the kind of signature differ in name for EC only. */
static const char *
ec_operation_name(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

#define FUNCTION(id, function) { (id), (void (*)(void))(function) }
#define COMMON_FUNCTIONS \
	FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free), \
	FUNCTION(OSSL_FUNC_KEYMGMT_DUP, key_dup), \
	FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has), \
	FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, key_match), \
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, key_import), \
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_types), \
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, key_export), \
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_types), \
	FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params), \
	FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable_params)

static const OSSL_DISPATCH rsa_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, rsa_new),
	COMMON_FUNCTIONS,
	{ 0, NULL }
};

static const OSSL_DISPATCH ec_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, ec_new),
	FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ec_operation_name),
	COMMON_FUNCTIONS,
	{ 0, NULL }
};

static const OSSL_DISPATCH ed25519_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, ed25519_new),
	COMMON_FUNCTIONS,
	{ 0, NULL }
};

/* All names, as in the default provider: libssl asks for any of them. */
const OSSL_ALGORITHM remote_key_keymgmts[] = {
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1",
	    "provider=" REMOTE_KEY_PROVIDER, rsa_functions, "remote RSA" },
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1",
	    "provider=" REMOTE_KEY_PROVIDER, ec_functions, "remote EC" },
	{ "ED25519:1.3.101.112",
	    "provider=" REMOTE_KEY_PROVIDER, ed25519_functions,
	    "remote Ed25519" },
	{ NULL, NULL, NULL, NULL }
};
