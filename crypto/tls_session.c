/*
 * One TLS session under a stream.  OpenSSL reads and writes the stream's
 * descriptor itself; close_notify is the end of the stream and nothing is
 * read in clear behind it.
 */
#include "crypto/tls_session.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/openssl_library.h"
#include "crypto/tls_context_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/memory.h"

/* OpenSSL makes one record of it at most. */
#define WRITE_MAX SSL3_RT_MAX_PLAIN_LENGTH
#define NAME_SIZE 256
#define DESCRIPTION_SIZE 64
/* RFC 9525 6.3 and 6.4. */
#define HOST_FLAGS \
	(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | \
	X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)

struct tls_session {
	SSL *ssl;
	struct tls_context *context;
	char *problem;		/* why the handshake failed */
	enum tls_failure failure;
	bool established;
	bool over;		/* failed or ended: no more of this SSL */
	bool nameless;		/* verify, but no name can be checked */
	bool named;		/* the certificate's name was checked */
	char description[DESCRIPTION_SIZE];
	char peer_name[NAME_SIZE];	/* a verified client's */
};

/* ---- results ---- */

/*
 * What OpenSSL wants before it can go on, as loop wants; 0 when it is no
 * matter of waiting.
 */
static unsigned int
want_of(int ssl_error)
{
	if (ssl_error == SSL_ERROR_WANT_READ)
		return LOOP_READ;
	return ssl_error == SSL_ERROR_WANT_WRITE ? LOOP_WRITE : 0;
}

/* The peer ended the connection without a word of TLS. */
static bool
is_cut(int ssl_error, unsigned long error)
{
	if (ssl_error == SSL_ERROR_SYSCALL)
		return true;
	return ssl_error == SSL_ERROR_SSL &&
	    ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

static ssize_t
transfer_result(struct tls_session *session, int done, unsigned int *want)
{
	int ssl_error = SSL_get_error(session->ssl, done);
	unsigned int wait = want_of(ssl_error);
	bool cut;

	if (wait != 0) {
		*want = wait;
		return ERROR_AGAIN;
	}
	if (ssl_error == SSL_ERROR_ZERO_RETURN)
		return 0;
	cut = is_cut(ssl_error, ERR_peek_error());
	ERR_clear_error();
	session->over = true;
	return cut ? ERROR_CLOSED : ERROR_MALFORMED;
}

static ssize_t
session_read(void *state, void *data, size_t len, unsigned int *want)
{
	struct tls_session *session = state;
	int done;

	if (session->over)
		return ERROR_CLOSED;
	ERR_clear_error();
	done = SSL_read(session->ssl, data,
		len > WRITE_MAX ? WRITE_MAX : (int)len);
	return done > 0 ? done : transfer_result(session, done, want);
}

static ssize_t
session_write(void *state, const void *data, size_t len, unsigned int *want)
{
	struct tls_session *session = state;
	ssize_t result;
	int done;

	if (session->over)
		return ERROR_CLOSED;
	ERR_clear_error();
	done = SSL_write(session->ssl, data,
		len > WRITE_MAX ? WRITE_MAX : (int)len);
	if (done > 0)
		return done;
	result = transfer_result(session, done, want);
	return result == 0 ? ERROR_CLOSED : result;
}

static bool
session_pending(void *state)
{
	struct tls_session *session = state;

	return !session->over && SSL_pending(session->ssl) > 0;
}

/* RFC 8446 6.1; the peer's own close_notify is not waited for. */
static void
session_shutdown(void *state)
{
	struct tls_session *session = state;

	if (session->over || !session->established)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
}

static void
session_free(void *state)
{
	struct tls_session *session = state;

	SSL_free(session->ssl);
	tls_context_release(&session->context);
	free(session->problem);
	free(session);
}

/* ---- the handshake ---- */

static void
set_failure(struct tls_session *session, enum tls_failure failure,
	const char *what, const char *detail)
{
	char words[REASON_TEXT_MAX];

	(void)snprintf(words, sizeof(words), "%s%s%s", what,
		detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
	free(session->problem);
	session->problem = memory_string(text_from(words));
	session->failure = failure;
	session->over = true;
}

/* SSL_R_* from an alert of the peer are its code and an offset. */
static void
set_alert(struct tls_session *session, unsigned long error)
{
	int code = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;

	if (ERR_GET_LIB(error) == ERR_LIB_SSL && code >= 0 && code < 256)
		set_failure(session, TLS_FAILURE_ALERT,
			"the peer sent the TLS alert",
			SSL_alert_desc_string_long(code));
	else
		set_failure(session, TLS_FAILURE_ALERT, "protocol error",
			ERR_reason_error_string(error));
}

/* A bad signature in the chain leaves errors of its own before this one. */
static bool
is_certificate(unsigned long error)
{
	return ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

static int
handshake_failed(struct tls_session *session, int ssl_error)
{
	long verdict = SSL_get_verify_result(session->ssl);
	unsigned long error = ERR_peek_error();

	if (is_cut(ssl_error, error))
		set_failure(session, TLS_FAILURE_CONNECTION,
			"the connection ended in the TLS handshake", NULL);
	else if (is_certificate(error) ||
	    is_certificate(ERR_peek_last_error()))
		set_failure(session, TLS_FAILURE_CERTIFICATE,
			"the peer's certificate is refused",
			X509_verify_cert_error_string(verdict));
	else if (ssl_error == SSL_ERROR_ZERO_RETURN)
		set_failure(session, TLS_FAILURE_ALERT,
			"the peer sent the TLS alert", "close notify");
	else
		set_alert(session, error);
	ERR_clear_error();
	return session->failure == TLS_FAILURE_CONNECTION ? ERROR_CLOSED :
	    ERROR_REFUSED;
}

/* No NUL may hide what stands behind it. */
static bool
is_string(const ASN1_STRING *value, char out[NAME_SIZE])
{
	return ASN1_STRING_length(value) > 0 &&
	    text_to_string(text_of(ASN1_STRING_get0_data(value),
		(size_t)ASN1_STRING_length(value)), out, NAME_SIZE) == 0;
}

static bool
name_of_subject(const X509 *certificate, char out[NAME_SIZE])
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	return at >= 0 && is_string(X509_NAME_ENTRY_get_data(
		X509_NAME_get_entry(subject, at)), out);
}

/* The first DNS name of the SAN; false where there is none. */
static bool
name_of_san(X509 *certificate, char out[NAME_SIZE])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate,
		NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *name;
	bool found = false;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		found = is_string(name->d.dNSName, out);
	}
	GENERAL_NAMES_free(names);
	return found;
}

