/*
 * One caller's channel: packets in, packets out (PROTOCOL.keys).  The
 * descriptor is the caller's identity; nothing that a packet says changes
 * it.
 */
#ifndef CRYPTO_KEYS_KEYS_CHANNEL_H
#define CRYPTO_KEYS_KEYS_CHANNEL_H

#include <stdint.h>

#include "crypto/keys/keys_store.h"
#include "gateway/base/loop.h"
#include "gateway/protocol/process_kind.h"

struct keys_channel;

struct keys_channel_events {
	/* The caller has gone; free the channel in it or later. */
	void (*ended)(void *context, struct keys_channel *channel);
};

/* What all channels count together. */
struct keys_counts {
	uint64_t signed_count;
	uint64_t refused;	/* by policy, rate, name or form */
	uint64_t failed;
};

/*
 * Serve a caller; takes the descriptor over.  store and counts outlive the
 * channel.
 */
struct keys_channel *keys_channel_new(struct loop *loop, int descriptor,
	enum process_kind caller, uint32_t number,
	const struct keys_store *store, struct keys_counts *counts,
	const struct keys_channel_events *events, void *context);
void keys_channel_free(struct keys_channel *channel);

enum process_kind keys_channel_caller(const struct keys_channel *channel);
uint32_t keys_channel_number(const struct keys_channel *channel);

#endif
