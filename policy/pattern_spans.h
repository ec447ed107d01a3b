/*
 * Where the matches of one pattern may begin: spans of places in a text.
 */
#ifndef POLICY_PATTERN_SPANS_H
#define POLICY_PATTERN_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern_span {
	uint32_t first, last;	/* both are places to try */
};

struct pattern_spans {
	struct pattern_span *spans;
	size_t count, size;
	bool is_disordered;
};

/* Forget all; the memory stays. */
void pattern_spans_reset(struct pattern_spans *spans);
void pattern_spans_clear(struct pattern_spans *spans);

/*
 * Add one.  Those that touch become one, and so do neighbours where there
 * are very many: places are only ever added.
 */
void pattern_spans_add(struct pattern_spans *spans, size_t first,
	size_t last);
/* Put them in order, none over another. */
void pattern_spans_order(struct pattern_spans *spans);

#endif
