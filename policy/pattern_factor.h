/*
 * What every match of a pattern must hold: one of some literals, or a run of
 * bytes of one set; and how far before it the match may begin.  Where it is
 * not found, nothing matches.
 */
#ifndef POLICY_PATTERN_FACTOR_H
#define POLICY_PATTERN_FACTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/pattern_class.h"
#include "policy/pattern_shape.h"

#define PATTERN_FACTOR_PIECES 48
#define PATTERN_LITERAL_MAX 16

/* A literal where len is not 0, else a run of at least run bytes. */
struct pattern_factor_piece {
	char bytes[PATTERN_LITERAL_MAX];
	size_t len;
	bool ignore_case;	/* then bytes are in lower case */
	struct pattern_class set;
	size_t run;
	/* Bytes of a match before it, SIZE_MAX: without end, and of what. */
	size_t before_min, before_max;
	struct pattern_class before;
};

struct pattern_factor {
	struct pattern_factor_piece pieces[PATTERN_FACTOR_PIECES];
	size_t count;
};

/*
 * The cheapest factor of a pattern.  ERROR_NOT_FOUND where there is none, or
 * none that is rare enough to be worth a search.
 */
int pattern_factor_find(const struct pattern_shape *shape,
	struct pattern_factor *out) MUST_CHECK;

#endif
