/*
 * The unseal process: keys and envelopes meet under their tickets, and each
 * pair is opened by a child of its own.  The parent reads neither.
 */
#ifndef CRYPTO_UNSEAL_UNSEAL_H
#define CRYPTO_UNSEAL_UNSEAL_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/ipc.h"
#include "gateway/base/loop.h"
#include "gateway/protocol/frame_unseal.h"

#define UNSEAL_TICKET_MS 30000	/* what stays alone is forgotten */
#define UNSEAL_TICKETS_MAX 512
#define UNSEAL_ASKS_MAX 64	/* each holds an envelope */
#define UNSEAL_CHILDREN_MAX 4

struct unseal;

struct unseal_counts {
	uint64_t opened;
	uint64_t damaged;
	uint64_t later;
	uint64_t killed;
};

/*
 * Answers go to answer(): the descriptor is given away, -1 unless OK.
 * serial is the channel's, as unseal_ask() was told it.
 */
typedef void (*unseal_answer_callback)(void *context, uint64_t serial,
	const struct frame_unseal *answer, int descriptor);

struct unseal *unseal_new(struct loop *loop, unseal_answer_callback answer,
	void *context);
/* Kills what is under way. */
void unseal_free(struct unseal *unseal);

/* A key from vault; copied. */
void unseal_key(struct unseal *unseal, const struct frame_unseal_key *key);
/* A question of portal; copied, the payload's descriptor taken over. */
void unseal_ask(struct unseal *unseal, uint64_t serial,
	const struct frame_unseal_ask *ask, int descriptor);
/* Nobody waits for the answers of this channel any more. */
void unseal_forget_channel(struct unseal *unseal, uint64_t serial);

size_t unseal_waiting(const struct unseal *unseal);
const struct unseal_counts *unseal_counts(const struct unseal *unseal);

#endif
