/*
 * A child that opens one envelope and ends with it.
 */
#ifndef CRYPTO_UNSEAL_UNSEAL_CHILD_H
#define CRYPTO_UNSEAL_UNSEAL_CHILD_H

#include <stdint.h>

#include "gateway/base/loop.h"
#include "gateway/protocol/frame_unseal.h"

#define UNSEAL_CHILD_MS 20000

struct unseal_child;

/* What a child is given; the parent's memory, copied by fork(). */
struct unseal_child_order {
	uint8_t key_share[FRAME_KEY_SHARE_LEN];
	struct text header;
	struct text share;
	uint64_t payload_size;
	int payload;		/* a descriptor; stays the caller's */
	uint32_t part;
	struct text parts_path;
	/* In the child, before anything is read: overwrite the rest. */
	void (*forget)(void *context);
	void *context;
};

struct unseal_child_events {
	/*
	 * It has ended.  descriptor: the sealed answer, given away, or -1
	 * where the outcome is not OK.  Free the child in it or later.
	 */
	void (*ended)(void *context, const struct frame_unseal *answer,
		int descriptor);
};

/* ERROR_SYSTEM: it could not be started. */
int unseal_child_new(struct loop *loop,
	const struct unseal_child_order *order,
	const struct unseal_child_events *events, void *context,
	struct unseal_child **out) MUST_CHECK;
/* Kills it if it still runs.  NULL is allowed. */
void unseal_child_free(struct unseal_child *child);

#endif
