/*
 * Many literals, found in one pass over a text: by Vectorscan where it was
 * configured and wanted, else by an automaton of Aho and Corasick.
 */
#ifndef POLICY_PATTERN_LITERALS_H
#define POLICY_PATTERN_LITERALS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct pattern_literals;

/* A literal stands before end; id is what pattern_literals_add() gave. */
typedef void pattern_literals_hit(void *context, size_t id, size_t end);

struct pattern_literals *pattern_literals_new(void);	/* never NULL */
void pattern_literals_free(struct pattern_literals *literals);

/*
 * Add a literal, not empty; with ignore_case in lower case, and found in any
 * case of ASCII.  Gives its number; equal ones share theirs.
 */
size_t pattern_literals_add(struct pattern_literals *literals,
	struct text literal, bool ignore_case);
size_t pattern_literals_count(const struct pattern_literals *literals);

/*
 * Make them ready to be searched; none may be added after that.
 * ERROR_LIMIT: they are too many or too long together, words in why.
 */
int pattern_literals_compile(struct pattern_literals *literals,
	bool use_vectorscan, struct reason *why) MUST_CHECK;

/*
 * Tell every place where a literal ends, from the first to the last.
 *   has_folding   U+017F counts as s, U+212A as k, in a pass before that
 */
void pattern_literals_scan(const struct pattern_literals *literals,
	struct text subject, bool has_folding, pattern_literals_hit *hit,
	void *context);

#endif
