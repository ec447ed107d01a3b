/*
 * What a pattern may cost: looked at, and timed on texts made against it,
 * when a configuration is loaded.
 */
#ifndef POLICY_PATTERN_COST_H
#define POLICY_PATTERN_COST_H

#include "policy/pattern.h"

/* More than that of CPU time for each KB of text is refused. */
#define PATTERN_COST_MAX_US 1000

/*
 * The cost in microseconds for each KB of the worst of the texts made against
 * a pattern, interpreted and under its limits; of three runs the quickest
 * counts.  ERROR_LIMIT where it ran into a limit, with words in why.
 */
int pattern_cost_measure(const struct pattern *pattern, int64_t *us_per_kb,
	struct reason *why) MUST_CHECK;

/*
 * Whether a pattern may be used.  ERROR_REFUSED with what to do about it in
 * why, unless "(*SLOW)" stands in front of it.
 *   *offset   in the text that pattern_new() had, where that is known; else
 *             0
 */
int pattern_check(const struct pattern *pattern, size_t *offset,
	struct reason *why) MUST_CHECK;

#endif
