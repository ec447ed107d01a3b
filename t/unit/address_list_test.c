/* Addresses out of header fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/address_list.h"

/* Value, and the addresses with a bar behind each. */
static const struct {
	const char *value;
	const char *addresses;
} cases[] = {
	{ "", "" },
	{ " joe@example.org", "joe@example.org|" },
	{ " Joe <joe@example.org>", "joe@example.org|" },
	{ " a@b, c@d ,e@f", "a@b|c@d|e@f|" },
	{ " \"Doe, Joe\" <joe@example.org>, x@y", "joe@example.org|x@y|" },
	{ " \"a, b\"@example.org", "\"a, b\"@example.org|" },
	{ " \"a\\\"b\"@example.org", "\"a\\\"b\"@example.org|" },
	{ " Joe (his, comment (nested)) <joe@example.org> (more)",
	    "joe@example.org|" },
	{ " joe(x)@(y)example.org", "joe@example.org|" },
	{ " (\\)) a@b", "a@b|" },
	{ " Team: a@b, C <c@d>;, e@f", "a@b|c@d|e@f|" },
	{ " undisclosed-recipients:;", "" },
	{ " <@one.example,@two.example:joe@example.org>",
	    "joe@example.org|" },
	{ "\r\n joe\r\n @example.org,\r\n\tx@y\r\n", "joe@example.org|x@y|" },
	{ " Joe joe@example.org", "joe@example.org|" },
	{ " joe@example.org Joe", "joe@example.org|" },
	{ " joe@example.org (Joe)", "joe@example.org|" },
	{ " joe . doe @ example . org", "joe.doe@example.org|" },
	{ " joe@[192.0.2.1]", "joe@[192.0.2.1]|" },
	{ " joe@[IPv6:2001:db8::1], a@b", "joe@[IPv6:2001:db8::1]|a@b|" },
	{ " =?UTF-8?Q?J=2C_D?= <joe@example.org>", "joe@example.org|" },
	{ " <joe@example.org>, <>, @, a@, @b, joe, ,,", "joe@example.org|" },
	{ " <joe@example.org", "joe@example.org|" },
	{ " \"joe@example.org", "" },
	{ " joe@[192.0.2.1", "" },
	{ " <a@b> <c@d>", "c@d|" },
	{ " a@b; c@d", "a@b|c@d|" },
	{ " j\303\266rg@b\303\274ro.example",
	    "j\303\266rg@b\303\274ro.example|" },
};

static void
finds_them(void **state)
{
	struct address_list list;
	struct text address;
	char found[256];
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		len = 0;
		found[0] = '\0';
		address_list_init(&list, text_from(cases[i].value));
		while (address_list_next(&list, &address))
			len += (size_t)snprintf(found + len,
				sizeof(found) - len, "%.*s|",
				TEXT_ARG(address));
		if (strcmp(found, cases[i].addresses) != 0)
			fail_msg("%s: %s", cases[i].value, found);
	}
}

static void
passes_over_what_is_too_long(void **state)
{
	static char value[ENVELOPE_ADDRESS_MAX + 32];
	struct address_list list;
	struct text address;

	(void)state;
	memset(value, 'a', ENVELOPE_ADDRESS_MAX);
	memcpy(value + ENVELOPE_ADDRESS_MAX, "@b, c@d", 7);
	address_list_init(&list, text_of(value, ENVELOPE_ADDRESS_MAX + 7));
	assert_true(address_list_next(&list, &address));
	assert_true(text_equal(address, TEXT("c@d")));
	assert_false(address_list_next(&list, &address));
	/* Two less for "@b" just fit. */
	address_list_init(&list, text_of(value + 2, ENVELOPE_ADDRESS_MAX));
	assert_true(address_list_next(&list, &address));
	assert_int_equal(address.len, ENVELOPE_ADDRESS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_them),
		cmocka_unit_test(passes_over_what_is_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
