/*
 * The management listener: gateways register keys over HTTPS with client
 * certificates (PROTOCOL.keyservice 1).
 */
#ifndef CRYPTO_VAULT_VAULT_MANAGEMENT_H
#define CRYPTO_VAULT_VAULT_MANAGEMENT_H

#include <stddef.h>

#include "crypto/remote_key.h"
#include "gateway/base/loop.h"

struct vault;
struct vault_management;
struct http_exchange;

/*
 * The vault and the key channel are borrowed.  It listens when it has a
 * socket, a configuration and TLS; what is missing is tried again.
 */
struct vault_management *vault_management_new(struct vault *vault,
	struct remote_key_channel *keys);
void vault_management_free(struct vault_management *management);
/* Takes the descriptor over; -1 stops listening. */
void vault_management_listen(struct vault_management *management,
	int descriptor);
/* Certificates or the channel to keys have changed. */
void vault_management_renew(struct vault_management *management);
/* Finish what is under way, then done() once. */
void vault_management_stop(struct vault_management *management,
	loop_callback done, void *context);

/* A request that is there as a whole; answers it. */
void vault_management_request(struct vault *vault,
	struct http_exchange *exchange);

#endif
