/*
 * The keys and the channels of all callers: what the process consists of,
 * apart from its start.
 */
#ifndef CRYPTO_KEYS_KEYS_SERVICE_H
#define CRYPTO_KEYS_KEYS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/keys/keys_channel.h"
#include "gateway/base/loop.h"
#include "gateway/config/config.h"
#include "gateway/protocol/process_kind.h"

struct keys_service;

/* key_count: how many keys will be loaded at most. */
struct keys_service *keys_service_new(struct loop *loop, size_t key_count);
void keys_service_free(struct keys_service *service);

/*
 * Load the key of every certificate: encryption.client_certificate's for a
 * client, all others for servers.  One that cannot be used is logged and
 * left out: the others must not suffer.  Gives how many were left out.
 */
size_t keys_service_load(struct keys_service *service,
	const struct config *config);
size_t keys_service_key_count(const struct keys_service *service);

/*
 * A caller's channel; takes the descriptor over.  It replaces an older one
 * to the same caller.  ERROR_REFUSED: such a caller has no business here
 * (the descriptor is closed).
 */
int keys_service_attach(struct keys_service *service,
	enum process_kind caller, uint32_t number, int descriptor) MUST_CHECK;

const struct keys_counts *keys_service_counts(
	const struct keys_service *service);

/*
 * Whether both name the same keys and certificates in the same order, for
 * the same roles.
 */
bool keys_service_same(const struct config *a, const struct config *b);

#endif
