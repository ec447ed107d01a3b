/*
 * Sender groups: order, networks, listeners, mapped addresses, mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/host_access.h"

static struct text all[] = { TEXT_INIT("all") };
static struct text inside[] = { TEXT_INIT("192.0.2.0/24"),
	TEXT_INIT("198.51.100.128/25"), TEXT_INIT("2001:db8:1::/47"),
	TEXT_INIT("203.0.113.9") };
static struct text only_second[] = { TEXT_INIT("second") };

static struct config_listener listeners[] = {
	{ .name = TEXT_INIT("first") }, { .name = TEXT_INIT("second") },
};
static struct config_flow_policy policies[] = {
	{ .name = TEXT_INIT("p") }, { .name = TEXT_INIT("q") },
};
static struct config_sender_group groups[] = {
	{ .name = TEXT_INIT("special"), .listeners = only_second,
	    .listener_count = 1, .addresses = inside, .address_count = 1,
	    .flow_policy = TEXT_INIT("q") },
	{ .name = TEXT_INIT("inside"), .addresses = inside,
	    .address_count = 4, .flow_policy = TEXT_INIT("p") },
};

static const char *
find(struct host_access *access, const char *listener, const char *address)
{
	struct host_access_match match;
	struct host_address parsed;

	assert_int_equal(host_address_parse(text_from(address), &parsed), 0);
	if (host_access_find(access, text_from(listener), &parsed,
	    &match) < 0)
		return "none";
	return match.group->name.data;
}

static void
test_order_and_networks(void **unused)
{
	static const struct {
		const char *listener, *address, *group;
	} cases[] = {
		{ "first", "192.0.2.1", "inside" },
		{ "second", "192.0.2.1", "special" },
		{ "second", "::ffff:192.0.2.255", "special" },
		{ "first", "192.0.3.0", "none" },
		{ "first", "192.0.1.255", "none" },
		{ "first", "198.51.100.127", "none" },
		{ "first", "198.51.100.128", "inside" },
		{ "first", "203.0.113.9", "inside" },
		{ "first", "203.0.113.8", "none" },
		{ "first", "2001:db8:0:ffff::1", "inside" },
		{ "first", "2001:db8:1::", "inside" },
		{ "first", "2001:db8:2::", "none" },
		{ "first", "c000:200::", "none" },
	};
	struct config config = { .listeners = listeners, .listener_count = 2,
		.flow_policies = policies, .flow_policy_count = 2,
		.sender_groups = groups, .sender_group_count = 2 };
	struct host_access *access = NULL;
	struct reason why;

	(void)unused;
	/* A /47 with bits behind it is nobody's network. */
	assert_int_equal(host_access_new(&config, &access, &why),
	    ERROR_MALFORMED);
	inside[2] = TEXT("2001:db8::/47");
	assert_int_equal(host_access_new(&config, &access, &why), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(find(access, cases[i].listener,
		    cases[i].address), cases[i].group);
	host_access_free(access);
}

static void
test_all_and_empty(void **unused)
{
	struct config_sender_group group = { .name = TEXT_INIT("everybody"),
		.addresses = all, .address_count = 1,
		.flow_policy = TEXT_INIT("p") };
	struct config config = { .flow_policies = policies,
		.flow_policy_count = 1, .sender_groups = &group,
		.sender_group_count = 1 };
	struct host_access *access = NULL;
	struct reason why;

	(void)unused;
	assert_int_equal(host_access_new(&config, &access, &why), 0);
	assert_string_equal(find(access, "x", "::1"), "everybody");
	host_access_free(access);
	config.sender_group_count = 0;
	assert_int_equal(host_access_new(&config, &access, &why), 0);
	assert_string_equal(find(access, "x", "::1"), "none");
	host_access_free(access);
}

static void
test_mistakes(void **unused)
{
	static const char *const bad[] = { "", "192.0.2", "192.0.2.1/33",
		"192.0.2.1/24", "192.0.2.0/", "2001:db8::/129",
		"::ffff:192.0.2.0/120", "host.example", "192.0.2.0/24/1",
		"192.0.2.0/-1", " 192.0.2.1" };
	struct text address;
	struct config_sender_group group = { .name = TEXT_INIT("g"),
		.addresses = &address, .address_count = 1,
		.flow_policy = TEXT_INIT("p") };
	struct config config = { .flow_policies = policies,
		.flow_policy_count = 1, .sender_groups = &group,
		.sender_group_count = 1 };
	struct host_access *access = NULL;
	struct reason why;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		address = text_from(bad[i]);
		assert_int_equal(host_access_new(&config, &access, &why),
		    ERROR_MALFORMED);
	}
	address = TEXT("0.0.0.0/0");
	group.flow_policy = TEXT("nobody");
	assert_int_equal(host_access_new(&config, &access, &why),
	    ERROR_NOT_FOUND);
	assert_non_null(strstr(why.text, "nobody"));
}

static void
test_client_key(void **unused)
{
	char out[HOST_ADDRESS_PRINT_SIZE];
	struct host_address address;

	(void)unused;
	assert_int_equal(host_address_parse(TEXT("2001:db8:1:2:3:4:5:6"),
	    &address), 0);
	(void)host_address_print_client(&address, out, sizeof(out));
	assert_string_equal(out, "2001:db8:1:2::/64");
	assert_int_equal(host_address_parse(TEXT("::ffff:192.0.2.7"),
	    &address), 0);
	(void)host_address_print_client(&address, out, sizeof(out));
	assert_string_equal(out, "192.0.2.7");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_networks),
		cmocka_unit_test(test_all_and_empty),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_client_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
