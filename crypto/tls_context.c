/*
 * TLS contexts of servers and clients.  Both begin with the same versions,
 * ciphers and groups (RFC 9325 3, 4).
 */
#include "crypto/tls_context.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "crypto/certificate.h"
#include "crypto/openssl_library.h"
#include "crypto/remote_key_private.h"
#include "crypto/tls_context_private.h"
#include "gateway/base/memory.h"

#define CHAIN_MAX 10
#define VERIFY_DEPTH 8
#define SESSION_ID_MAX SSL_MAX_SID_CTX_LENGTH

/* TLS 1.2; RFC 9325 4.2: forward secrecy and AEAD. */
static const char ciphers[] =
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";

/* The hybrid is known from OpenSSL 3.5 on. */
static const char groups[] = "X25519:P-256:P-384";
static const char groups_hybrid[] = "X25519MLKEM768:X25519:P-256:P-384";

static const uint64_t options = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
	SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	SSL_OP_PRIORITIZE_CHACHA;

static const long modes = SSL_MODE_RELEASE_BUFFERS |
	SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;

static bool
set_groups(SSL_CTX *ssl_context)
{
	if (SSL_CTX_set1_groups_list(ssl_context, groups_hybrid) == 1)
		return true;
	ERR_clear_error();
	return SSL_CTX_set1_groups_list(ssl_context, groups) == 1;
}

/* Failure here is the library's: nothing of it depends on input. */
void
tls_context_limit(SSL_CTX *ssl_context, int level)
{
	SSL_CTX_set_security_level(ssl_context, level);
	(void)SSL_CTX_set_options(ssl_context, options);
	(void)SSL_CTX_set_mode(ssl_context, modes);
	(void)SSL_CTX_clear_mode(ssl_context, SSL_MODE_AUTO_RETRY);
	(void)SSL_CTX_set_session_cache_mode(ssl_context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(ssl_context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ssl_context, ciphers) != 1 ||
	    !set_groups(ssl_context) ||
	    SSL_CTX_set1_sigalgs_list(ssl_context,
		signature_scheme_list) != 1 ||
	    SSL_CTX_set_num_tickets(ssl_context, 0) != 1)
		openssl_library_fatal("cannot set up a TLS context");
}

static struct tls_context *
context_new(const SSL_METHOD *method, bool server, int level)
{
	struct tls_context *context = memory_new(sizeof(*context));
	SSL_CTX *ssl_context;

	openssl_library_prepare();
	ssl_context = SSL_CTX_new(method);
	if (ssl_context == NULL)
		openssl_library_fatal("cannot make a TLS context");
	tls_context_limit(ssl_context, level);
	context->references = 1;
	context->server = server;
	context->ssl_context = ssl_context;
	return context;
}

struct tls_context *
tls_context_ref(struct tls_context *context)
{
	context->references++;
	return context;
}

void
tls_context_release(struct tls_context **context)
{
	struct tls_context *gone = *context;

	*context = NULL;
	if (gone == NULL || --gone->references > 0)
		return;
	SSL_CTX_free(gone->ssl_context);
	free(gone);
}

/* ---- the server's ---- */

static int
add_certificate(void *context, X509 *certificate, size_t number,
	struct reason *why)
{
	SSL_CTX *ssl_context = context;

	if (number > CHAIN_MAX) {
		reason_set(why, "more than %d certificates behind the first",
			CHAIN_MAX);
		return ERROR_LIMIT;
	}
	if ((number == 0 ? SSL_CTX_use_certificate(ssl_context, certificate) :
	    (int)SSL_CTX_add1_chain_cert(ssl_context, certificate)) == 1)
		return 0;
	openssl_library_reason(why, "cannot use the certificate");
	return ERROR_MALFORMED;
}

static int
use_chain(SSL_CTX *ssl_context, struct text pem, struct reason *why)
{
	size_t count = 0;
	int error = certificate_walk(pem, add_certificate, ssl_context,
		&count, why);

	if (error == 0 && count == 0) {
		reason_set(why, "there is no certificate in PEM");
		error = ERROR_MALFORMED;
	}
	return error;
}

