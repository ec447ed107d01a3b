/*
 * Decoding of records by a shape with every kind of field.  What decodes
 * is encoded, decoded, copied and encoded again: both encodings are alike
 * and never longer than what came in.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"

struct leaf {
	uint16_t number;
	struct text name;
	const struct text *words;
	size_t word_count;
};

struct tree {
	uint8_t small;
	bool flag;
	uint32_t medium;
	uint64_t large;
	int64_t below;
	struct text title;
	uint8_t digest[4];
	struct leaf one;
	const struct leaf *leaves;
	size_t leaf_count;
	const struct text *words;
	size_t word_count;
	const struct tree *trees;
	size_t tree_count;
};

static const struct record_field leaf_fields[] = {
	RECORD_NUMBER(1, RECORD_U16, struct leaf, number),
	RECORD_TEXT_FIELD(2, struct leaf, name, 10),
	RECORD_TEXTS_FIELD(3, struct leaf, words, word_count, 4),
};
static const struct record_shape leaf_shape =
	RECORD_SHAPE(leaf, leaf_fields);

static const struct record_shape tree_shape;
static const struct record_field tree_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct tree, small),
	RECORD_NUMBER(2, RECORD_U8, struct tree, flag),
	RECORD_NUMBER(3, RECORD_U32, struct tree, medium),
	RECORD_NUMBER(4, RECORD_U64, struct tree, large),
	RECORD_NUMBER(6, RECORD_I64, struct tree, below),
	RECORD_TEXT_FIELD(7, struct tree, title, 20),
	RECORD_BYTES_FIELD(8, struct tree, digest),
	RECORD_ONE_FIELD(9, struct tree, one, &leaf_shape),
	RECORD_LIST_FIELD(10, struct tree, leaves, leaf_count, 5,
		&leaf_shape),
	RECORD_TEXTS_FIELD(11, struct tree, words, word_count, 100),
	RECORD_LIST_FIELD(12, struct tree, trees, tree_count, 3,
		&tree_shape),
};
static const struct record_shape tree_shape =
	RECORD_SHAPE(tree, tree_fields);

#define ARENA_MAX 262144

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct arena *more = arena_new((size_t)4 * ARENA_MAX);
	struct buffer first;
	struct buffer second;
	struct tree tree;
	struct tree again;
	struct tree copy;

	buffer_init(&first, size + 1);
	buffer_init(&second, size + 1);
	if (record_decode(&tree_shape, text_of(data, size), arena, &tree) ==
	    0) {
		require(record_encode(&tree_shape, &tree, &first) == 0);
		require(record_decode(&tree_shape, buffer_text(&first), more,
			&again) == 0);
		require(record_copy(&tree_shape, &again, more, &copy) == 0);
		require(record_encode(&tree_shape, &copy, &second) == 0);
		require(text_equal(buffer_text(&first),
			buffer_text(&second)));
	}
	buffer_clear(&first);
	buffer_clear(&second);
	arena_free(arena);
	arena_free(more);
	return 0;
}
