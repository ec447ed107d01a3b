/*
 * A text of message filters, taken apart: its filters with their names, and
 * which bytes belong to which.
 */
#ifndef POLICY_FILTER_SCRIPT_H
#define POLICY_FILTER_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "policy/filter_mistake.h"
#include "policy/filter_syntax.h"

#define FILTER_SCRIPT_FILTERS_MAX 1000

struct filter_script_filter {
	struct text name;
	bool is_active;
	struct filter_node *node;	/* its own tree */
	/*
	 * Bytes of the source, without a gap: blank lines and comments that
	 * belong to no filter, then this filter with the comment lines right
	 * above it and what stands behind it on its last line.
	 */
	struct text before;
	struct text body;
	size_t sign;		/* offset of its ":" or "!" in body */
};

struct filter_script {
	struct text source;
	struct filter_script_filter *filters;
	size_t count;
	struct text behind;	/* what stands behind the last one */
};

/*
 * Parse UTF-8 without control characters.  Names are 1 to 64 bytes, differ
 * (case does not count) and are no word of the language; what rules and
 * actions mean is not looked at.  The result lies in the arena and borrows
 * source.  ERROR_MALFORMED with the mistake; ERROR_LIMIT where the arena is
 * full.
 */
int filter_script_parse(struct text source, struct arena *arena,
	struct filter_script *out, struct filter_mistake *mistake)
	MUST_CHECK;

/* Its place, from 0, by name; script->count where there is none. */
size_t filter_script_find(const struct filter_script *script,
	struct text name);

#endif
