/*
 * Sets of bytes of which the characters of a class may consist: never fewer
 * than PCRE2 takes in our mode (UTF, Unicode properties), sometimes more.
 */
#ifndef POLICY_PATTERN_CLASS_H
#define POLICY_PATTERN_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct pattern_class {
	uint64_t bits[4];
	/* Among ASCII it holds just what is matched. */
	bool is_exact;
};

void pattern_class_add(struct pattern_class *class, unsigned int from,
	unsigned int to);
void pattern_class_unite(struct pattern_class *class,
	const struct pattern_class *other);
bool pattern_class_has(const struct pattern_class *class,
	unsigned char byte);
bool pattern_class_overlaps(const struct pattern_class *a,
	const struct pattern_class *b);
bool pattern_class_equal(const struct pattern_class *a,
	const struct pattern_class *b);
/* Whether it holds no byte over 127. */
bool pattern_class_is_ascii(const struct pattern_class *class);
/* Both cases of each letter, and what folds to k and s: U+212A, U+017F. */
void pattern_class_fold(struct pattern_class *class);
/* All bytes. */
struct pattern_class pattern_class_all(void);
/* The bytes that characters over 127 consist of. */
struct pattern_class pattern_class_high(void);

/*
 * The share of bytes of common text that lie in it, 0 to 1: a guess, which
 * decides about speed alone.
 */
double pattern_class_frequency(const struct pattern_class *class);

/* Of an escape such as \d by its letter.  ERROR_NOT_FOUND for others. */
int pattern_class_escape(char letter, struct pattern_class *out) MUST_CHECK;

/*
 * The character of an escape at the beginning of rest (a backslash): \n, \x41,
 * \x{41}, \. and the like.
 *   *len   bytes of the escape
 * ERROR_NOT_FOUND for an escape that is none of them.
 */
int pattern_class_character(struct text rest, size_t *len, uint32_t *point)
	MUST_CHECK;

/*
 * A class in brackets at the beginning of rest.
 *   *len   its bytes
 * ERROR_NOT_FOUND for one that is not understood.
 */
int pattern_class_parse(struct text rest, bool ignore_case, size_t *len,
	struct pattern_class *out) MUST_CHECK;

#endif
