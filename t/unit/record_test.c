/* base/record: round trips, the exact bytes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "gateway/base/record.h"

struct leaf {
	uint16_t number;
	struct text name;
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
};

static const struct record_field leaf_fields[] = {
	RECORD_NUMBER(1, RECORD_U16, struct leaf, number),
	RECORD_TEXT_FIELD(2, struct leaf, name, 10),
};
static const struct record_shape leaf_shape =
	RECORD_SHAPE(leaf, leaf_fields);

static const struct record_field tree_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct tree, small),
	RECORD_NUMBER(2, RECORD_U8, struct tree, flag),
	RECORD_NUMBER(3, RECORD_U32, struct tree, medium),
	RECORD_NUMBER(4, RECORD_U64, struct tree, large),
	RECORD_NUMBER(6, RECORD_I64, struct tree, below),
	RECORD_TEXT_FIELD(7, struct tree, title, 8),
	RECORD_BYTES_FIELD(8, struct tree, digest),
	RECORD_ONE_FIELD(9, struct tree, one, &leaf_shape),
	RECORD_LIST_FIELD(10, struct tree, leaves, leaf_count, 3,
		&leaf_shape),
	RECORD_TEXTS_FIELD(11, struct tree, words, word_count, 3),
};
static const struct record_shape tree_shape =
	RECORD_SHAPE(tree, tree_fields);

/* A list of itself, for the depth. */
struct nest {
	const struct nest *inner;
	size_t inner_count;
};
static const struct record_shape nest_shape;
static const struct record_field nest_fields[] = {
	RECORD_LIST_FIELD(1, struct nest, inner, inner_count, 1,
		&nest_shape),
};
static const struct record_shape nest_shape =
	RECORD_SHAPE(nest, nest_fields);

static const struct leaf leaves[] = { { 5, TEXT_INIT("five") }, { 0 } };
static const struct text words[] = { TEXT_INIT("a"), TEXT_INIT(""),
	TEXT_INIT("b\0c") };
static const struct tree full = {
	.small = 255, .flag = true, .medium = UINT32_MAX,
	.large = UINT64_MAX, .below = -1, .title = TEXT_INIT("12345678"),
	.digest = { 0, 0, 0, 1 }, .one = { .number = 7 },
	.leaves = leaves, .leaf_count = 2, .words = words, .word_count = 3,
};

static struct arena *arena;
static struct buffer bytes;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new(10000);
	buffer_init(&bytes, 10000);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	buffer_clear(&bytes);
	return 0;
}

static void
check_full(const struct tree *got)
{
	assert_int_equal(got->small, 255);
	assert_true(got->flag);
	assert_true(got->large == UINT64_MAX);
	assert_true(got->below == -1);
	assert_true(text_equal(got->title, full.title));
	assert_memory_equal(got->digest, full.digest, 4);
	assert_int_equal(got->one.number, 7);
	assert_int_equal(got->leaf_count, 2);
	assert_int_equal(got->leaves[0].number, 5);
	assert_true(text_equal(got->leaves[0].name, TEXT("five")));
	assert_int_equal(got->leaves[1].number, 0);
	assert_int_equal(got->word_count, 3);
	assert_true(text_equal(got->words[2], words[2]));
}

static void
goes_round(void **state)
{
	struct tree got;
	struct tree copy;

	(void)state;
	assert_int_equal(record_encode(&tree_shape, &full, &bytes), 0);
	assert_int_equal(record_decode(&tree_shape, buffer_text(&bytes),
		arena, &got), 0);
	check_full(&got);
	assert_int_equal(record_copy(&tree_shape, &got, arena, &copy), 0);
	buffer_wipe(&bytes);
	check_full(&copy);
}

static void
has_the_stated_form(void **state)
{
	static const struct tree some = { .medium = 0x01020304,
		.leaves = leaves + 1, .leaf_count = 1 };
	static const char form[] = "\3\0\4\0\0\0\4\3\2\1" "\12\0\0\0\0\0";
	static const struct tree nothing;

	(void)state;
	assert_int_equal(record_encode(&tree_shape, &nothing, &bytes), 0);
	assert_int_equal(buffer_len(&bytes), 0);
	assert_int_equal(record_encode(&tree_shape, &some, &bytes), 0);
	assert_int_equal(buffer_len(&bytes), sizeof(form) - 1);
	assert_memory_equal(buffer_text(&bytes).data, form,
		sizeof(form) - 1);
}

static void
check_bytes(struct text input, int expected)
{
	struct tree got;

	arena_reset(arena);
	assert_int_equal(record_decode(&tree_shape, input, arena, &got),
		expected);
}

