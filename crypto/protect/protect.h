/*
 * The jobs of the protect process: gathered, registered in batches, built
 * one by one, answered.
 */
#ifndef CRYPTO_PROTECT_PROTECT_H
#define CRYPTO_PROTECT_PROTECT_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/protect/protect_site.h"
#include "gateway/protocol/frame_protect.h"
#include "gateway/protocol/message_body.h"

#define PROTECT_REQUESTS_MAX 4		/* under way, all in all */
#define PROTECT_REQUESTS_ONE_MAX 2	/* to one key service */

struct protect;

struct protect_peers {
	/* Send it; the descriptor is -1 or given away. */
	void (*result)(void *context, const struct frame_protected *result,
		int descriptor);
	/* This message is being worked on; 0: none. */
	void (*in_hand)(void *context, uint64_t mid);
	/*
	 * A key service has a name whose address is not known, or where
	 * nobody answers any more.
	 */
	void (*name_stale)(void *context);
	/* Nothing is left to do. */
	void (*idle)(void *context);
};

struct protect_counts {
	uint64_t waiting;	/* now */
	uint64_t requests;	/* under way now */
	uint64_t protected_count;
	uint64_t deferred;
	uint64_t failed;
	uint64_t requests_made;
};

struct protect *protect_new(struct loop *loop,
	const struct protect_peers *peers, void *context);
void protect_free(struct protect *protect);

/* From now on; jobs at hand go on with theirs.  Takes a reference. */
void protect_configure(struct protect *protect, struct protect_site *site);

/* A job; it takes a reference of the body.  ERROR_STATE: not configured. */
int protect_take(struct protect *protect, const struct frame_protect *frame,
	struct message_body *body) MUST_CHECK;

/* Drop everything: whoever asked has gone. */
void protect_forget(struct protect *protect);
/* Begin no more requests: what is under way is finished, then idle told. */
void protect_stop(struct protect *protect);

struct protect_counts protect_count(const struct protect *protect);

#endif
