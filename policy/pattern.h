/*
 * Regular expressions over UTF-8 (PCRE2; its only includer), every match
 * within limits: what runs out of them is an error, never "no match".
 */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* What all patterns of one set share: limits and memory of matching. */
struct pattern_space;
struct pattern;

struct pattern_match {
	size_t start;	/* offset in the subject */
	size_t end;	/* behind it */
};

struct pattern_space *pattern_space_new(void);	/* never NULL */
void pattern_space_free(struct pattern_space *space);	/* NULL is allowed */
/*
 * All matching from now to the next call may take that long together; then
 * each further match is ERROR_LIMIT.  0: no end, as at first.  The clock is
 * only looked at between slices of long subjects.
 */
void pattern_space_allow(struct pattern_space *space, int64_t budget_ms);

/*
 * Compile.  "(*SLOW)" in front allows what pattern_check() would refuse.
 * Bytes of a subject that are not UTF-8 match nothing; lines end
 * in CRLF, LF or CR.  The space must live longer than the pattern.
 *   *offset   where in source a mistake is
 * ERROR_MALFORMED with words in why; callouts, \C and \G are mistakes too.
 */
int pattern_new(struct pattern_space *space, struct text source,
	bool ignore_case, struct pattern **out, size_t *offset,
	struct reason *why) MUST_CHECK;
void pattern_free(struct pattern *pattern);	/* NULL is allowed */

/*
 * Translate to machine code where the system can do it, and where that keeps
 * to the limits: machine code does not count the steps of simple repeats, so
 * a pattern that they let try one place in very many ways is interpreted.
 * Only where executable pages may still be made: before the jail.
 */
void pattern_accelerate(struct pattern *pattern);

/*
 * The first match at or behind from.  ERROR_NOT_FOUND: there is none.
 * ERROR_LIMIT: it cost too much to find out; words in why.
 */
int pattern_find(const struct pattern *pattern, struct text subject,
	size_t from, struct pattern_match *out, struct reason *why)
	MUST_CHECK;

/*
 * Where to look for the match behind this one, which was found from there:
 * always further, also behind an empty match or one that \K drew back.
 */
size_t pattern_next(struct text subject, size_t from,
	const struct pattern_match *match);

/*
 * Count matches that do not overlap, up to most.
 *   *first   the first of them; unchanged where there is none
 * ERROR_LIMIT as above.
 */
int pattern_count(const struct pattern *pattern, struct text subject,
	size_t most, size_t *count, struct pattern_match *first,
	struct reason *why) MUST_CHECK;

#endif
