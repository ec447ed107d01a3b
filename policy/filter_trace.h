/*
 * Whoever wants to know how a judgement came about: told of every step, in
 * order.  Each may be NULL; none may change anything.
 */
#ifndef POLICY_FILTER_TRACE_H
#define POLICY_FILTER_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/text.h"

struct filter_call;
struct frame_splinter;

struct filter_trace {
	/* "message filters", "content filters of policy NAME" */
	void (*stage)(void *context, struct text words);
	/* A filter is asked; it is over. */
	void (*filter)(void *context, struct text name);
	void (*filter_done)(void *context, struct text name, bool has_acted);
	/*
	 * A rule was evaluated: matched is what a content rule found, failed
	 * that it ran into a limit; time of the CPU in nanoseconds.
	 */
	void (*rule)(void *context, const struct filter_call *call,
		bool truth, bool failed, struct text matched, int64_t ns);
	void (*action)(void *context, const struct filter_call *call);
	/* Recipients go on together by that policy. */
	void (*splinter)(void *context,
		const struct frame_splinter *splinter);
	void *context;
};

#endif
