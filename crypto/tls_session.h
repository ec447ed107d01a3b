/*
 * One TLS session as the transport of a stream.
 */
#ifndef CRYPTO_TLS_SESSION_H
#define CRYPTO_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/tls_context.h"
#include "gateway/base/buffer.h"
#include "gateway/base/stream.h"

struct tls_session;

/*
 * Put TLS under a stream as its server side; then stream_handshake().  The
 * stream owns the session, which ends with it.
 *
 * The stream's handshake event tells 0, ERROR_REFUSED (an alert, a refused
 * certificate) or ERROR_CLOSED (the connection broke); close_notify is the
 * stream's orderly end (RFC 8446 6.1), a connection cut without it is
 * ERROR_CLOSED.  SIGPIPE must be ignored.
 */
struct tls_session *tls_session_accept(struct tls_context *context,
	struct stream *stream);

/* What the client demands of the server's certificate. */
struct tls_expectation {
	bool verify;		/* chain and name must hold */
	/*
	 * Names of which one must be in the certificate's SAN (RFC 9525; the
	 * common name never counts, no partial wildcards).  The first is
	 * also sent as SNI, verify or not.  A single IP address is compared
	 * with the SAN's addresses; among several names it never matches.
	 */
	const struct text *names;
	size_t name_count;
};

/*
 * The same as the client side.  With verify the handshake itself fails on a
 * bad chain or name.
 */
struct tls_session *tls_session_connect(struct tls_context *context,
	struct stream *stream, const struct tls_expectation *expectation);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384"; valid after the handshake. */
struct text tls_session_describe(const struct tls_session *session);
/*
 * Who the verified certificate of a client says it is: the first DNS name of
 * its SAN, or the common name where it has none; empty where it has neither,
 * or no certificate was demanded.  Valid behind the handshake, as long as the
 * session.
 */
struct text tls_session_peer_name(const struct tls_session *session);
/*
 * Whether the peer's chain and name were verified; also told where verify
 * did not demand it.  Of a client the chain alone, where one was demanded.
 */
bool tls_session_is_verified(const struct tls_session *session);

/*
 * How a handshake failed: an alert or a refused certificate counts as an
 * answer of the peer, a reset or time-out does not (the rule of "TLS
 * unavailable" rests on it).
 */
enum tls_failure {
	TLS_FAILURE_NONE,
	TLS_FAILURE_ALERT,	/* an alert came, or we sent one */
	TLS_FAILURE_CERTIFICATE,	/* chain or name */
	TLS_FAILURE_CONNECTION,	/* reset, end of file */
};
enum tls_failure tls_session_failure(const struct tls_session *session,
	struct reason *why);

#endif
