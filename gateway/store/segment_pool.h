/*
 * Zero-filled and used files kept ready to become segments.
 *
 * Filling 16 MB with zeros takes tens of milliseconds, as long as removing
 * them; a forked helper does both beside the process that commits.
 */
#ifndef GATEWAY_STORE_SEGMENT_POOL_H
#define GATEWAY_STORE_SEGMENT_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/base/error.h"
#include "gateway/store/segment_directory.h"

struct segment_pool {
	const struct segment_directory *directory;
	uint32_t size;		/* bytes of each file */
	uint32_t want;		/* files to keep */
	uint32_t *numbers;	/* want of them at most */
	uint32_t count;
	uint32_t next;		/* number for the next file */
	bool drops;		/* there are drop-N to remove */
	pid_t helper;		/* 0: none */
	uint32_t making;	/* what the helper fills; 0: it removes */
	int64_t rest_until_ms;	/* no helper before, after a failure */
};

/*
 * Take stock.  Files of another size and beyond want are removed.
 * names: what segment_directory_list() gave.
 */
void segment_pool_open(struct segment_pool *pool,
	const struct segment_directory *directory, uint32_t size,
	uint32_t want, const struct segment_name *names, size_t count);
void segment_pool_close(struct segment_pool *pool);

uint32_t segment_pool_ready(const struct segment_pool *pool);

/*
 * Turn a file into to, make the name durable, give an open descriptor.  An
 * empty pool fills one here and now.  ERROR_SYSTEM: most likely no space.
 */
int segment_pool_take(struct segment_pool *pool, struct segment_name to)
	MUST_CHECK;
/*
 * A file of size bytes comes back; one of another size, or one too many,
 * is removed.  Durable on return.  ERROR_SYSTEM.
 */
int segment_pool_give(struct segment_pool *pool, struct segment_name from,
	uint64_t size) MUST_CHECK;

/* See what the helper did, start it where there is work.  Never waits. */
void segment_pool_fill(struct segment_pool *pool);

#endif
