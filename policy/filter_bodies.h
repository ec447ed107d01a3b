/*
 * The bodies that filters changed or made for one message: each once, one
 * after the other, as a disposition carries them.
 */
#ifndef POLICY_FILTER_BODIES_H
#define POLICY_FILTER_BODIES_H

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/protocol/frame_judge.h"
#include "policy/filter_message.h"

struct filter_bodies {
	struct buffer *bytes;	/* all of them */
	struct arena *arena;
	struct frame_body *list;
	size_t count;
};

/* bytes is the caller's, and sets how much there may be. */
void filter_bodies_init(struct filter_bodies *bodies, struct buffer *bytes,
	struct arena *arena);
/*
 * Add one, unless an equal one is there; *number is from 1.  ERROR_LIMIT:
 * too many or too large together.
 */
int filter_bodies_add(struct filter_bodies *bodies, struct text body,
	uint32_t *number) MUST_CHECK;
/* The same with a message as it is now; 0 where it is as it came. */
int filter_bodies_add_message(struct filter_bodies *bodies,
	const struct filter_message *message, struct text original,
	uint32_t *number) MUST_CHECK;

#endif
