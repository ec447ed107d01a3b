/*
 * Facts that the DNS knows about a client: whether its address is on a list,
 * and what its verified names are.  One question, one answer, within one
 * time; a failure is never taken for a "no".
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_FACT_H
#define GATEWAY_LOOKUP_LOOKUP_FACT_H

#include <stdint.h>

#include "gateway/base/loop.h"
#include "gateway/lookup/lookup_resolver.h"
#include "gateway/protocol/frame_fact.h"

struct lookup_fact;

/* What questions share; borrowed. */
struct lookup_fact_setting {
	struct loop *loop;
	struct lookup_resolver *resolver;
	int64_t timeout_ms;	/* of a whole question */
};

/*
 * The question with its answer, KNOWN or UNKNOWN with a reason; borrowed
 * until return, the question is gone afterwards.
 */
typedef void (*lookup_fact_answered)(void *context,
	const struct frame_fact *answer);

/*
 * Ask; the callback comes once, later, from the loop.  What question points
 * to is copied.
 */
struct lookup_fact *lookup_fact_ask(const struct lookup_fact_setting *setting,
	const struct frame_fact *question, lookup_fact_answered callback,
	void *context);
/* The answer is no longer wanted; no callback. */
void lookup_fact_drop(struct lookup_fact *fact);

#endif
