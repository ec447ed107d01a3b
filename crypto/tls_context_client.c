/*
 * Certificates of clients: a server that demands one, and a client that
 * shows one over an SSL_CTX which another library made (RFC 8446 4.4.2).
 */
#include "crypto/tls_context.h"

#include <openssl/err.h>

#include "crypto/certificate.h"
#include "crypto/openssl_library.h"
#include "crypto/tls_context_private.h"
#include "gateway/base/clock.h"

/* Servers name the authorities that they take (RFC 8446 4.2.4). */
static int
add_authority(void *context, X509 *certificate, size_t number,
	struct reason *why)
{
	(void)number;
	(void)why;
	if (SSL_CTX_add_client_CA(context, certificate) != 1)
		openssl_library_fatal("cannot hold the name of an authority");
	return 0;
}

int
tls_context_demand_client(struct tls_context *context, struct text trust_pem,
	struct reason *why)
{
	SSL_CTX *ssl_context = context->ssl_context;
	size_t count = 0;
	int error;

	require(context->server);
	error = tls_context_add_trust(ssl_context, trust_pem, &count, why);
	if (error == 0 && count == 0) {
		reason_set(why, "there is no authority for clients");
		error = ERROR_MALFORMED;
	}
	if (error == 0)
		error = certificate_walk(trust_pem, add_authority,
			ssl_context, &count, why);
	if (error != 0)
		return error;
	SSL_CTX_set_verify(ssl_context, SSL_VERIFY_PEER |
		SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	context->demands_client = true;
	return 0;
}

int
tls_context_equip_client(void *ssl_ctx, struct text certificate_pem,
	struct remote_key_channel *channel, struct text key_name,
	struct text trust_pem, struct reason *why)
{
	SSL_CTX *ssl_context = ssl_ctx;
	X509_STORE *store = X509_STORE_new();
	size_t count = 0;
	int error;

	if (store == NULL)
		openssl_library_fatal("cannot make a store of certificates");
	/* Whatever the other library trusts. */
	SSL_CTX_set_cert_store(ssl_context, store);
	tls_context_limit(ssl_context, TLS_SECURITY_LEVEL);
	if (SSL_CTX_set_min_proto_version(ssl_context, TLS1_3_VERSION) != 1)
		openssl_library_fatal("cannot set up a TLS context");
	SSL_CTX_set_verify(ssl_context, SSL_VERIFY_PEER, NULL);
	X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ssl_context),
		(time_t)(clock_now_us() / CLOCK_SECOND_US));
	error = tls_context_add_trust(ssl_context, trust_pem, &count, why);
	if (error != 0 || certificate_pem.len == 0)
		return error;
	return tls_context_use_certificate(ssl_context, certificate_pem,
		channel, key_name, why);
}
