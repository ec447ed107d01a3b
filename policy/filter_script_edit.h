/*
 * Changes to a text of message filters: what is not meant stays as it is
 * written, comments and blank lines too.
 */
#ifndef POLICY_FILTER_SCRIPT_EDIT_H
#define POLICY_FILTER_SCRIPT_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "policy/filter_script.h"

/* Filters first to end - 1, from 0; never empty. */
struct filter_range {
	size_t first;
	size_t end;
};

/*
 * Which filters a person means: a number from 1, a range "2-5", a name or
 * "all".  ERROR_NOT_FOUND with words in why.
 */
int filter_range_parse(const struct filter_script *script, struct text which,
	struct filter_range *out, struct reason *why) MUST_CHECK;
/*
 * A place among filters: *place is that of the filter in front of which it
 * is, or their count.  A name means in front of that filter, "last" behind
 * them all; a number from 1 is what the first one that comes there has
 * afterwards: moved, which may be NULL, leaves its old place.
 */
int filter_place_parse(const struct filter_script *script, struct text where,
	const struct filter_range *moved, size_t *place, struct reason *why)
	MUST_CHECK;

/* Each appends the whole new text to out.  ERROR_LIMIT. */

/* added: the text of new filters; the first of them gets that place. */
int filter_script_insert(const struct filter_script *script, size_t place,
	struct text added, struct buffer *out) MUST_CHECK;
int filter_script_delete(const struct filter_script *script,
	struct filter_range range, struct buffer *out) MUST_CHECK;
/*
 * Move a range, keeping its order, in front of the filter that is at that
 * place now; a place in the range changes nothing.
 */
int filter_script_move(const struct filter_script *script,
	struct filter_range range, size_t place, struct buffer *out)
	MUST_CHECK;
int filter_script_activate(const struct filter_script *script,
	struct filter_range range, bool is_active, struct buffer *out)
	MUST_CHECK;

#endif
