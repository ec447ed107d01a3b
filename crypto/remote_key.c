/*
 * The provider "rkeys" and its handles.  The order of loading and the
 * optional property matter: implicit fetches must go to the default
 * provider, and only keys of ours to us.
 */
#include "crypto/remote_key.h"

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "crypto/openssl_library.h"
#include "crypto/remote_key_private.h"

/* For as long as the process lives. */
static struct {
	OSSL_LIB_CTX *inner;
	OSSL_PROVIDER *inner_default;
	OSSL_PROVIDER *outer_default;
	OSSL_PROVIDER *ours;
} libraries;

/* The provider has nothing of its own to be freed. */
static void
teardown(void *provider)
{
	(void)provider;
}

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return remote_key_keymgmts;
	return operation == OSSL_OP_SIGNATURE ? remote_key_signatures : NULL;
}

static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
	const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown },
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION,
		    (void (*)(void))query },
		{ 0, NULL }
	};

	(void)in;
	*out = functions;
	/* The core wants something that is not NULL. */
	*provider = (void *)(uintptr_t)handle;
	return 1;
}

void
remote_key_prepare(void)
{
	if (libraries.ours != NULL)
		return;
	openssl_library_prepare();
	libraries.inner = OSSL_LIB_CTX_new();
	if (libraries.inner == NULL ||
	    OSSL_PROVIDER_add_builtin(NULL, REMOTE_KEY_PROVIDER,
		provider_init) != 1)
		openssl_library_fatal("cannot make OpenSSL's providers");
	libraries.inner_default = OSSL_PROVIDER_load(libraries.inner,
		"default");
	libraries.outer_default = OSSL_PROVIDER_load(NULL, "default");
	libraries.ours = OSSL_PROVIDER_load(NULL, REMOTE_KEY_PROVIDER);
	if (libraries.inner_default == NULL ||
	    libraries.outer_default == NULL || libraries.ours == NULL ||
	    EVP_set_default_properties(NULL, "?provider=default") != 1)
		openssl_library_fatal("cannot load OpenSSL's providers");
}

OSSL_LIB_CTX *
remote_key_inner_library(void)
{
	return libraries.inner;
}

/* ---- handles ---- */

/* The kind of a key, as far as there is a scheme for it. */
static int
key_kind(const EVP_PKEY *public, enum signature_key *out)
{
	unsigned int i;

	for (i = 0; i < SIGNATURE_KEYS; i++) {
		if (EVP_PKEY_is_a(public,
		    signature_key_name((enum signature_key)i))) {
			*out = (enum signature_key)i;
			return 0;
		}
	}
	return ERROR_MALFORMED;
}

/* The public half's parameters and our two. */
static OSSL_PARAM *
handle_params(const EVP_PKEY *public, struct remote_key_channel *channel,
	char *name)
{
	void *pointer = channel;
	OSSL_PARAM *params = NULL;
	OSSL_PARAM *merged = NULL;
	OSSL_PARAM own[] = {
		OSSL_PARAM_octet_ptr(REMOTE_KEY_PARAM_CHANNEL, &pointer, 0),
		OSSL_PARAM_utf8_string(REMOTE_KEY_PARAM_NAME, name, 0),
		OSSL_PARAM_END
	};

	own[0].data_size = sizeof(pointer);
	own[1].data_size = text_from(name).len;
	if (EVP_PKEY_todata(public, EVP_PKEY_PUBLIC_KEY, &params) == 1) {
		OSSL_PARAM *all = OSSL_PARAM_merge(params, own);

		/* The merged list borrows: it must not outlive its parts. */
		merged = all == NULL ? NULL : OSSL_PARAM_dup(all);
		OSSL_PARAM_free(all);
	}
	OSSL_PARAM_free(params);
	return merged;
}

int
remote_key_handle_new(EVP_PKEY *public, struct remote_key_channel *channel,
	struct text name, EVP_PKEY **out, struct reason *why)
{
	enum signature_key kind = SIGNATURE_KEY_RSA;
	char copy[REMOTE_KEY_NAME_MAX + 1];
	EVP_PKEY_CTX *context = NULL;
	OSSL_PARAM *params = NULL;
	int error = ERROR_MALFORMED;

	require(libraries.ours != NULL);
	*out = NULL;
	if (text_to_string(name, copy, sizeof(copy)) != 0) {
		reason_set(why, "the name of the key is too long");
		return ERROR_LIMIT;
	}
	if (key_kind(public, &kind) != 0) {
		reason_set(why, "keys are RSA, EC or Ed25519");
		return ERROR_MALFORMED;
	}
	params = handle_params(public, channel, copy);
	context = EVP_PKEY_CTX_new_from_name(NULL, signature_key_name(kind),
		"provider=" REMOTE_KEY_PROVIDER);
	if (params != NULL && context != NULL &&
	    EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, out, EVP_PKEY_KEYPAIR, params) == 1)
		error = 0;
	else
		openssl_library_reason(why, "cannot use the public key");
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return error;
}

int
remote_key_verify(const EVP_PKEY *public, struct remote_key_channel *channel,
	struct text name, struct reason *why)
{
	struct remote_key_request request = {
		.operation = REMOTE_KEY_PUBLIC,
		.name = name,
	};
	struct text result = TEXT_EMPTY;
	const unsigned char *at;
	EVP_PKEY *held;
	int error;

	error = remote_key_channel_call(channel, &request, &result, why);
	if (error != 0)
		return error;
	at = (const unsigned char *)result.data;
	held = d2i_PUBKEY_ex(NULL, &at, (long)result.len, NULL, NULL);
	if (held == NULL || EVP_PKEY_eq(held, public) != 1) {
		ERR_clear_error();
		reason_set(why, "the private key does not belong to the "
			"certificate");
		error = ERROR_MISMATCH;
	}
	EVP_PKEY_free(held);
	return error;
}
