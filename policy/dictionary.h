/*
 * Dictionaries: weighted terms, and what a text scores by them.  The score
 * is the sum of the weights of all matches; matches of one term do not
 * overlap, those of different terms may.
 */
#ifndef POLICY_DICTIONARY_H
#define POLICY_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/config/config.h"
#include "policy/dictionary_term.h"
#include "policy/pattern.h"

struct dictionary;

/* A mistake in a term: its line in the file, or its place in the list. */
typedef void (*dictionary_tell)(void *context, size_t number,
	const char *words);

/*
 * Compile the terms of a section, which must live as long, as must the
 * space.  NULL where tell was called.  Before the jail where it may look at
 * looks (skeleton_prepare()).
 */
struct dictionary *dictionary_new(const struct config_dictionary *from,
	struct pattern_space *space, dictionary_tell tell, void *context);
void dictionary_free(struct dictionary *dictionary);	/* NULL is allowed */
/* Tell of each pattern that pattern_check() refuses; whether there is none. */
bool dictionary_check(const struct dictionary *dictionary,
	dictionary_tell tell, void *context);
/*
 * Make patterns quick, and search for all of them in one pass over a text:
 * see pattern_accelerate().  Scores stay what they are.
 */
void dictionary_accelerate(struct dictionary *dictionary);

struct text dictionary_name(const struct dictionary *dictionary);
const struct dictionary_term *dictionary_terms(
	const struct dictionary *dictionary, size_t *count);

/*
 * The score of a text, or a score of at least most (above 0) where it is
 * that high.  Words are found
 *   - whatever their case, unless the dictionary says otherwise (simple case
 *     folding, Unicode 5.18),
 *   - in a dictionary of whole words only where a word begins and ends, and
 *     there also where other characters look like them (UTS 39), invisible
 *     ones stand between them, or a domain is written in ASCII (xn--).
 *
 *   *first   a match; unchanged where there is none
 * ERROR_LIMIT with words in why: a pattern ran into a limit, or more than a
 * million terms, and 16 a byte, overlap.
 */
int dictionary_score(const struct dictionary *dictionary, struct text text,
	uint64_t most, uint64_t *score, struct text *first,
	struct reason *why) MUST_CHECK;

/* How often the last dictionary_score() counted that term. */
size_t dictionary_matches(const struct dictionary *dictionary, size_t term);

#endif
