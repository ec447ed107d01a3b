/*
 * Literals in one pass by Vectorscan, its only includer.  Literals alone:
 * whatever else it would match differently from PCRE2 stays out of it.
 */
#ifndef POLICY_PATTERN_VECTORSCAN_H
#define POLICY_PATTERN_VECTORSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "policy/pattern_literals.h"

struct pattern_vectorscan;

/* Whether configure found the library and this processor can run it. */
bool pattern_vectorscan_is_there(void);

/* Only where pattern_vectorscan_is_there(). */
struct pattern_vectorscan *pattern_vectorscan_new(void);
void pattern_vectorscan_free(struct pattern_vectorscan *vectorscan);

/* The bytes are borrowed until the database is compiled. */
void pattern_vectorscan_add(struct pattern_vectorscan *vectorscan,
	struct text literal, bool ignore_case);
/* Before the jail.  ERROR_REFUSED: it cannot take these literals. */
int pattern_vectorscan_compile(struct pattern_vectorscan *vectorscan)
	MUST_CHECK;
/* Numbers count from 0 in the order of adding. */
void pattern_vectorscan_scan(const struct pattern_vectorscan *vectorscan,
	struct text subject, pattern_literals_hit *hit, void *context);

#endif
