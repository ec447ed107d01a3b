/*
 * The texts of a message: of each leaf by every charset that is plausible,
 * HTML as it is written and as it is seen.
 */
#ifndef POLICY_FILTER_TEXT_H
#define POLICY_FILTER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "policy/filter_content.h"

/*
 * Counting matches over texts: views of one content count once, by the one
 * that has the most.  All zero at first; the texts in their order.
 */
struct filter_text_count {
	size_t total;	/* of all contents so far */
	size_t number;	/* the content at hand */
	size_t best;	/* of its views */
};
void filter_text_count_add(struct filter_text_count *count,
	const struct filter_text *text, size_t matches);

#endif
