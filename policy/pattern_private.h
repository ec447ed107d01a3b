/*
 * Inside patterns: for those who search several of them at once.
 */
#ifndef POLICY_PATTERN_PRIVATE_H
#define POLICY_PATTERN_PRIVATE_H

#include "policy/pattern.h"
#include "policy/pattern_shape.h"

/* What is known of a subject. */
enum pattern_subject {
	PATTERN_SUBJECT_ANY,
	PATTERN_SUBJECT_UTF8,	/* it is valid throughout */
	PATTERN_SUBJECTS,
};

/*
 * As pattern_find(), for matches that begin at from, ..., last: the same
 * that pattern_find() finds where no match begins between from and these.
 */
int pattern_find_within(const struct pattern *pattern, struct text subject,
	size_t from, size_t last, enum pattern_subject known,
	struct pattern_match *out, struct reason *why) MUST_CHECK;

/* Its text without prefix, and whether case is ignored all over. */
struct text pattern_source(const struct pattern *pattern);
bool pattern_ignores_case(const struct pattern *pattern);
/* Whether this stood before it. */
#define PATTERN_SLOW_PREFIX "(*SLOW)"
bool pattern_may_be_slow(const struct pattern *pattern);

#endif
