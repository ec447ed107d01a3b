/*
 * Directories in the configuration: addresses of servers, names of queries,
 * and filters, in which an address is never more than its bytes (RFC 4515).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config/config.h"
#include "gateway/config/config_directory_filter.h"

static void
test_servers(void **unused)
{
	static const struct {
		const char *url;
		const char *host;	/* NULL: refused */
		uint16_t port;
		bool is_tls;
		bool is_literal;
	} cases[] = {
		{ "ldap://directory.example.com", "directory.example.com",
		    389, false, false },
		{ "ldaps://directory.example.com", "directory.example.com",
		    636, true, false },
		{ "ldaps://directory.example.com:3269",
		    "directory.example.com", 3269, true, false },
		{ "ldap://192.0.2.1:1389", "192.0.2.1", 1389, false, true },
		{ "ldap://[2001:db8::1]", "2001:db8::1", 389, false, true },
		{ "ldaps://[2001:db8::1]:1636", "2001:db8::1", 1636, true,
		    true },
		{ "ldap://localhost", "localhost", 389, false, false },
		{ "ldap://", NULL, 0, false, false },
		{ "directory.example.com", NULL, 0, false, false },
		{ "http://directory.example.com", NULL, 0, false, false },
		{ "LDAP://directory.example.com", NULL, 0, false, false },
		{ "ldap://directory.example.com/dc=x", NULL, 0, false,
		    false },
		{ "ldap://a@directory.example.com", NULL, 0, false, false },
		{ "ldap://directory.example.com:", NULL, 0, false, false },
		{ "ldap://directory.example.com:0", NULL, 0, false, false },
		{ "ldap://directory.example.com:65536", NULL, 0, false,
		    false },
		{ "ldap://[directory.example.com]", NULL, 0, false, false },
		{ "ldap://2001:db8::1", NULL, 0, false, false },
		{ "ldapi:///", NULL, 0, false, false },
	};
	struct config_directory_server server;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int error = config_directory_server_parse(
		    text_from(cases[i].url), &server);

		if ((error == 0) != (cases[i].host != NULL))
			fail_msg("%s", cases[i].url);
		if (error != 0)
			continue;
		if (!text_equal(server.host, text_from(cases[i].host)))
			fail_msg("%s: %.*s", cases[i].url,
			    TEXT_ARG(server.host));
		assert_int_equal(server.port, cases[i].port);
		assert_int_equal(server.is_tls, cases[i].is_tls);
		assert_int_equal(server.is_literal, cases[i].is_literal);
	}
}

static void
test_filters_checked(void **unused)
{
	static const char *const good[] = { "(mail={a})", "(|(mail={a})"
	    "(proxyAddresses=smtp:{u}@{d}))", "(cn=\\7b\\7d)",
	    "(&(a=b)(!(c=d)))" };
	static const char *const bad[] = { "", "mail={a}", "(mail={a}",
	    "(mail={a}))", "(a=b)(c=d)", "(mail={x})", "(mail={g})",
	    "(mail={n})", "(mail={a)", "(mail=a})", "(mail={})", " (a=b)",
	    "(a=b) ", ")(" };
	char deep[300];
	struct reason why;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (config_directory_filter_check(text_from(good[i]), "aud",
		    &why) != 0)
			fail_msg("%s: %s", good[i], why.text);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_directory_filter_check(text_from(bad[i]), "aud",
		    &why) != ERROR_MALFORMED || why.text[0] == '\0')
			fail_msg("%s", bad[i]);
	assert_int_equal(config_directory_filter_check(
	    TEXT("(&(cn={g})(member={n}))"), "audgn", &why), 0);
	memset(deep, '(', 100);
	memset(deep + 100, ')', 100);
	assert_int_equal(config_directory_filter_check(text_of(deep, 200),
	    "aud", &why), ERROR_MALFORMED);
	assert_true(config_directory_filter_has(TEXT("(a={n})"), 'n'));
	assert_false(config_directory_filter_has(TEXT("(a={g})n"), 'n'));
	assert_false(config_directory_filter_has(TEXT("{n"), 'n'));
}

static void
expect_printed(const char *filter, struct text address, const char *wanted)
{
	const struct config_directory_values values = { .address = address,
		.local = TEXT("u"), .domain = TEXT("d"),
		.group = TEXT("g(1)"), .entry = TEXT("cn=a\\,b,dc=c") };
	struct buffer out;

	buffer_init(&out, 1024);
	assert_int_equal(config_directory_filter_print(text_from(filter),
	    &values, &out), 0);
	if (!text_equal(buffer_text(&out), text_from(wanted)))
		fail_msg("%s: %.*s", wanted, TEXT_ARG(buffer_text(&out)));
	buffer_clear(&out);
}

static void
test_filters_printed(void **unused)
{
	const struct config_directory_values long_value = {
		.address = TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") };
	struct buffer out;

	(void)unused;
	expect_printed("(mail={a})", TEXT("a.b-c_d+e@x.org"),
	    "(mail=a.b-c_d+e@x.org)");
	expect_printed("(mail={a})", TEXT("*"), "(mail=\\2a)");
	expect_printed("(mail={a})", TEXT("a)(uid=*"),
	    "(mail=a\\29\\28uid=\\2a)");
	expect_printed("(mail={a})", TEXT("\\2a"), "(mail=\\5c2a)");
	expect_printed("(mail={a})", TEXT("a\0b"), "(mail=a\\00b)");
	expect_printed("(mail={a})", TEXT("\xc3\xbc\xff"),
	    "(mail=\\c3\\bc\\ff)");
	/* What a value holds is not looked at again. */
	expect_printed("(mail={a})", TEXT("{g}"), "(mail=\\7bg\\7d)");
	expect_printed("({u}={d})", TEXT(""), "(u=d)");
	expect_printed("(&(cn={g})(member={n}))", TEXT(""),
	    "(&(cn=g\\281\\29)(member=cn=a\\5c,b,dc=c))");
	buffer_init(&out, 20);
	assert_int_equal(buffer_add_text(&out, TEXT("before")), 0);
	assert_int_equal(config_directory_filter_print(TEXT("(mail={a})"),
	    &long_value, &out), ERROR_LIMIT);
	assert_int_equal(buffer_len(&out), 6);
	buffer_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_filters_checked),
		cmocka_unit_test(test_filters_printed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
