/*
 * Points in time as an administrator types them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"

#define NOW INT64_C(1234567890)

static void
test_reads(void **state)
{
	static const char *const times[] = { "1970-01-02T00:00:00Z",
		"2000-02-29T23:59:59Z", "2026-11-22T02:12:35Z",
		"2100-03-01T00:00:00Z", "9999-12-31T23:59:59Z" };
	char iso[CLOCK_ISO_SIZE];
	int64_t found;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(admin_time_parse(text_from(times[i]), NOW,
		    &found), 0);
		clock_print_iso(found, iso, sizeof(iso));
		assert_memory_equal(iso, times[i], 19);
	}
	assert_int_equal(admin_time_parse(TEXT("2026-12-31"), NOW, &found),
	    0);
	clock_print_iso(found, iso, sizeof(iso));
	assert_memory_equal(iso, "2026-12-31T00:00:00", 19);
	assert_int_equal(admin_time_parse(TEXT("now"), NOW, &found), 0);
	assert_int_equal(found, NOW);
	assert_int_equal(admin_time_parse(TEXT("never"), NOW, &found), 0);
	assert_int_equal(found, 0);
	assert_int_equal(admin_time_parse(TEXT("1970-01-01"), NOW, &found),
	    0);
	assert_true(found > 0);
}

static void
test_refuses(void **state)
{
	static const char *const wrong[] = { "", "tomorrow", "2026", "NOW",
		"2026-2-1", "2026-02-29", "2100-02-29", "2026-00-10",
		"2026-13-01", "2026-01-00", "2026-01-32", "1969-12-31",
		"2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z",
		"2026-01-01T23:59:60Z", "2026-01-01T23:59:59",
		"2026-01-01T23:59:59+01:00", "2026-01-01 23:59:59Z",
		"2026-01-01T23:59:59Zx", "2026-01-01x", "+026-01-01",
		"12026-01-01" };
	int64_t found;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (admin_time_parse(text_from(wrong[i]), NOW, &found) !=
		    ERROR_MALFORMED)
			fail_msg("%s", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
