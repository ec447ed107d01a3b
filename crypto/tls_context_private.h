/*
 * The context as its sessions see it.
 */
#ifndef CRYPTO_TLS_CONTEXT_PRIVATE_H
#define CRYPTO_TLS_CONTEXT_PRIVATE_H

#include <openssl/ssl.h>

#include "crypto/tls_context.h"

struct tls_context {
	unsigned int references;
	bool server;
	bool demands_client;
	SSL_CTX *ssl_context;
};

/* Without SHA-1 and 1024-bit RSA: for servers and for verified clients. */
#define TLS_SECURITY_LEVEL 2
/* Where any certificate will do, a weak one is better than clear text. */
#define TLS_SECURITY_LEVEL_OPPORTUNISTIC 1

/* Versions, ciphers, groups, options; failure is the library's. */
void tls_context_limit(SSL_CTX *ssl_context, int level);
/* Certificate, chain and the handle of the remote key. */
int tls_context_use_certificate(SSL_CTX *ssl_context, struct text pem,
	struct remote_key_channel *channel, struct text key_name,
	struct reason *why) MUST_CHECK;
/* Into the context's store; *count of them. */
int tls_context_add_trust(SSL_CTX *ssl_context, struct text pem,
	size_t *count, struct reason *why) MUST_CHECK;

#endif
