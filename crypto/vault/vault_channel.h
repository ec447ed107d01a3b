/*
 * Channels of the vault process: portal, unseal, queue and admin.
 */
#ifndef CRYPTO_VAULT_VAULT_CHANNEL_H
#define CRYPTO_VAULT_VAULT_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/protocol/frame.h"

struct vault;

/*
 * Takes the descriptor over; replaces an older one to the same process.
 * Nothing is read from it before vault_channel_start().
 */
void vault_channel_open(struct vault *vault, enum process_kind kind,
	uint32_t number, int descriptor);
/* The store is open: answer what was asked meanwhile. */
void vault_channel_start(struct vault *vault);
void vault_channel_close_all(struct vault *vault);

/* Over the channel of that serial number, if it is still there. */
void vault_channel_send(struct vault *vault, uint64_t serial,
	enum frame_type type, const void *value);
/* Over the channel to that process; false: there is none. */
bool vault_channel_send_to(struct vault *vault, enum process_kind kind,
	uint32_t number, enum frame_type type, const void *value);
bool vault_channel_is_open(const struct vault *vault, enum process_kind kind,
	uint32_t number);

#endif
