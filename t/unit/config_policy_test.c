/*
 * Whether mail of a direction is judged at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "gateway/config/config_policy.h"

static void
test_directions(void **state)
{
	struct config_content_filter filters[2] = {
		{ .name = TEXT("off") },
		{ .name = TEXT("on"), .active = 1 },
	};
	struct config config = { 0 };

	(void)state;
	assert_false(config_judges(&config, true));
	assert_false(config_judges(&config, false));
	config.content_filters.incoming = filters;
	config.content_filters.incoming_count = 1;
	assert_false(config_judges(&config, true));
	config.content_filters.incoming_count = 2;
	assert_true(config_judges(&config, true));
	assert_false(config_judges(&config, false));
	config.content_filters.outgoing = &filters[1];
	config.content_filters.outgoing_count = 1;
	config.content_filters.incoming_count = 1;
	assert_false(config_judges(&config, true));
	assert_true(config_judges(&config, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
