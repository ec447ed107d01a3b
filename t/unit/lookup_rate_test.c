/*
 * Shared rates: portions, refill, what a dead holder gives back, bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/lookup/lookup_rate.h"

#define HOUR LOOKUP_RATE_PERIOD_MS

static struct lookup_rate *rate;
static uint64_t retry;

static uint32_t
take(uint8_t kind, const char *key, uint64_t limit, uint32_t count,
	uint32_t holder, int64_t now_ms)
{
	struct frame_rate_ask ask = { .kind = kind, .key = text_from(key),
		.limit = limit, .count = count };

	return lookup_rate_take(rate, &ask, holder, now_ms, &retry);
}

static void
give(uint8_t kind, const char *key, uint32_t count, uint32_t holder,
	int64_t now_ms)
{
	struct frame_rate_ask ask = { .kind = kind, .key = text_from(key),
		.count = count };

	lookup_rate_return(rate, &ask, holder, now_ms);
}

static int
setup(void **state)
{
	(void)state;
	rate = lookup_rate_new(LOOKUP_RATE_ENTRIES_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lookup_rate_free(rate);
	return 0;
}

static void
test_connections(void **state)
{
	(void)state;
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 10, 6, 1, 0), 6);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 10, 6, 2, 0), 4);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 10, 1, 2, 0), 0);
	assert_true(retry > 0);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "b", 10, 1, 2, 0), 1);
	/* Nobody gives back what another holds. */
	give(FRAME_RATE_CONNECTIONS, "a", 100, 2, 0);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 10, 10, 3, 0), 4);
	lookup_rate_forget(rate, 1);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 10, 10, 3, 0), 6);
	lookup_rate_forget(rate, 3);
	lookup_rate_forget(rate, 2);
	assert_int_equal(lookup_rate_count(rate), 0);
}

static void
test_bucket(void **state)
{
	(void)state;
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 60, 50, 1, 0), 50);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 60, 50, 2, 0), 10);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 60, 1, 2, 0), 0);
	assert_int_equal(retry, HOUR / 60 + 1);
	/* A minute brings one; the same name of another kind is apart. */
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 60, 9, 1,
	    HOUR / 60 - 1), 0);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 60, 9, 1, HOUR / 60),
	    1);
	assert_int_equal(take(FRAME_RATE_RECIPIENTS, "a", 60, 9, 1, 0), 9);
	give(FRAME_RATE_MESSAGES, "a", 5, 1, HOUR / 60);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 60, 9, 1, HOUR / 60),
	    5);
	/* Never more than full, however long or much. */
	give(FRAME_RATE_MESSAGES, "a", UINT32_MAX, 1, HOUR);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 60, 100, 1,
	    INT64_MAX / 2), 60);
}

static void
test_no_limit(void **state)
{
	(void)state;
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 0, 7, 1, 0), 7);
	assert_int_equal(lookup_rate_count(rate), 0);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", UINT64_MAX,
	    UINT32_MAX, 1, 0), UINT32_MAX);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", UINT64_MAX,
	    UINT32_MAX, 1, INT64_MAX / 2), UINT32_MAX);
}

static void
test_changed_limit(void **state)
{
	(void)state;
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 100, 10, 1, 0), 10);
	assert_int_equal(take(FRAME_RATE_MESSAGES, "a", 20, 50, 1, 0), 20);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 5, 5, 1, 0), 5);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 2, 1, 1, 0), 0);
	assert_int_equal(take(FRAME_RATE_CONNECTIONS, "a", 6, 5, 1, 0), 1);
}

static void
test_bounds(void **state)
{
	char key[32];
	int i;

	(void)state;
	lookup_rate_free(rate);
	rate = lookup_rate_new(100);
	for (i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(take(FRAME_RATE_MESSAGES, key, 60, 1, 1, 0),
		    1);
	}
	/* Every entry says something: there is no room, so the answer is no. */
	assert_int_equal(take(FRAME_RATE_MESSAGES, "new", 60, 1, 1, 0), 0);
	assert_true(retry > 0);
	/* Two minutes later the buckets are full again. */
	for (i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "new%d", i);
		assert_int_equal(take(FRAME_RATE_CONNECTIONS, key, 1, 1, 1,
		    HOUR / 30), 1);
	}
	assert_int_equal(lookup_rate_count(rate), 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connections, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_bucket, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_limit, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_changed_limit, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
