/*
 * Answers that leave at ticks of a fixed grid, so that their time tells
 * nothing about what was found.
 */
#ifndef CRYPTO_VAULT_VAULT_DELAY_H
#define CRYPTO_VAULT_VAULT_DELAY_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/protocol/frame_vault.h"

#define VAULT_DELAY_TICK_MS 250

struct vault;
struct vault_delay;

struct vault_delay *vault_delay_new(struct vault *vault);
void vault_delay_free(struct vault_delay *delay);

/*
 * Send the answer over the channel of that serial number at the tick that
 * belongs to arrived_ms (monotonic, taken before any work was done).
 */
void vault_delay_add(struct vault_delay *delay, uint64_t serial,
	int64_t arrived_ms, const struct frame_vault_code *answer);
size_t vault_delay_count(const struct vault_delay *delay);

#endif
