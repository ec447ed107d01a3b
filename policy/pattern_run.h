/*
 * Runs: stretches of a text whose bytes all lie in one set.  Looks only at
 * every n-th byte where it searches for n of them.
 */
#ifndef POLICY_PATTERN_RUN_H
#define POLICY_PATTERN_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/text.h"
#include "policy/pattern_class.h"

/* A set as a table, for speed. */
struct pattern_run {
	bool has[256];
};

void pattern_run_init(struct pattern_run *run,
	const struct pattern_class *set);

/*
 * The next whole run of at least least bytes (above 0) that begins at or
 * behind from; one that begins before from counts from there.
 * False where there is none.
 */
bool pattern_run_next(const struct pattern_run *run, struct text subject,
	size_t from, size_t least, size_t *start, size_t *end);

/* Where the run that ends at that place begins, not before floor. */
size_t pattern_run_start(const struct pattern_run *run, struct text subject,
	size_t end, size_t floor);

#endif
