/*
 * Numbers leased from queue in blocks (MID, ICID): the next block is asked
 * for when half of one is used up, so that sessions hardly ever wait.
 */
#ifndef LISTENERS_SMTP_ID_POOL_H
#define LISTENERS_SMTP_ID_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"

#define SMTP_ID_POOL_BLOCK 1000

struct smtp_id_block {
	uint64_t next;		/* the next number to give */
	uint64_t left;
};

struct smtp_id_pool {
	struct smtp_id_block current;
	struct smtp_id_block following;
	bool is_asked;		/* a lease is under way */
};

/* The next number; ERROR_AGAIN while there is none. */
int smtp_id_pool_take(struct smtp_id_pool *pool, uint64_t *out) MUST_CHECK;
/* Whether to ask for a block now. */
bool smtp_id_pool_needs_block(const struct smtp_id_pool *pool);
/* ERROR_STATE: not asked for, or more than two blocks; it is not used. */
int smtp_id_pool_add(struct smtp_id_pool *pool, uint64_t first,
	uint32_t count) MUST_CHECK;

#endif
