/*
 * F01: patterns that some text makes slow are refused when they are loaded;
 * those of common policies are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/pattern_cost.h"
#include "policy/pattern_lint.h"
#include "policy/smart_identifier.h"
#include "t/bench/scan_patterns.h"

static int
check(const char *source, size_t *offset, struct reason *why)
{
	struct pattern_space *space = pattern_space_new();
	struct pattern *pattern = NULL;
	int error;

	if (pattern_new(space, text_from(source), false, &pattern, offset,
	    why) != 0)
		fail_msg("%s: %s", source, why->text);
	error = pattern_check(pattern, offset, why);
	pattern_free(pattern);
	pattern_space_free(space);
	return error;
}

static void
test_refused(void **unused)
{
	static const struct {
		const char *source, *words;
	} cases[] = {
		{ "(a+)+$", "repeat within" },
		{ "([a-zA-Z]+)*$", "repeat within" },
		{ "(a|aa)+$", "slow on text" },
		{ "(a|a)*$", "match the same" },
		{ "(a|a?)+$", "match the same" },
		{ "(.*)*x", "repeat within" },
		{ "(.*a){30}", "" },
		{ "^(([a-z])+.)+[A-Z]([a-z])+$", "repeat within" },
		{ "(x+x+)+y", "repeat within" },
		{ "(?:a?){50}a{50}$", "slow" },
		{ "^(?:(?:a+)b?)*$", "repeat within" },
		{ "(?:(?:a*)*)*b", "repeat within" },
		{ "(\\w+\\s?)+:", "repeat within" },
		{ "a*a*a*a*a*[bc]", "slow" },
		{ "(?:.*,){11}P", "" },
		{ "\\s*\\n\\s*\\n\\s*x", "slow" },
		{ "x.*y.*z.*q", "slow" },
		{ "(?=(a+))(?:\\1a*)*c", "" },
		{ "(?x) (a|aa)+ $", "slow" },
	};
	size_t i, offset;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reason why = { 0 };

		if (check(cases[i].source, &offset, &why) != ERROR_REFUSED)
			fail_msg("%s is taken", cases[i].source);
		print_message("# %s: %s\n", cases[i].source, why.text);
		if (strstr(why.text, cases[i].words) == NULL ||
		    strstr(why.text, "(*SLOW)") == NULL)
			fail_msg("%s: %s", cases[i].source, why.text);
	}
}

static void
test_taken(void **unused)
{
	static const char *const sources[] = { "a", "^$", "(?i)secret",
		".*secret", ".+secret", "\\bfoo\\b.*\\bbar\\b", "^Re: .*$",
		"[\\w.-]+@x",
		"(*SLOW)(a+)+$", "(\\d+)-x", "x(\\d+)-\\1", "[[:alpha:]]+", "^\\s+|\\s+$",
		"(?i)(?:foo|bar|foobar)+",
		"\\bfoo\\W+(?:\\w+\\W+){0,5}bar\\b",
		"^[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+$", "\\S+@\\S+",
		"\\b\\w+\\b \\b\\w+\\b", "https?://[^/]+/.*\\.php",
		"(?i)visa.{0,40}\\b\\d{13,16}\\b", "<[^>]+>",
		"(?s)BEGIN.*END",
		"\\$\\d+(?:,\\d+)*" };
	char source[SCAN_PATTERN_SIZE];
	size_t i, offset;
	struct reason why = { 0 };

	(void)unused;
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (check(sources[i], &offset, &why) != 0)
			fail_msg("%s: %s", sources[i], why.text);
	for (i = 0; i < 200; i++) {
		scan_pattern_print(i, source, sizeof(source));
		if (check(source, &offset, &why) != 0)
			fail_msg("%s: %s", source, why.text);
	}
	for (i = 0; smart_identifier_at(i) != NULL; i++)
		if (check(smart_identifier_at(i)->form, &offset, &why) != 0)
			fail_msg("%s: %s", smart_identifier_at(i)->name,
			    why.text);
}

static void
test_offset(void **unused)
{
	struct reason why = { 0 };
	size_t offset = 0;

	(void)unused;
	assert_int_equal(check("abc(?:d+)*$", &offset, &why),
	    ERROR_REFUSED);
	assert_int_equal(offset, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_offset),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
