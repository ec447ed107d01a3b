/*
 * A trace that remembers: the steps of one judgement, in order.
 */
#ifndef POLICY_TRACE_RECORD_H
#define POLICY_TRACE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/text.h"
#include "policy/filter_trace.h"

/* Of one judgement; what goes beyond is counted only. */
#define TRACE_STEPS_MAX 200000
#define TRACE_MATCHED_MAX 200	/* bytes of what a rule found */

enum trace_step_kind {
	TRACE_STAGE,
	TRACE_FILTER,
	TRACE_RULE,
	TRACE_ACTION,
	TRACE_FILTER_DONE,
	TRACE_SPLINTER,
};

struct trace_step {
	uint8_t kind;		/* enum trace_step_kind */
	bool truth;		/* RULE: its value; FILTER_DONE: it acted */
	bool failed;		/* RULE: ran into a limit */
	struct text words;	/* stage, filter's name, rule, action; of a
				   splinter the mail policy */
	struct text matched;	/* RULE */
	int64_t ns;		/* RULE: time of the CPU */
	size_t recipients;	/* SPLINTER */
};

struct trace_record {
	struct arena *arena;
	struct trace_step *steps;
	size_t count;
	size_t room;
	size_t lost;		/* steps that found no room */
	struct filter_trace trace;	/* to be given to a judgement */
};

/* The record must stay where it is while it is used. */
void trace_record_init(struct trace_record *record, struct arena *arena);

#endif
