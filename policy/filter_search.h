/*
 * What rules look for in the texts of a message, all of it in one pass over
 * each text (pattern_set.h).  The answers are those of asking one by one.
 */
#ifndef POLICY_FILTER_SEARCH_H
#define POLICY_FILTER_SEARCH_H

#include "policy/filter_call.h"
#include "policy/filter_content.h"

/* What the answers about one message may take; more is asked one by one. */
#define FILTER_SEARCH_MEMORY_MAX ((size_t)16 * 1024 * 1024)

struct filter_search;

struct filter_search *filter_search_new(const struct pattern_space *space);
void filter_search_free(struct filter_search *search);	/* NULL is allowed */
/*
 * Search for this argument too, of which so many matches are enough for any
 * rule; it learns its number.
 */
void filter_search_add(struct filter_search *search,
	struct filter_bound *bound, size_t most);
/*
 * Behind the last addition, and behind pattern_accelerate() of all patterns:
 * before the jail.  Without it everything is asked one by one.
 */
void filter_search_compile(struct filter_search *search);

/*
 * Matches of a rule's argument in a text, up to most; the first of them
 * becomes judge->matched.  ERROR_LIMIT with words in judge->why.
 */
int filter_search_count(struct filter_judge *judge,
	const struct filter_bound *wanted, struct filter_text *text,
	size_t most, size_t *count) MUST_CHECK;

#endif
