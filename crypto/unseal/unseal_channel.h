/*
 * Channels of the unseal process: vault and portal.
 */
#ifndef CRYPTO_UNSEAL_UNSEAL_CHANNEL_H
#define CRYPTO_UNSEAL_UNSEAL_CHANNEL_H

#include <stdint.h>

#include "crypto/unseal/unseal.h"
#include "gateway/protocol/process_kind.h"

struct unseal_channel_set;

/* The set makes the struct unseal that answers over its channels. */
struct unseal_channel_set *unseal_channel_set_new(struct loop *loop,
	const struct ipc_identity *self);
void unseal_channel_set_free(struct unseal_channel_set *set);
/*
 * Takes the descriptor over; replaces an older one to the same process.
 * Nothing is read from it before unseal_channel_set_start().
 */
void unseal_channel_open(struct unseal_channel_set *set,
	enum process_kind kind, uint32_t number, int descriptor);
/* We are in the jail: children may be forked. */
void unseal_channel_set_start(struct unseal_channel_set *set);
const struct unseal *unseal_channel_service(
	const struct unseal_channel_set *set);

#endif
