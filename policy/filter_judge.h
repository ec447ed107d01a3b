/*
 * One message, or one splinter of it, while filters judge it: what rules
 * look at and actions write to.
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
#include "policy/fact.h"
#include "policy/filter_message.h"

struct filter_bodies;
struct filter_search;
struct filter_trace;

struct filter_judge {
	const struct config *config;
	const struct envelope *envelope;	/* of this splinter */
	struct fact_table facts;
	struct text original;		/* the message as it came */
	struct filter_message message;
	struct arena *arena;
	struct frame_splinter *out;
	struct frame_disposition *disposition;	/* log entries, made */
	struct filter_bodies *bodies;	/* those of the disposition */
	size_t splinter;		/* from 1; 0: message filters, which
					   judge for all of them */
	size_t made_by_message;		/* of disposition->made: by message
					   filters */
	uint8_t passes;			/* as in struct frame_judge */
	const struct filter_trace *trace;	/* or NULL */
	struct filter_search *search;	/* of the set; or NULL */
	struct text filter_name;	/* at work */
	struct text matched;		/* what its last content rule found */
	bool has_acted;			/* an action of this filter was done */
	bool is_final;			/* no further filter of any list */
	bool is_list_over;		/* no further filter of this list */
	struct reason why;		/* of an error */
};

#endif