static void
name_peer(struct tls_session *session)
{
	X509 *certificate = SSL_get0_peer_certificate(session->ssl);

	if (!session->context->demands_client || certificate == NULL)
		return;
	if (!name_of_san(certificate, session->peer_name) &&
	    !name_of_subject(certificate, session->peer_name))
		session->peer_name[0] = '\0';
	ERR_clear_error();
}

static void
handshake_done(struct tls_session *session)
{
	session->established = true;
	name_peer(session);
	(void)snprintf(session->description, sizeof(session->description),
		"%s %s", SSL_get_version(session->ssl),
		SSL_CIPHER_get_name(SSL_get_current_cipher(session->ssl)));
}

static int
session_handshake(void *state, unsigned int *want)
{
	struct tls_session *session = state;
	unsigned int wait;
	int ssl_error;
	int done;

	if (session->nameless) {
		set_failure(session, TLS_FAILURE_CERTIFICATE,
			"there is no name to verify the certificate by",
			NULL);
		return ERROR_REFUSED;
	}
	ERR_clear_error();
	done = SSL_do_handshake(session->ssl);
	if (done == 1) {
		handshake_done(session);
		return 0;
	}
	ssl_error = SSL_get_error(session->ssl, done);
	wait = want_of(ssl_error);
	if (wait == 0)
		return handshake_failed(session, ssl_error);
	*want = wait;
	return ERROR_AGAIN;
}

static const struct stream_transport transport = {
	.read = session_read,
	.write = session_write,
	.handshake = session_handshake,
	.pending = session_pending,
	.shutdown = session_shutdown,
	.free = session_free,
};

