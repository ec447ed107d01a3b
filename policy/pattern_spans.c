/*
 * Spans of places.
 */
#include "policy/pattern_spans.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

#define SPANS_START 16
#define SPANS_MAX 16384
/* Spans so near to each other cost less as one. */
#define GAP 16

void
pattern_spans_reset(struct pattern_spans *spans)
{
	spans->count = 0;
	spans->is_disordered = false;
}

void
pattern_spans_clear(struct pattern_spans *spans)
{
	free(spans->spans);
	*spans = (struct pattern_spans){ 0 };
}

static int
compare(const void *a, const void *b)
{
	const struct pattern_span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Unite the last with one that does not begin before it. */
static bool
unite(struct pattern_span *last, struct pattern_span span, uint32_t gap)
{
	if (span.first < last->first ||
	    (uint64_t)span.first > (uint64_t)last->last + gap)
		return false;
	if (span.last > last->last)
		last->last = span.last;
	return true;
}

void
pattern_spans_order(struct pattern_spans *spans)
{
	size_t i, kept = 0;

	if (!spans->is_disordered)
		return;
	qsort(spans->spans, spans->count, sizeof(*spans->spans), compare);
	for (i = 1; i < spans->count; i++)
		if (!unite(&spans->spans[kept], spans->spans[i], GAP))
			spans->spans[++kept] = spans->spans[i];
	spans->count = kept + 1;
	spans->is_disordered = false;
}

/* Room for one more, by making two of them one where there are too many. */
static void
make_room(struct pattern_spans *spans)
{
	size_t i;

	if (spans->count < spans->size)
		return;
	if (spans->size < SPANS_MAX) {
		spans->size = spans->size == 0 ? SPANS_START :
		    spans->size * 2;
		spans->spans = memory_resize(spans->spans, spans->size,
		    sizeof(*spans->spans));
		return;
	}
	pattern_spans_order(spans);
	for (i = 0; i + 1 < spans->count; i += 2) {
		spans->spans[i / 2] = spans->spans[i];
		(void)unite(&spans->spans[i / 2], spans->spans[i + 1],
		    UINT32_MAX);
	}
	if (i < spans->count)
		spans->spans[i / 2] = spans->spans[i];
	spans->count = (spans->count + 1) / 2;
}

void
pattern_spans_add(struct pattern_spans *spans, size_t first, size_t last)
{
	const struct pattern_span span = { (uint32_t)first, (uint32_t)last };
	struct pattern_span *newest;

	if (spans->count > 0) {
		newest = &spans->spans[spans->count - 1];
		if (unite(newest, span, GAP))
			return;
		spans->is_disordered = spans->is_disordered ||
		    span.first < newest->first;
	}
	make_room(spans);
	spans->spans[spans->count++] = span;
}
