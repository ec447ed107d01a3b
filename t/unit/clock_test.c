/* base/clock: dates against the C library, and the moved clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef POSTERN_TEST
#define POSTERN_TEST
#endif
#include "gateway/base/clock.c"

static void
check_date(int64_t seconds)
{
	char expected[64];
	char got[CLOCK_RFC5322_SIZE];
	time_t time = seconds;
	struct tm tm;

	assert_non_null(gmtime_r(&time, &tm));
	(void)strftime(expected, sizeof(expected),
		"%Y-%m-%dT%H:%M:%S.000042Z", &tm);
	clock_print_iso(seconds * CLOCK_SECOND_US + 42, got, sizeof(got));
	assert_string_equal(got, expected);
	(void)strftime(expected, sizeof(expected), "%a, %e %b %Y %T +0000",
		&tm);
	clock_print_rfc5322(seconds * CLOCK_SECOND_US + 42, got, sizeof(got));
	/* %e pads with a space; we do not. */
	if (expected[5] == ' ')
		memmove(expected + 5, expected + 6, strlen(expected + 5));
	assert_string_equal(got, expected);
}

static void
prints_dates(void **state)
{
	char got[CLOCK_RFC5322_SIZE];
	int i;

	(void)state;
	clock_print_rfc5322(INT64_C(1795299113123456), got, sizeof(got));
	assert_string_equal(got, "Sat, 21 Nov 2026 22:11:53 +0000");
	clock_print_iso(INT64_C(1795299113123456), got, sizeof(got));
	assert_string_equal(got, "2026-11-21T22:11:53.123456Z");
	srandom(4);
	for (i = 0; i < 200000; i++)
		check_date((int64_t)random() * 50 % INT64_C(250000000000) -
			(i % 3 == 0 ? INT64_C(28000000000) : 0));
	for (i = 0; i < 400 * 366; i++)
		check_date(i * DAY_SECONDS);
	clock_print_iso(INT64_MAX, got, sizeof(got));
	clock_print_iso(INT64_MIN, got, sizeof(got));
}

static void
is_moved_by_the_file(void **state)
{
	char path[] = "/tmp/clock_test.XXXXXX";
	int descriptor = mkstemp(path);
	int64_t *map;
	int64_t wall;
	int64_t monotonic;

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(ftruncate(descriptor, 8), 0);
	map = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor,
		0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(setenv("POSTERN_CLOCK", path, 1), 0);
	clock_open();
	wall = clock_now_us();
	monotonic = clock_monotonic_us();
	*map = INT64_C(72) * 3600 * CLOCK_SECOND_US;
	assert_true(clock_now_us() - wall >= *map);
	assert_true(clock_now_us() - wall < *map + 60 * CLOCK_SECOND_US);
	assert_true(clock_monotonic_us() - monotonic >= *map);
	monotonic = clock_monotonic_us();
	*map = 0;
	assert_true(clock_monotonic_us() == monotonic);
	assert_int_equal(munmap(map, 8), 0);
	(void)close(descriptor);
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_dates),
		cmocka_unit_test(is_moved_by_the_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