static void
refuses(void **state)
{
	(void)state;
	check_bytes(TEXT(""), 0);
	check_bytes(TEXT("\1\0\1\0\0\0\5"), 0);
	/* unknown tags are skipped, also twice, but never falling */
	check_bytes(TEXT("\5\0\1\0\0\0x\5\0\1\0\0\0y\xff\xff\0\0\0\0"), 0);
	check_bytes(TEXT("\3\0\4\0\0\0abcd\1\0\1\0\0\0\5"), ERROR_MALFORMED);
	check_bytes(TEXT("\5\0\0\0\0\0\4\0\x8\0\0\0abcdefgh"),
		ERROR_MALFORMED);
	/* cut, repeated, wrong width */
	check_bytes(TEXT("\1\0\1\0\0"), ERROR_MALFORMED);
	check_bytes(TEXT("\1\0\2\0\0\0\5"), ERROR_MALFORMED);
	check_bytes(TEXT("\1\0\xff\xff\xff\xff\5"), ERROR_MALFORMED);
	check_bytes(TEXT("\1\0\1\0\0\0\5\1\0\1\0\0\0\5"), ERROR_MALFORMED);
	check_bytes(TEXT("\3\0\2\0\0\0ab"), ERROR_MALFORMED);
	check_bytes(TEXT("\1\0\0\0\0\0"), ERROR_MALFORMED);
	check_bytes(TEXT("\10\0\3\0\0\0abc"), ERROR_MALFORMED);
	check_bytes(TEXT("\11\0\2\0\0\0ab"), ERROR_MALFORMED);
	/* limits: a bool, a text, a count, a nested text */
	check_bytes(TEXT("\2\0\1\0\0\0\1"), 0);
	check_bytes(TEXT("\2\0\1\0\0\0\2"), ERROR_LIMIT);
	check_bytes(TEXT("\7\0\11\0\0\000123456789"), ERROR_LIMIT);
	check_bytes(TEXT("\13\0\0\0\0\0\13\0\0\0\0\0\13\0\0\0\0\0"), 0);
	check_bytes(TEXT("\13\0\0\0\0\0\13\0\0\0\0\0\13\0\0\0\0\0"
		"\13\0\0\0\0\0"), ERROR_LIMIT);
	check_bytes(TEXT("\12\0\21\0\0\0\2\0\13\0\0\00012345678901"),
		ERROR_LIMIT);
}

static void
keeps_limits_when_encoding(void **state)
{
	static const struct text many[4];
	struct tree value = { .words = many, .word_count = 4 };
	struct buffer small;

	(void)state;
	assert_int_equal(buffer_add_text(&bytes, TEXT("before")), 0);
	assert_int_equal(record_encode(&tree_shape, &value, &bytes),
		ERROR_LIMIT);
	value = (struct tree){ .title = TEXT("123456789") };
	assert_int_equal(record_encode(&tree_shape, &value, &bytes),
		ERROR_LIMIT);
	assert_true(text_equal(buffer_text(&bytes), TEXT("before")));
	buffer_init(&small, 20);
	assert_int_equal(record_encode(&tree_shape, &full, &small),
		ERROR_LIMIT);
	assert_int_equal(buffer_len(&small), 0);
	buffer_clear(&small);
}

static void
bounds_depth_and_memory(void **state)
{
	struct nest levels[RECORD_DEPTH_MAX + 1];
	struct nest got;
	struct tree tree;
	struct arena *small = arena_new(sizeof(struct leaf));
	size_t i;

	(void)state;
	memset(levels, 0, sizeof(levels));
	for (i = 0; i < RECORD_DEPTH_MAX; i++)
		levels[i] = (struct nest){ &levels[i + 1], 1 };
	assert_int_equal(record_encode(&nest_shape, &levels[0], &bytes),
		ERROR_LIMIT);
	assert_int_equal(record_encode(&nest_shape, &levels[1], &bytes), 0);
	assert_int_equal(record_decode(&nest_shape, buffer_text(&bytes),
		arena, &got), 0);
	/* one level more around it */
	assert_int_equal(buffer_len(&bytes), 6 * (RECORD_DEPTH_MAX - 1));
	buffer_reset(&bytes);
	for (i = RECORD_DEPTH_MAX; i > 0; i--)
		assert_int_equal(buffer_printf(&bytes, "%c%c%c%c%c%c", 1, 0,
			(int)(6 * (i - 1)), 0, 0, 0), 0);
	assert_int_equal(record_decode(&nest_shape, buffer_text(&bytes),
		arena, &got), ERROR_LIMIT);
	assert_int_equal(record_decode(&tree_shape,
		TEXT("\12\0\0\0\0\0"), small, &tree), 0);
	arena_reset(small);
	assert_int_equal(record_decode(&tree_shape,
		TEXT("\12\0\0\0\0\0\12\0\0\0\0\0"), small, &tree),
		ERROR_LIMIT);
	arena_free(small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(goes_round),
		TEST(has_the_stated_form),
		TEST(refuses),
		TEST(keeps_limits_when_encoding),
		TEST(bounds_depth_and_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
