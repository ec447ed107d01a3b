/*
 * policy/fact_text: a fact that is read is printed to a line that is read
 * again, to the same fact, and printed to the same line; a mistake has words.
 */
#include "policy/fact_text.h"

#define ARENA_MAX ((size_t)2 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_same(const struct frame_fact *a, const struct frame_fact *b)
{
	size_t i;

	require(a->kind == b->kind && a->outcome == b->outcome);
	require(text_equal(a->source, b->source));
	require(text_equal(a->subject, b->subject));
	require(text_equal(a->reason, b->reason));
	require(a->value_count == b->value_count);
	for (i = 0; i < a->value_count; i++)
		require(text_equal(a->values[i], b->values[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct buffer first, second;
	struct frame_fact fact, again;
	struct reason why = { 0 };

	/* Each byte of a word may take four. */
	buffer_init(&first, FACT_LINE_MAX);
	buffer_init(&second, FACT_LINE_MAX);
	if (fact_parse(text_of(data, size), arena, &fact, &why) != 0) {
		require(why.text[0] != '\0');
	} else {
		require(fact_print(&fact, &first) == 0);
		require(fact_parse(buffer_text(&first), arena, &again, &why)
		    == 0);
		require_same(&fact, &again);
		require(fact_print(&again, &second) == 0);
		require(text_equal(buffer_text(&first),
		    buffer_text(&second)));
	}
	buffer_clear(&first);
	buffer_clear(&second);
	arena_free(arena);
	return 0;
}