/* ---- opening ---- */

static struct tls_session *
session_new(struct tls_context *context, struct stream *stream)
{
	struct tls_session *session = memory_new(sizeof(*session));

	session->ssl = SSL_new(context->ssl_context);
	if (session->ssl == NULL ||
	    SSL_set_fd(session->ssl, stream_descriptor(stream)) != 1)
		openssl_library_fatal("cannot make a TLS session");
	session->context = tls_context_ref(context);
	return session;
}

static void
set_time(struct tls_session *session)
{
	X509_VERIFY_PARAM_set_time(SSL_get0_param(session->ssl),
		(time_t)(clock_now_us() / CLOCK_SECOND_US));
}

struct tls_session *
tls_session_accept(struct tls_context *context, struct stream *stream)
{
	struct tls_session *session;

	require(context->server);
	session = session_new(context, stream);
	session->named = context->demands_client;
	SSL_set_accept_state(session->ssl);
	set_time(session);
	stream_set_transport(stream, &transport, session);
	return session;
}

/*
 * A name as the certificate would write it, without the root's dot; false
 * when no certificate can.
 */
static bool
name_to_string(struct text name, char out[NAME_SIZE])
{
	if (name.len > 1 && name.data[name.len - 1] == '.')
		name.len--;
	return name.len > 0 && text_to_string(name, out, NAME_SIZE) == 0;
}

static bool
is_address(const char *name)
{
	struct in6_addr address;

	return inet_pton(AF_INET, name, &address) == 1 ||
	    inet_pton(AF_INET6, name, &address) == 1;
}

/*
 * Demand this name.  An address is compared with the SAN's addresses and
 * stands alone: OpenSSL would demand it besides the names.
 */
static void
demand_name(struct tls_session *session, const char *name, bool alone)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(session->ssl);
	int done;

	if (!is_address(name))
		done = X509_VERIFY_PARAM_add1_host(param, name, 0);
	else if (alone)
		done = X509_VERIFY_PARAM_set1_ip_asc(param, name);
	else
		return;
	if (done == 1)
		session->named = true;
	ERR_clear_error();
}

/* RFC 6066 3: names only, no addresses. */
static void
send_name(struct tls_session *session, const char *name)
{
	if (!is_address(name))
		(void)SSL_set_tlsext_host_name(session->ssl, name);
	ERR_clear_error();
}

static void
demand(struct tls_session *session, const struct tls_expectation *expectation)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(session->ssl);
	char name[NAME_SIZE];
	size_t i;

	X509_VERIFY_PARAM_set_hostflags(param, HOST_FLAGS);
	set_time(session);
	for (i = 0; i < expectation->name_count; i++) {
		if (!name_to_string(expectation->names[i], name))
			continue;
		if (i == 0)
			send_name(session, name);
		demand_name(session, name, expectation->name_count == 1);
	}
	if (!expectation->verify)
		return;
	session->nameless = !session->named;
	SSL_set_security_level(session->ssl, TLS_SECURITY_LEVEL);
	SSL_set_verify(session->ssl, SSL_VERIFY_PEER, NULL);
}

struct tls_session *
tls_session_connect(struct tls_context *context, struct stream *stream,
	const struct tls_expectation *expectation)
{
	struct tls_session *session;

	require(!context->server);
	session = session_new(context, stream);
	SSL_set_connect_state(session->ssl);
	demand(session, expectation);
	stream_set_transport(stream, &transport, session);
	return session;
}

/* ---- asking ---- */

struct text
tls_session_describe(const struct tls_session *session)
{
	return text_from(session->description);
}

struct text
tls_session_peer_name(const struct tls_session *session)
{
	return text_from(session->peer_name);
}

bool
tls_session_is_verified(const struct tls_session *session)
{
	return session->established && session->named &&
	    SSL_get0_peer_certificate(session->ssl) != NULL &&
	    SSL_get_verify_result(session->ssl) == X509_V_OK;
}

enum tls_failure
tls_session_failure(const struct tls_session *session, struct reason *why)
{
	if (session->problem != NULL)
		reason_set(why, "%s", session->problem);
	return session->failure;
}
