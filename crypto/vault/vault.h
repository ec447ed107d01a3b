/*
 * The vault process: what its parts share.
 */
#ifndef CRYPTO_VAULT_VAULT_H
#define CRYPTO_VAULT_VAULT_H

#include <stdint.h>

#include "crypto/vault/vault_challenge.h"
#include "crypto/vault/vault_outbox.h"
#include "crypto/vault/vault_rate.h"
#include "crypto/vault/vault_session.h"
#include "crypto/vault/vault_store.h"
#include "gateway/base/arena.h"
#include "gateway/base/loop.h"
#include "gateway/base/map.h"
#include "gateway/config/config_snapshot.h"

struct vault_delay;

struct vault_counts {
	uint64_t registered;
	uint64_t codes_asked;
	uint64_t codes_wrong;
	uint64_t proved;
	uint64_t released;
	uint64_t refused;
	uint64_t purged;
};

struct vault {
	struct loop *loop;
	const struct ipc_identity *self;
	struct config_snapshot *snapshot;	/* a reference */
	struct vault_store *store;	/* NULL until it runs */
	struct vault_challenge_set *challenges;
	struct vault_session_set *sessions;
	struct vault_rate *rate;
	struct vault_outbox *outbox;
	struct vault_delay *delay;
	struct map *channels;		/* struct vault_channel */
	uint64_t last_serial;		/* of channels */
	struct arena *arena;		/* of the frame at hand */
	struct vault_counts counts;
};

/* The store is the owner's to open; everything else is made. */
struct vault *vault_new(struct loop *loop, const struct ipc_identity *self);
void vault_free(struct vault *vault);	/* the store, too */
/* References the snapshot. */
void vault_configure(struct vault *vault, struct config_snapshot *snapshot);
const struct config *vault_config(const struct vault *vault);

/*
 * Remove envelopes whose keys are not to be kept any longer, a bounded
 * slice; whether there may be more.
 */
bool vault_purge(struct vault *vault);

#endif
