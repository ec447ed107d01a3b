/*
 * What in a pattern is known to be slow, before it is ever run.
 */
#ifndef POLICY_PATTERN_LINT_H
#define POLICY_PATTERN_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/pattern_shape.h"

struct pattern_lint {
	const char *words;	/* as in "it has ..." */
	size_t offset;		/* in the source of the pattern */
	bool is_certain;	/* slow on some text, whatever a clock says */
};

/*
 * The worst that is found: repeats within repeats that share their text,
 * alternatives of a repeat that match the same, repeats in a row, very long
 * bounded ones, beginnings without bound.  False where there is nothing.
 */
bool pattern_lint_find(const struct pattern_shape *shape,
	struct pattern_lint *out);

#endif
