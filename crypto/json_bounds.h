/*
 * Whether a JSON text may be given to a parser that builds a tree: the size
 * of a tree has nothing to do with the bytes it comes from ("[[[[").
 */
#ifndef CRYPTO_JSON_BOUNDS_H
#define CRYPTO_JSON_BOUNDS_H

#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/*
 * Count brackets, colons and commas outside of strings, and levels.
 * ERROR_LIMIT: more than signs_max or depth_max.
 */
int json_bounds_check(struct text json, size_t signs_max, size_t depth_max)
	MUST_CHECK;

#endif
