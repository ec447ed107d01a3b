/*
 * Smart identifiers: numbers that a pattern alone cannot tell from others,
 * because a check digit or ranges decide.  Named in place of a pattern:
 * *aba, *credit, *cusip, *iban, *ssn.
 */
#ifndef POLICY_SMART_IDENTIFIER_H
#define POLICY_SMART_IDENTIFIER_H

#include <stddef.h>

#include "gateway/base/text.h"

struct smart_identifier {
	const char *name;
	const char *help;
	/* A pattern of ASCII that matches at the beginning of each. */
	const char *form;
	/* Bytes of one at the beginning of rest, 0 where there is none. */
	size_t (*match)(struct text rest);
};

/* Walk the table; NULL at the end. */
const struct smart_identifier *smart_identifier_at(size_t index);
/* By name without regard to case; NULL where there is none. */
const struct smart_identifier *smart_identifier_find(struct text name);

/*
 * The first that begins at from, ..., last; empty (data NULL) where there is
 * none.  Behind one the search goes on where it ends.
 */
struct text smart_identifier_next(const struct smart_identifier *identifier,
	struct text t, size_t from, size_t last);

/*
 * Count them in a text, up to most.  One begins and ends where a word does;
 * every beginning is tried, so that none hides behind a longer run of
 * digits.
 *   *first   the first of them; unchanged where there is none
 */
size_t smart_identifier_count(const struct smart_identifier *identifier,
	struct text t, size_t most, struct text *first);

#endif
