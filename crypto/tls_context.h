/*
 * What TLS sessions have in common: certificates, trust, versions and
 * cipher lists (RFC 9325; TLS 1.2 with ECDHE and AEAD, TLS 1.3; no
 * compression, no renegotiation, no tickets, no early data).
 *
 * Private keys are not here: the server's key is a handle that sends each
 * operation to the keys process (crypto/remote_key.h).
 */
#ifndef CRYPTO_TLS_CONTEXT_H
#define CRYPTO_TLS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct tls_context;
struct remote_key_channel;

/*
 * A server's context; referenced by its sessions, so that a reload leaves
 * running sessions alone.
 *   certificate_pem  leaf first, then the chain
 *   key_name         name in tls.certificates, as keys knows it
 *   session_id       names the listener, at most 32 bytes: what one
 *                    listener hands out is void at another
 * remote_key_prepare() comes before.  ERROR_MALFORMED: not a certificate,
 * or of a kind or strength that is not served (RSA of 2048 bits or more,
 * P-256, P-384, Ed25519); ERROR_LIMIT: a chain or name too long;
 * ERROR_MISMATCH: keys has another key; ERROR_NOT_FOUND: keys has none of
 * that name.  Where keys cannot be asked now the context is made all the
 * same: handshakes fail until it is back.
 */
int tls_context_new_server(struct text certificate_pem,
	struct remote_key_channel *channel, struct text key_name,
	struct text session_id, struct tls_context **out,
	struct reason *why) MUST_CHECK;

/*
 * A client's context.
 *   trust_pem   certificates of the authorities; may be empty, then nothing
 *               verifies
 * ERROR_MALFORMED: not certificates.
 */
int tls_context_new_client(struct text trust_pem, struct tls_context **out,
	struct reason *why) MUST_CHECK;

/*
 * Have a server's context demand a certificate of its clients, verified by
 * trust_pem; before its first session.  Both TLS 1.2 and TLS 1.3.
 * ERROR_MALFORMED: not certificates, or none.
 */
int tls_context_demand_client(struct tls_context *context,
	struct text trust_pem, struct reason *why) MUST_CHECK;

/*
 * Fit a client's SSL_CTX that another library made: our versions, ciphers
 * and groups, trust, and the certificate that it shows, whose key is with
 * keys.  TLS 1.3 only: what a client of TLS 1.2 signs is the transcript,
 * whose shape keys cannot judge.
 *   ssl_ctx          an SSL_CTX
 *   certificate_pem  leaf first, then the chain; empty: shows none
 *   trust_pem        the only authorities that count; may be empty
 * Errors as in tls_context_new_server(); the SSL_CTX is then of no use.
 */
int tls_context_equip_client(void *ssl_ctx, struct text certificate_pem,
	struct remote_key_channel *channel, struct text key_name,
	struct text trust_pem, struct reason *why) MUST_CHECK;

struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_release(struct tls_context **context);

/* Whether text is PEM with at least one good certificate, and no bad one. */
int tls_certificate_check(struct text pem, struct reason *why) MUST_CHECK;

#endif
