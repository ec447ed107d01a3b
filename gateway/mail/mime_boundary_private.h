/*
 * Inside the MIME parser: which of the open multiparts a line may belong to,
 * found in the time of one look at the line however many are open.
 */
#ifndef GATEWAY_MAIL_MIME_BOUNDARY_PRIVATE_H
#define GATEWAY_MAIL_MIME_BOUNDARY_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

#define MIME_BOUNDARY_LEVELS 64
#define MIME_BOUNDARY_BUCKETS 256

/* Sets of levels: bit n is level n of the stack.  All zero at first. */
struct mime_boundaries {
	uint64_t buckets[MIME_BOUNDARY_BUCKETS];	/* by hash */
	uint64_t longs;		/* of boundaries that are not hashed */
};

void mime_boundaries_add(struct mime_boundaries *all, struct text boundary,
	size_t level);
void mime_boundaries_remove(struct mime_boundaries *all,
	struct text boundary, size_t level);
/*
 * The levels whose boundary may stand at the beginning of t, a line behind
 * its "--"; some of them may not.
 */
uint64_t mime_boundaries_find(const struct mime_boundaries *all,
	struct text t);

#endif
