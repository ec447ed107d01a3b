/* base/map, against an array as the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/map.h"

#define KEYS 700

static void
follows_the_model(void **state)
{
	static char values[2][KEYS];
	static void *model[KEYS];
	struct map *map = map_new();
	size_t count = 0;
	size_t key;
	void *value;
	int step;

	(void)state;
	srandom(2);
	for (step = 0; step < 200000; step++) {
		key = (size_t)random() % KEYS;
		/* Waves: mostly growing, then mostly shrinking. */
		if (random() % 10 < (step / 5000 % 2 == 0 ? 7 : 3)) {
			value = &values[random() % 2][key];
			assert_ptr_equal(map_put(map, key, value),
				model[key]);
			count += model[key] == NULL;
			model[key] = value;
		} else {
			assert_ptr_equal(map_remove(map, key), model[key]);
			count -= model[key] != NULL;
			model[key] = NULL;
		}
		assert_int_equal(map_count(map), count);
		key = (size_t)random() % KEYS;
		assert_ptr_equal(map_get(map, key), model[key]);
	}
	map_free(map);
}

static void
walks_and_removes(void **state)
{
	static uint64_t keys[KEYS];
	struct map *map = map_new();
	size_t cursor = 0;
	uint64_t *key;
	size_t seen = 0;

	(void)state;
	assert_null(map_next(map, &cursor));
	for (size_t i = 0; i < KEYS; i++) {
		keys[i] = i * 1000003;
		assert_null(map_put(map, keys[i], &keys[i]));
	}
	cursor = 0;
	while ((key = map_next(map, &cursor)) != NULL) {
		seen++;
		assert_ptr_equal(map_remove(map, *key), key);
	}
	assert_int_equal(seen, KEYS);
	assert_int_equal(map_count(map), 0);
	assert_null(map_get(map, 0));
	map_free(map);
	map_free(NULL);
}

static void
holds_texts(void **state)
{
	static char names[KEYS][16];
	static char again[16];
	struct map *map = map_new();
	size_t i;

	(void)state;
	for (i = 0; i < KEYS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "name%zu", i);
		assert_null(map_put_text(map, text_from(names[i]), names[i]));
	}
	for (i = 0; i < KEYS; i += 2)
		assert_ptr_equal(map_remove_text(map, text_from(names[i])),
			names[i]);
	memcpy(again, names[1], sizeof(again));
	assert_ptr_equal(map_put_text(map, text_from(again), again),
		names[1]);
	memset(names[1], 0, sizeof(names[1]));
	assert_ptr_equal(map_get_text(map, TEXT("name1")), again);
	for (i = 2; i < KEYS; i++)
		assert_ptr_equal(map_get_text(map, text_from(names[i])),
			i % 2 == 0 ? NULL : names[i]);
	assert_null(map_get_text(map, TEXT("other")));
	map_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_model),
		cmocka_unit_test(walks_and_removes),
		cmocka_unit_test(holds_texts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
