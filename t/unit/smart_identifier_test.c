/*
 * Smart identifiers: what is one, and what only looks like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/smart_identifier.h"

static const struct {
	const char *name, *t;
	size_t count;
	const char *first;
} cases[] = {
	{ "*credit", "card 4111111111111111.", 1, "4111111111111111" },
	{ "*credit", "4111-1111-1111-1111", 1, "4111-1111-1111-1111" },
	{ "*credit", "4111 1111 1111 1111", 1, "4111 1111 1111 1111" },
	{ "*credit", "4111111111111112", 0, "" },
	{ "*credit", "1234 4111 1111 1111 1111", 1, "4111 1111 1111 1111" },
	{ "*credit", "4111  1111 1111 1111", 0, "" },
	{ "*credit", "41111111111111111", 0, "" },
	{ "*credit", "x4111111111111111", 0, "" },
	{ "*credit", "4111111111111111x", 0, "" },
	{ "*credit", "378282246310005 30569309025904", 2,
	    "378282246310005" },
	{ "*credit", "5555555555554444,2223003122003222", 2,
	    "5555555555554444" },
	{ "*credit", "6011111111111117", 1, "6011111111111117" },
	{ "*credit", "4222222222222", 0, "" },		/* 13 digits */
	{ "*credit", "3530111333300000", 0, "" },	/* JCB */
	{ "*credit", "201400000000009", 0, "" },	/* enRoute */
	{ "*credit", "0000000000000000", 0, "" },
	{ "*aba", "021000021", 1, "021000021" },
	{ "*aba", "routing:011401533!", 1, "011401533" },
	{ "*aba", "021000022", 0, "" },
	{ "*aba", "0210000211", 0, "" },
	{ "*aba", "000000000", 0, "" },
	{ "*aba", "500000005", 0, "" },
	{ "*ssn", "078-05-1120", 1, "078-05-1120" },
	{ "*ssn", "078 05 1120 and 078.05.1120", 2, "078 05 1120" },
	{ "*ssn", "078-05.1120", 0, "" }, { "*ssn", "078051120", 0, "" },
	{ "*ssn", "000-05-1120", 0, "" }, { "*ssn", "666-05-1120", 0, "" },
	{ "*ssn", "900-05-1120", 0, "" }, { "*ssn", "078-00-1120", 0, "" },
	{ "*ssn", "078-05-0000", 0, "" }, { "*ssn", "078-05-11201", 0, "" },
	{ "*cusip", "Apple 037833100", 1, "037833100" },
	{ "*cusip", "17275R102 38259P508", 2, "17275R102" },
	{ "*cusip", "037833101", 0, "" }, { "*cusip", "000000000", 0, "" },
	{ "*cusip", "17275r102", 0, "" },
	{ "*credit", "", 0, "" }, { "*ssn", "078-05-112", 0, "" },
};

static void
test_cases(void **unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct smart_identifier *identifier =
		    smart_identifier_find(text_from(cases[i].name));
		struct text first = TEXT_EMPTY;

		assert_non_null(identifier);
		if (smart_identifier_count(identifier, text_from(cases[i].t),
		    10, &first) != cases[i].count ||
		    !text_equal(first, text_from(cases[i].first)))
			fail_msg("%s in %s: %.*s", cases[i].name, cases[i].t,
			    TEXT_ARG(first));
	}
}

static void
test_names_and_most(void **unused)
{
	struct text first = TEXT_EMPTY;
	const struct smart_identifier *identifier =
	    smart_identifier_find(TEXT("*SSN"));

	(void)unused;
	assert_non_null(identifier);
	assert_int_equal(smart_identifier_count(identifier,
	    TEXT("078-05-1120 078-05-1120 078-05-1120"), 2, &first), 2);
	assert_null(smart_identifier_find(TEXT("ssn")));
	assert_null(smart_identifier_find(TEXT("*credit|*ssn")));
	assert_null(smart_identifier_at(5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_names_and_most),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
