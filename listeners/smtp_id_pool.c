/*
 * Leased numbers.  smtp process.
 */
#include "listeners/smtp_id_pool.h"

int
smtp_id_pool_take(struct smtp_id_pool *pool, uint64_t *out)
{
	if (pool->current.left == 0) {
		pool->current = pool->following;
		pool->following.left = 0;
	}
	if (pool->current.left == 0)
		return ERROR_AGAIN;
	*out = pool->current.next++;
	pool->current.left--;
	return 0;
}

bool
smtp_id_pool_needs_block(const struct smtp_id_pool *pool)
{
	return !pool->is_asked && pool->following.left == 0 &&
	    pool->current.left < SMTP_ID_POOL_BLOCK / 2;
}

int
smtp_id_pool_add(struct smtp_id_pool *pool, uint64_t first, uint32_t count)
{
	struct smtp_id_block block = { .next = first, .left = count };

	if (!pool->is_asked || pool->following.left > 0 || first == 0 ||
	    count == 0 || first > UINT64_MAX - count)
		return ERROR_STATE;
	pool->is_asked = false;
	if (pool->current.left == 0)
		pool->current = block;
	else
		pool->following = block;
	return 0;
}
