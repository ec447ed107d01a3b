/*
 * One message while filters judge it: what rules look at and actions write
 * to.
 */
#ifndef POLICY_FILTER_JUDGE_H
#define POLICY_FILTER_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/mail/envelope.h"
#include "gateway/protocol/frame_judge.h"
#include "policy/filter_message.h"

struct filter_judge {
	const struct config *config;
	const struct envelope *envelope;
	struct filter_message message;
	struct arena *arena;
	struct frame_disposition *out;
	struct text filter_name;	/* at work */
	struct text matched;		/* what its last content rule found */
	bool has_acted;			/* an action of this filter was done */
	bool is_final;			/* a final action was done */
	struct reason why;		/* of an error */
};

#endif
