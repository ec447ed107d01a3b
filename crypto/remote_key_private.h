/*
 * Between the parts of the provider: the call over the channel, the key as
 * OpenSSL holds it, the two tables of functions.
 */
#ifndef CRYPTO_REMOTE_KEY_PRIVATE_H
#define CRYPTO_REMOTE_KEY_PRIVATE_H

#include <openssl/core.h>
#include <openssl/evp.h>

#include "crypto/remote_key.h"
#include "crypto/remote_key_packet.h"
#include "crypto/signature_scheme.h"

#define REMOTE_KEY_PROVIDER "rkeys"

/* Parameters of ours for EVP_PKEY_fromdata(). */
#define REMOTE_KEY_PARAM_CHANNEL "rkeys-channel"
#define REMOTE_KEY_PARAM_NAME "rkeys-name"

/*
 * One request and its reply, blocking.  request->id is filled in here.
 *   result   borrowed until the next call on this channel
 * ERROR_CLOSED (keys is gone), ERROR_TEMPORARY (no answer in time, or
 * busy), ERROR_NOT_FOUND, ERROR_REFUSED, ERROR_LIMIT, ERROR_MALFORMED.
 */
int remote_key_channel_call(struct remote_key_channel *channel,
	struct remote_key_request *request, struct text *result,
	struct reason *why) MUST_CHECK;

struct remote_key_channel *remote_key_channel_ref(
	struct remote_key_channel *channel);
void remote_key_channel_release(struct remote_key_channel **channel);

/*
 * A key as OpenSSL's core holds it: the public half lives in a library
 * context of its own, where the default provider does all public work.
 */
struct remote_key {
	enum signature_key type;
	EVP_PKEY *inner;	/* NULL before import */
	struct remote_key_channel *channel;	/* NULL: public half only */
	char name[REMOTE_KEY_NAME_MAX + 1];
};

/* A library context in which nothing is ours. */
OSSL_LIB_CTX *remote_key_inner_library(void);

/*
 * A handle for the private half of a public key, known to keys by name;
 * freed with EVP_PKEY_free().  ERROR_MALFORMED: a kind of key that is not
 * supported; ERROR_LIMIT: the name.
 */
int remote_key_handle_new(EVP_PKEY *public, struct remote_key_channel *channel,
	struct text name, EVP_PKEY **out, struct reason *why) MUST_CHECK;

/*
 * Ask keys whether its key of that name belongs to public.
 * ERROR_MISMATCH, or an error of remote_key_channel_call().
 */
int remote_key_verify(const EVP_PKEY *public,
	struct remote_key_channel *channel, struct text name,
	struct reason *why) MUST_CHECK;

extern const OSSL_ALGORITHM remote_key_keymgmts[];
extern const OSSL_ALGORITHM remote_key_signatures[];

#endif
