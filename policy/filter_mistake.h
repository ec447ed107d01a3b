/*
 * Mistakes in texts of the filter language.
 */
#ifndef POLICY_FILTER_MISTAKE_H
#define POLICY_FILTER_MISTAKE_H

#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* What is wrong with a text of the language, and where. */
struct filter_mistake {
	size_t offset;		/* bytes from the text's beginning */
	struct reason why;
};

/* Line and column of the place, each from 1; columns count characters. */
void filter_mistake_place(const struct filter_mistake *mistake,
	struct text source, size_t *line, size_t *column);
/*
 * The words and below them the line itself with a pointer to the place.
 * ERROR_LIMIT.
 */
int filter_mistake_print_words(const struct filter_mistake *mistake,
	struct text source, struct buffer *out) MUST_CHECK;
/*
 * "column 9: WORDS", "line 2, column 9: WORDS" where the text has lines, and
 * below it the line itself with a pointer to the place.  Columns count
 * characters from 1.  ERROR_LIMIT.
 */
int filter_mistake_print(const struct filter_mistake *mistake,
	struct text source, struct buffer *out) MUST_CHECK;

#endif
