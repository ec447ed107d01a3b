/*
 * Texts made against a pattern, from its own literals and classes: what its
 * repeats take, very often, and then something that breaks the match.
 */
#ifndef POLICY_PATTERN_HOSTILE_H
#define POLICY_PATTERN_HOSTILE_H

#include <stddef.h>

#include "gateway/base/buffer.h"
#include "policy/pattern_shape.h"

/* How many texts there are for one pattern at most. */
#define PATTERN_HOSTILE_MAX 12

/*
 * Append text number index, of about size bytes, to an empty buffer that
 * takes twice as many.  ERROR_NOT_FOUND behind the last.
 */
int pattern_hostile_make(const struct pattern_shape *shape, size_t index,
	size_t size, struct buffer *out) MUST_CHECK;

#endif