/* What keys answers on a key that it has not, or not so. */
static bool
is_final(int error)
{
	return error == ERROR_MISMATCH || error == ERROR_NOT_FOUND;
}

static int
use_key(SSL_CTX *ssl_context, struct remote_key_channel *channel,
	struct text name, struct reason *why)
{
	X509 *leaf = SSL_CTX_get0_certificate(ssl_context);
	EVP_PKEY *public = X509_get0_pubkey(leaf);
	EVP_PKEY *handle = NULL;
	int error;

	error = remote_key_verify(public, channel, name, why);
	if (is_final(error))
		return error;
	error = remote_key_handle_new(public, channel, name, &handle, why);
	if (error != 0)
		return error;
	if (SSL_CTX_use_PrivateKey(ssl_context, handle) != 1 ||
	    SSL_CTX_check_private_key(ssl_context) != 1) {
		openssl_library_reason(why, "cannot use the private key");
		error = ERROR_MALFORMED;
	}
	EVP_PKEY_free(handle);
	return error;
}

int
tls_context_use_certificate(SSL_CTX *ssl_context, struct text pem,
	struct remote_key_channel *channel, struct text key_name,
	struct reason *why)
{
	int error = use_chain(ssl_context, pem, why);

	return error != 0 ? error :
	    use_key(ssl_context, channel, key_name, why);
}

int
tls_context_new_server(struct text certificate_pem,
	struct remote_key_channel *channel, struct text key_name,
	struct text session_id, struct tls_context **out, struct reason *why)
{
	struct tls_context *context;
	int error;

	*out = NULL;
	require(session_id.len <= SESSION_ID_MAX);
	context = context_new(TLS_server_method(), true, TLS_SECURITY_LEVEL);
	error = tls_context_use_certificate(context->ssl_context,
		certificate_pem, channel, key_name, why);
	if (error != 0) {
		tls_context_release(&context);
		return error;
	}
	if (SSL_CTX_set_session_id_context(context->ssl_context,
	    (const unsigned char *)session_id.data,
	    (unsigned int)session_id.len) != 1)
		openssl_library_fatal("cannot set the session id context");
	*out = context;
	return 0;
}

/* ---- whom to trust, and the client's ---- */

static int
add_trust(void *context, X509 *certificate, size_t number,
	struct reason *why)
{
	(void)number;
	(void)why;
	if (X509_STORE_add_cert(context, certificate) != 1)
		openssl_library_fatal("cannot hold a certificate");
	return 0;
}

int
tls_context_add_trust(SSL_CTX *ssl_context, struct text pem, size_t *count,
	struct reason *why)
{
	SSL_CTX_set_verify_depth(ssl_context, VERIFY_DEPTH);
	return certificate_walk(pem, add_trust,
		SSL_CTX_get_cert_store(ssl_context), count, why);
}

int
tls_context_new_client(struct text trust_pem, struct tls_context **out,
	struct reason *why)
{
	struct tls_context *context;
	size_t count = 0;
	int error;

	*out = NULL;
	context = context_new(TLS_client_method(), false,
		TLS_SECURITY_LEVEL_OPPORTUNISTIC);
	error = tls_context_add_trust(context->ssl_context, trust_pem, &count,
		why);
	if (error != 0) {
		tls_context_release(&context);
		return error;
	}
	*out = context;
	return 0;
}

/* ---- checks ---- */

static int
check_one(void *context, X509 *certificate, size_t number,
	struct reason *why)
{
	(void)context;
	if (X509_get0_pubkey(certificate) != NULL)
		return 0;
	openssl_library_reason(why, "unknown public key");
	reason_set(why, "certificate %zu has an unknown kind of public key",
		number + 1);
	return ERROR_MALFORMED;
}

int
tls_certificate_check(struct text pem, struct reason *why)
{
	size_t count = 0;
	int error = certificate_walk(pem, check_one, NULL, &count, why);

	if (error == 0 && count == 0) {
		reason_set(why, "there is no certificate in PEM");
		error = ERROR_MALFORMED;
	}
	return error;
}
