/* base/arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/base/arena.h"

static void
keeps_its_maximum(void **state)
{
	struct arena *arena = arena_new(100);

	(void)state;
	assert_non_null(arena_alloc(arena, 60));
	assert_null(arena_alloc(arena, 60));
	assert_null(arena_array(arena, SIZE_MAX / 2, 3));
	assert_null(arena_alloc(arena, SIZE_MAX));
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	assert_non_null(arena_alloc(arena, 100));
	assert_null(arena_alloc(arena, 1));
	arena_free(arena);
	arena_free(NULL);
}

static void
gives_zeroed_aligned_memory(void **state)
{
	struct arena *arena = arena_new(1 << 22);
	struct text copy;
	unsigned char *got;
	size_t size;
	size_t i;
	int round;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (size = 0; size < 1500; size++) {
			got = arena_alloc(arena, size);
			assert_non_null(got);
			assert_int_equal((uintptr_t)got %
				_Alignof(max_align_t), 0);
			for (i = 0; i < size; i++)
				assert_int_equal(got[i], 0);
			memset(got, 0xff, size);
			assert_int_equal(arena_copy(arena, TEXT("odd"),
				&copy), 0);
		}
		assert_non_null(arena_alloc(arena, 300000));
		arena_reset(arena);
	}
	arena_free(arena);
}

static void
copies_and_prints(void **state)
{
	struct arena *arena = arena_new(20);
	struct text t;

	(void)state;
	assert_int_equal(arena_copy(arena, TEXT("a\0b"), &t), 0);
	assert_true(text_equal(t, TEXT("a\0b")));
	assert_int_equal(t.data[3], '\0');
	t = arena_printf(arena, "%s-%d", "x", 5);
	assert_string_equal(t.data, "x-5");
	assert_int_equal(t.len, 3);
	t = arena_printf(arena, "%s", "0123456789abcdef");
	assert_string_equal(t.data, "0123456789a");
	assert_int_equal(t.len, 11);
	t = arena_printf(arena, "more");
	assert_true(text_is_empty(t));
	assert_int_equal(arena_copy(arena, TEXT("x"), &t), ERROR_LIMIT);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_its_maximum),
		cmocka_unit_test(gives_zeroed_aligned_memory),
		cmocka_unit_test(copies_and_prints),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
