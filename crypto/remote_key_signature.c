/*
 * Signatures of the provider.  A context gathers hash and padding; signing
 * turns them into a scheme and sends the message.  Questions for the size
 * are answered here.
 */
#include "crypto/remote_key_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define DIGEST_NAME_MAX 64

struct signature {
	struct remote_key *key;	/* borrowed: the core holds it meanwhile */
	char digest[DIGEST_NAME_MAX];
	bool pss;
	bool foreign_salt;	/* of a length that no scheme has */
};

static void *
signature_new(void *provider, const char *properties)
{
	(void)provider;
	(void)properties;
	return memory_new(sizeof(struct signature));
}

static void
signature_free(void *data)
{
	free(data);
}

static void *
signature_dup(void *data)
{
	struct signature *copy = memory_new(sizeof(*copy));

	memcpy(copy, data, sizeof(*copy));
	return copy;
}

/* ---- parameters (RSA only) ---- */

/* The core passes both as a number or as a word. */
static int
get_word(const OSSL_PARAM *param, char *out, size_t size, int *number)
{
	if (param->data_type == OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_utf8_string(param, &out, size);
	out[0] = '\0';
	return OSSL_PARAM_get_int(param, number);
}

static int
set_padding(struct signature *signature, const OSSL_PARAM *param)
{
	char word[16] = "";
	int number = 0;

	if (!get_word(param, word, sizeof(word), &number))
		return 0;
	signature->pss = number == RSA_PKCS1_PSS_PADDING ||
	    strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	return signature->pss || number == RSA_PKCS1_PADDING ||
	    strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0;
}

/* In all schemes the salt is as long as the hash (RFC 8446 4.2.3). */
static int
set_salt(struct signature *signature, const OSSL_PARAM *param)
{
	char word[16] = "";
	int number = 0;

	if (!get_word(param, word, sizeof(word), &number))
		return 0;
	signature->foreign_salt = number != RSA_PSS_SALTLEN_DIGEST &&
	    strcmp(word, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) != 0;
	return 1;
}

static int
rsa_set_params(void *data, const OSSL_PARAM params[])
{
	struct signature *signature = data;
	const OSSL_PARAM *param;

	if (params == NULL)
		return 1;
	param = OSSL_PARAM_locate_const(params,
		OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (param != NULL && !set_padding(signature, param))
		return 0;
	param = OSSL_PARAM_locate_const(params,
		OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	return param == NULL || set_salt(signature, param);
}

static const OSSL_PARAM *
rsa_settable_params(void *data, void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL,
			0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL,
			0),
		OSSL_PARAM_END
	};

	(void)data;
	(void)provider;
	return settable;
}

/* ---- signing ---- */

static const struct signature_scheme *
scheme_of(const struct signature *signature)
{
	if (signature->key == NULL || signature->foreign_salt)
		return NULL;
	return signature_scheme_match(signature->key->type,
		signature->digest, signature->pss);
}

/*
 * A hash that no scheme has is refused here already: libssl asks so for
 * what a key can do.
 */
static int
sign_init(void *data, const char *digest, void *key,
	const OSSL_PARAM params[])
{
	struct signature *signature = data;

	signature->key = key;
	signature->pss = false;
	signature->foreign_salt = false;
	if (text_to_string(text_from(digest), signature->digest,
	    sizeof(signature->digest)) != 0)
		return 0;
	if (signature->key == NULL || signature->key->channel == NULL ||
	    scheme_of(signature) == NULL)
		return 0;
	return signature->key->type != SIGNATURE_KEY_RSA ||
	    rsa_set_params(data, params);
}

static int
ask(const struct signature *signature, struct text message,
	struct text *result)
{
	const struct signature_scheme *scheme = scheme_of(signature);
	const struct remote_key *key = signature->key;
	struct reason why = { 0 };
	struct remote_key_request request = {
		.operation = REMOTE_KEY_SIGN,
		.name = text_from(key->name),
		.message = message,
	};
	int error;

	if (scheme == NULL)
		return ERROR_MALFORMED;
	request.scheme = scheme->code;
	error = remote_key_channel_call(key->channel, &request, result, &why);
	if (error != 0)
		log_event(LOG_ERROR_LEVEL, 0, "remote_sign_failed",
			LOG_TEXT("key", request.name),
			LOG_STRING("scheme", scheme->name),
			LOG_STRING("error", error_name(error)),
			LOG_STRING("reason", why.text));
	return error;
}

static int
sign(void *data, unsigned char *out, size_t *len, size_t size,
	const unsigned char *message, size_t message_len)
{
	struct signature *signature = data;
	struct text result = TEXT_EMPTY;
	int most;

	if (signature->key == NULL || signature->key->inner == NULL)
		return 0;
	most = EVP_PKEY_get_size(signature->key->inner);
	if (most <= 0)
		return 0;
	if (out == NULL) {
		*len = (size_t)most;
		return 1;
	}
	if (ask(signature, text_of(message, message_len), &result) != 0 ||
	    result.len == 0 || result.len > size ||
	    result.len > (size_t)most)
		return 0;
	memcpy(out, result.data, result.len);
	*len = result.len;
	return 1;
}

#define FUNCTION(id, function) { (id), (void (*)(void))(function) }
#define COMMON_FUNCTIONS \
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, signature_new), \
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, signature_free), \
	FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, signature_dup), \
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, sign_init), \
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign)

static const OSSL_DISPATCH rsa_functions[] = {
	COMMON_FUNCTIONS,
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, rsa_set_params),
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS,
		rsa_settable_params),
	{ 0, NULL }
};

static const OSSL_DISPATCH other_functions[] = {
	COMMON_FUNCTIONS,
	{ 0, NULL }
};

const OSSL_ALGORITHM remote_key_signatures[] = {
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1",
	    "provider=" REMOTE_KEY_PROVIDER, rsa_functions, "remote RSA" },
	{ "ECDSA", "provider=" REMOTE_KEY_PROVIDER, other_functions,
	    "remote ECDSA" },
	{ "ED25519:1.3.101.112", "provider=" REMOTE_KEY_PROVIDER,
	    other_functions, "remote Ed25519" },
	{ NULL, NULL, NULL, NULL }
};
