/*
 * Smart identifiers: what is one, and what only looks like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "policy/pattern.h"
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
	/* Examples of the registry. */
	{ "*iban", "GB29 NWBK 6016 1331 9268 19", 1,
	    "GB29 NWBK 6016 1331 9268 19" },
	{ "*iban", "DE89370400440532013000, NO9386011117947.", 2,
	    "DE89370400440532013000" },
	{ "*iban", "IBAN:FR1420041010050500013M02606", 1,
	    "FR1420041010050500013M02606" },
	{ "*iban", "MT84MALT011000012345MTLCAST001S", 1,
	    "MT84MALT011000012345MTLCAST001S" },
	{ "*iban", "LC55HEMM000100010012001200023015", 1,
	    "LC55HEMM000100010012001200023015" },
	{ "*iban", "AB CH93 0076 2011 6238 5295 7", 1,
	    "CH93 0076 2011 6238 5295 7" },
	{ "*iban", "BE68 5390 0754 7034 and SA0380000000608010167519", 2,
	    "BE68 5390 0754 7034" },
	{ "*iban", "DE88370400440532013000", 0, "" },
	{ "*iban", "de89370400440532013000", 0, "" },
	{ "*iban", "DE8937040044053201300", 0, "" },
	{ "*iban", "DE893704004405320130001", 0, "" },
	{ "*iban", "XDE89370400440532013000", 0, "" },
	{ "*iban", "DE89  370400440532013000", 0, "" },
	{ "*iban", "D E89370400440532013000", 0, "" },
	{ "*iban", "US89370400440532013000", 0, "" },
	{ "*iban", "DE89-3704-0044-0532-0130-00", 0, "" },
	{ "*iban", "GB", 0, "" },
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

/* What begins like one is found by its form. */
static void
test_forms(void **unused)
{
	struct pattern_space *space = pattern_space_new();
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct smart_identifier *identifier =
		    smart_identifier_find(text_from(cases[i].name));
		struct text found = text_from(cases[i].first);
		struct pattern *pattern = NULL;
		struct pattern_match match;
		struct reason why = { 0 };
		size_t offset;

		assert_int_equal(pattern_new(space,
		    text_from(identifier->form), false, &pattern, &offset,
		    &why), 0);
		if (found.len > 0 && (pattern_find(pattern, found, 0, &match,
		    &why) != 0 || match.start != 0))
			fail_msg("%s in %s", identifier->form,
			    cases[i].first);
		pattern_free(pattern);
	}
	pattern_space_free(space);
}

/* ---- values that others check ---- */

#define VALUES "../shared/testdata/dlp/python-stdnum-values.jsonl"

static const struct {
	const char *type, *name;
	const char *comment;	/* they refuse it for a reason of their own */
} kinds[] = {
	{ "stdnum.us.rtn", "*aba", "" },
	/* Numbers once printed in advertisements are still numbers. */
	{ "stdnum.us.ssn", "*ssn", "blacklisted entry" },
	/* Only of Spain, and with its own check digits within. */
	{ "stdnum.es.iban", "*iban", "different country" },
	{ "stdnum.es.iban", "*iban", "invalid CCC check digit" },
};

static void
check_value(const char *name, const char *value, bool is_valid)
{
	char compact[128];
	struct text first = TEXT_EMPTY;
	size_t i, len = 0;

	/* Groups of accounts are told apart by hyphens there. */
	for (i = 0; value[i] != '\0' && len < sizeof(compact) - 1; i++)
		if (strcmp(name, "*iban") != 0 || (value[i] != '-' &&
		    value[i] != ' '))
			compact[len++] = value[i];
	if (smart_identifier_count(smart_identifier_find(text_from(name)),
	    text_of(compact, len), 2, &first) != (is_valid ? 1 : 0))
		fail_msg("%s: %s", name, value);
}

static void
test_values_of_others(void **unused)
{
	size_t checked = 0, i, k;
	json_error_t error;
	FILE *in = fopen(VALUES, "r");
	json_t *row;

	(void)unused;
	if (in == NULL) {
		print_message("# " VALUES " is not here\n");
		skip();
	}
	while ((row = json_loadf(in, JSON_DISABLE_EOF_CHECK, &error)) !=
	    NULL) {
		const char *type = json_string_value(json_object_get(row,
		    "type"));
		const char *comment = json_string_value(json_object_get(row,
		    "comment"));
		bool is_excused = false;

		for (i = k = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			if (type == NULL || strcmp(type, kinds[i].type) != 0)
				continue;
			k = i + 1;
			is_excused = is_excused || (comment != NULL &&
			    strcmp(comment, kinds[i].comment) == 0);
		}
		if (k > 0) {
			check_value(kinds[k - 1].name, json_string_value(
			    json_object_get(row, "value")), is_excused ||
			    json_is_true(json_object_get(row, "valid")));
			checked++;
		}
		json_decref(row);
	}
	fclose(in);
	print_message("# %zu values\n", checked);
	assert_true(checked >= 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_names_and_most),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_values_of_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
