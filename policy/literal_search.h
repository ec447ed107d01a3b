/*
 * Many literals searched in one pass over bytes (Aho and Corasick, 1975).
 * Fed byte by byte, so that the text may be formed on its way in.
 */
#ifndef POLICY_LITERAL_SEARCH_H
#define POLICY_LITERAL_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

struct literal_search;

/* A literal that ends where the search stands. */
struct literal_hit {
	uint32_t id;	/* the caller's */
	uint32_t len;	/* bytes */
	uint32_t next;	/* for literal_search_next() */
};

struct literal_search *literal_search_new(void);	/* never NULL */
void literal_search_free(struct literal_search *search);	/* or NULL */

/*
 * Add a literal, not empty, under an id; the same under the same id counts
 * once.  All bytes of all literals together stay below 2^31.
 */
void literal_search_add(struct literal_search *search, struct text bytes,
	uint32_t id);
/* Behind the last literal, before the first step. */
void literal_search_compile(struct literal_search *search);

/* The state behind a byte; 0 is that of the beginning. */
uint32_t literal_search_step(const struct literal_search *search,
	uint32_t state, char byte);
/* The literals that end there, the longest first; false: none, no more. */
bool literal_search_first(const struct literal_search *search,
	uint32_t state, struct literal_hit *hit);
bool literal_search_next(const struct literal_search *search,
	struct literal_hit *hit);

#endif
