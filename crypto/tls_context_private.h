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
	SSL_CTX *ssl_context;
};

/* Without SHA-1 and 1024-bit RSA: for servers and for verified clients. */
#define TLS_SECURITY_LEVEL 2
/* Where any certificate will do, a weak one is better than clear text. */
#define TLS_SECURITY_LEVEL_OPPORTUNISTIC 1

#endif
