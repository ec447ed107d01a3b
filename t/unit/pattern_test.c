/*
 * Patterns: what matches, and that every match ends within its limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "policy/pattern.h"

#define SUBJECT_MAX ((size_t)1024 * 1024)
#define BUDGET_MS 500
#define SLOWEST_MS 10000

static struct pattern *
compile(struct pattern_space *space, const char *source, bool ignore_case)
{
	struct pattern *pattern = NULL;
	struct reason why = { 0 };
	size_t offset = 0;

	if (pattern_new(space, text_from(source), ignore_case, &pattern,
	    &offset, &why) != 0)
		fail_msg("%s: %zu: %s", source, offset, why.text);
	return pattern;
}

static void
test_matches(void **unused)
{
	static const struct {
		const char *source, *subject;
		bool ignore_case;
		size_t count;
	} cases[] = {
		{ "a", "banana", 0, 3 },
		{ "A", "banana", 0, 0 },
		{ "A", "banana", 1, 3 },
		{ "(?i)A", "banana", 0, 3 },
		{ "\xc3\xa4", "\xc3\xa4\xc3\x84", 1, 2 },
		{ "^\\w+$", "gr\xc3\xbc\xc3\x9f", 0, 1 },
		{ "\xe5\xaf\x86", "\xe6\xa9\x9f\xe5\xaf\x86", 0, 1 },
		{ "(?m)^b$", "a\r\nb\r\nc", 0, 1 },
		{ "a.b", "a\r\nb", 0, 0 },
		{ "", "\xc3\xa4""b", 0, 3 },
		{ "x*", "axb", 0, 4 },
		{ "(?P<n>a)(?P=n)", "aa", 0, 1 },
		{ "a{2,3}", "aaaaa", 0, 2 },
		{ "b", "\xff\xfe""b\xff", 0, 1 },
		{ ".", "\xff", 0, 0 },
		{ "^$", "", 0, 1 },
	};
	struct pattern_space *space = pattern_space_new();
	size_t i, count;

	(void)unused;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct pattern *pattern = compile(space, cases[i / 2].source,
		    cases[i / 2].ignore_case);
		struct pattern_match first = { 0 };
		struct reason why = { 0 };

		if (i % 2 == 1)
			pattern_accelerate(pattern);
		assert_int_equal(pattern_count(pattern,
		    text_from(cases[i / 2].subject), 100, &count, &first,
		    &why), 0);
		if (count != cases[i / 2].count)
			fail_msg("%s: %zu matches", cases[i / 2].source,
			    count);
		pattern_free(pattern);
	}
	pattern_space_free(space);
}

static void
test_refused(void **unused)
{
	static const char *const sources[] = { "(", "a{2,1}", "[z-a]", "\\C",
		"(?C1)a", "*x", "(?P<a", "a\\Gb", "\\p{Nonsense}", "(?<=a+)b" };
	struct pattern_space *space = pattern_space_new();
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct pattern *pattern = NULL;
		struct reason why = { 0 };
		size_t offset = SIZE_MAX;

		if (pattern_new(space, text_from(sources[i]), false,
		    &pattern, &offset, &why) != ERROR_MALFORMED)
			fail_msg("%s is taken", sources[i]);
		assert_true(offset <= strlen(sources[i]));
		assert_true(why.text[0] != '\0');
	}
	pattern_space_free(space);
}

/* F01: known bad patterns; an error or an answer, but soon. */
static void
test_catastrophes(void **unused)
{
	static const struct {
		const char *source;
		char filler;
		size_t len;
	} cases[] = {
		{ "(a+)+$", 'a', SUBJECT_MAX },
		{ "([a-zA-Z]+)*$", 'a', SUBJECT_MAX },
		{ "(a|aa)+$", 'a', SUBJECT_MAX },
		{ "(a|a?)+$", 'a', SUBJECT_MAX },
		{ "(.*a){30}", 'a', SUBJECT_MAX },
		{ "^(([a-z])+.)+[A-Z]([a-z])+$", 'a', SUBJECT_MAX },
		{ "(x+x+)+y", 'x', SUBJECT_MAX },
		{ "(?:a?){50}a{50}$", 'a', SUBJECT_MAX },
		{ "^(?:(?:a+)b?)*$", 'a', SUBJECT_MAX },
		{ "(?:(?:a*)*)*b", 'a', SUBJECT_MAX },
		{ "(a*)*\\1b", 'a', SUBJECT_MAX },
		{ "(?=(a+))(?:\\1a*)*c", 'a', SUBJECT_MAX },
		{ "(?R)?a(?R)?b", 'a', SUBJECT_MAX },
		{ "[ab]+[cd]", 'a', SUBJECT_MAX },
		{ "\\s*\\n\\s*\\n\\s*x", ' ', SUBJECT_MAX },
		{ "a*a*a*a*a*[bc]", 'a', SUBJECT_MAX },
		{ "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?[bc]", 'a', SUBJECT_MAX },
	};
	struct pattern_space *space = pattern_space_new();
	char *bytes = memory_new(SUBJECT_MAX);
	size_t i, count;

	(void)unused;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct pattern *pattern = compile(space, cases[i / 2].source,
		    false);
		struct pattern_match first = { 0 };
		struct reason why = { 0 };
		int64_t start = clock_monotonic_ms();
		int error;

		if (i % 2 == 1)
			pattern_accelerate(pattern);
		pattern_space_allow(space, BUDGET_MS);
		memset(bytes, cases[i / 2].filler, cases[i / 2].len);
		bytes[cases[i / 2].len - 1] = '!';
		error = pattern_count(pattern, text_of(bytes,
		    cases[i / 2].len), 1, &count, &first, &why);
		print_message("# %s: %s in %lld ms\n", cases[i / 2].source,
		    error == 0 ? "answer" : why.text,
		    (long long)(clock_monotonic_ms() - start));
		assert_true(error == 0 || error == ERROR_LIMIT);
		assert_true(clock_monotonic_ms() - start < SLOWEST_MS);
		pattern_free(pattern);
	}
	pattern_space_free(space);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_catastrophes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
