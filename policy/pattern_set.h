/*
 * Many patterns and smart identifiers, searched in one pass over a text.
 * Literals and runs that their matches must hold are found first (factors);
 * then PCRE2, or the identifier, is asked at the places where one of its
 * matches may begin, and decides: the answers are those that it would give
 * over the whole text.
 */
#ifndef POLICY_PATTERN_SET_H
#define POLICY_PATTERN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "policy/pattern.h"
#include "policy/smart_identifier.h"

struct pattern_set;

enum pattern_set_engine {
	PATTERN_SET_BEST,	/* Vectorscan where there is one */
	PATTERN_SET_LITERALS,	/* without it */
};

/* What is asked of one index, and the answer. */
struct pattern_set_hit {
	size_t most;		/* in: count no further; 0: not asked */
	size_t count;
	struct pattern_match first;	/* where count is above 0 */
	int error;		/* 0, or ERROR_LIMIT with why */
	struct reason why;
};

/* Patterns are of that space; it and they must live longer.  Never NULL. */
struct pattern_set *pattern_set_new(const struct pattern_space *space);
void pattern_set_free(struct pattern_set *set);	/* NULL is allowed */

/* Gives the index; equal patterns share theirs. */
size_t pattern_set_add(struct pattern_set *set,
	const struct pattern *pattern);
size_t pattern_set_add_identifier(struct pattern_set *set,
	const struct smart_identifier *identifier);
size_t pattern_set_count_indexes(const struct pattern_set *set);

/*
 * Once, behind the last addition and before the jail.
 * ERROR_LIMIT: they are too many together, words in why.
 */
int pattern_set_compile(struct pattern_set *set,
	enum pattern_set_engine engine, struct reason *why) MUST_CHECK;
/* Whether an index is searched for by a factor; else PCRE2 reads it all. */
bool pattern_set_has_factor(const struct pattern_set *set, size_t index);

/*
 * Which indexes may match: one byte each, 0 or 1.  Where it is 0, there is
 * no match.
 */
void pattern_set_search(struct pattern_set *set, struct text subject,
	uint8_t *may_match);

/*
 * Count the matches of all indexes with most above 0, as pattern_count() and
 * smart_identifier_count() do.  hits has one element for each index.  An
 * index that runs into a limit says so alone; one that would have run into
 * it where nothing can match is answered.
 */
void pattern_set_count(struct pattern_set *set, struct text subject,
	struct pattern_set_hit *hits);

#endif
