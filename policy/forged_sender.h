/*
 * How much a sender's name resembles names that are worth forging.
 *
 * Two names are compared by their words in alphabetical order, folded and
 * reduced to their looks (gateway/mail/skeleton.h): 100 * (1 - d / n), where
 * d is the edit distance (Levenshtein) and n the length of the longer one,
 * both in characters; the best of the forms counts.  100: the same to the
 * eye, whatever the case and the order of words.
 */
#ifndef POLICY_FORGED_SENDER_H
#define POLICY_FORGED_SENDER_H

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "policy/dictionary.h"

#define FORGED_SENDER_PERCENT 100
/* Characters of a name that are compared. */
#define FORGED_SENDER_NAME_MAX 64

struct forged_sender;

/*
 * Take the words of a dictionary as names; patterns and identifiers are
 * none.  Everything lies in the arena.  ERROR_NOT_FOUND: it has no names;
 * ERROR_LIMIT: the arena is full.
 */
int forged_sender_new(const struct dictionary *dictionary,
	struct arena *arena, const struct forged_sender **out) MUST_CHECK;

/*
 * How much a name resembles any of them, 0 to 100; what is certainly below
 * least may be given as 0.
 */
unsigned int forged_sender_compare(const struct forged_sender *names,
	struct text name, unsigned int least);

#endif
