/*
 * policy/pattern_shape and pattern_set: whatever pattern PCRE2 takes, its
 * shape allows what PCRE2 finds, and a set gives the answers that PCRE2 gives
 * over the whole text.  A line of the input is the pattern, the rest is the
 * text.
 */
#include <string.h>

#include "policy/pattern_private.h"
#include "policy/pattern_set.h"
#include "policy/pattern_shape.h"

#define SOURCE_MAX 256
#define INPUT_MAX 4096
#define MOST 1000
#define BUDGET_MS 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was found is as long as the shape says, and of its bytes. */
static void
check_shape(const struct pattern *pattern, struct text found)
{
	struct pattern_shape *shape = NULL;
	const struct pattern_node *root;
	size_t i;

	if (pattern_shape_new(pattern_source(pattern),
	    pattern_ignores_case(pattern), &shape) != 0)
		return;
	root = &shape->nodes[0];
	/* \K leaves its beginning out. */
	if (text_find(pattern_source(pattern), TEXT("\\K")) ==
	    pattern_source(pattern).len) {
		require(found.len >= root->width_min);
		require(found.len <= root->width_max);
		require(found.len == 0 || pattern_class_has(&root->head,
		    (unsigned char)found.data[0]));
	}
	for (i = 0; i < found.len; i++)
		require(pattern_class_has(&root->set,
		    (unsigned char)found.data[i]));
	pattern_shape_free(shape);
}

static void
check_set(struct pattern_space *space, const struct pattern *pattern,
	struct text subject, enum pattern_set_engine engine)
{
	struct pattern_set *set = pattern_set_new(space);
	struct pattern_set_hit hit = { .most = MOST };
	struct pattern_match first = { 0 };
	struct reason why = { 0 };
	size_t count = 0;
	int error;

	require(pattern_set_add(set, pattern) == 0);
	require(pattern_set_compile(set, engine, &why) == 0);
	pattern_space_allow(space, BUDGET_MS);
	error = pattern_count(pattern, subject, MOST, &count, &first, &why);
	pattern_space_allow(space, BUDGET_MS);
	pattern_set_count(set, subject, &hit);
	if (error == 0 && hit.error == 0) {
		require(hit.count == count);
		require(count == 0 || (hit.first.start == first.start &&
		    hit.first.end == first.end));
	}
	if (error == 0 && count > 0)
		check_shape(pattern, text_slice(subject, first.start,
		    first.end - first.start));
	pattern_set_free(set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(size == 0 ? (const void *)"" : data,
	    size), source;
	struct pattern_space *space;
	struct pattern *pattern = NULL;
	struct reason why = { 0 };
	size_t line = text_find_byte(input, '\n'), offset;

	if (size > INPUT_MAX || line > SOURCE_MAX)
		return 0;
	source = text_slice(input, 0, line);
	space = pattern_space_new();
	if (pattern_new(space, source, size % 2 == 0, &pattern, &offset,
	    &why) == 0)
		check_set(space, pattern, text_skip(input, line + 1),
		    size % 3 == 0 ? PATTERN_SET_BEST : PATTERN_SET_LITERALS);
	else
		require(offset <= source.len && why.text[0] != '\0');
	pattern_free(pattern);
	pattern_space_free(space);
	return 0;
}
