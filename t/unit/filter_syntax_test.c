/*
 * The filter language's grammar: how it groups, what it refuses and where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/filter_syntax.h"

typedef int (*parse_function)(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake);

/* What is printed is printed again the same. */
static void
check_print(parse_function parse, const char *source, const char *wanted)
{
	struct arena *arena = arena_new(1 << 20);
	struct filter_mistake mistake;
	struct filter_node *root = NULL;
	struct buffer out;
	struct text first;

	buffer_init(&out, 1 << 16);
	if (parse(text_from(source), arena, &root, &mistake) != 0)
		fail_msg("%s: %zu: %s", source, mistake.offset,
		    mistake.why.text);
	assert_int_equal(filter_syntax_print(root, &out), 0);
	assert_int_equal(buffer_add_byte(&out, '\0'), 0);
	assert_string_equal(buffer_text(&out).data, wanted);
	assert_int_equal(arena_copy(arena, text_from(buffer_text(&out).data),
	    &first), 0);
	buffer_reset(&out);
	assert_int_equal(parse(first, arena, &root, &mistake), 0);
	assert_int_equal(filter_syntax_print(root, &out), 0);
	assert_true(text_equal(buffer_text(&out), first));
	buffer_clear(&out);
	arena_free(arena);
}

static void
test_expressions(void **unused)
{
	static const struct {
		const char *source, *printed;
	} cases[] = {
		{ "true", "true" },
		{ "a or b and c", "a OR b AND c" },
		{ "(a or b) and c", "a OR b AND c" },
		{ "a or (b and c)", "a OR (b AND c)" },
		{ "((a))", "a" },
		{ "not a and b", "NOT a AND b" },
		{ "not (a and b)", "NOT (a AND b)" },
		{ "NOT not a", "a" },
		{ "not (not a)", "a" },
		{ "not (not (not a))", "NOT a" },
		{ "a and not (b or (c and not d))",
		  "a AND NOT (b OR (c AND NOT d))" },
		{ "(((a and b) or c) and d)", "a AND b OR c AND d" },
		{ "header('X')", "header(\"X\")" },
		{ "header( 'X' ) == \"re\"", "header(\"X\") == \"re\"" },
		{ "subject!='it\\'s \\\\d \"q\"'",
		  "subject != \"it's \\\\d \\\"q\\\"\"" },
		{ "body-size >= 10M", "body-size >= 10485760" },
		{ "body-contains('x', 3)", "body-contains(\"x\", 3)" },
		{ "spf-status == Fail", "spf-status == Fail" },
		{ "rule()", "rule()" },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_print(filter_syntax_parse_expression, cases[i].source,
		    cases[i].printed);
}

static void
test_scripts(void **unused)
{
	(void)unused;
	check_print(filter_syntax_parse_action, "drop();", "drop()");
	check_print(filter_syntax_parse_action, "tag-message('a')",
	    "tag-message(\"a\")");
	check_print(filter_syntax_parse_script, "# nothing\n", "");
	check_print(filter_syntax_parse_script,
	    "expedite: if (recv-listener == 'In' or recv-int == 'main')\n"
	    "{ alt-src-host('one'); }\nelse { alt-src-host('two'); }\n"
	    "off! if true {}",
	    "expedite: if recv-listener == \"In\" OR recv-int == \"main\" "
	    "{ alt-src-host(\"one\"); } else { alt-src-host(\"two\"); }\n"
	    "off! if true { }\n");
	check_print(filter_syntax_parse_script,
	    "a: if b { c(); if d { e(); } else if f { g(); } else { h(); } "
	    "i(); }",
	    "a: if b { c(); if d { e(); } else if f { g(); } else { h(); } "
	    "i(); }\n");
}

static void
test_mistakes(void **unused)
{
	static const struct {
		parse_function parse;
		const char *source;
		size_t offset;
		const char *words;
	} cases[] = {
		{ filter_syntax_parse_expression, "", 0,
		    "expected a condition, found the end" },
		{ filter_syntax_parse_expression, "header(\"X\" == 'a'", 11,
		    "expected \")\" behind \"X\", found \"==\"" },
		{ filter_syntax_parse_expression, "(subject AND", 12,
		    "expected a condition behind \"AND\", found the end" },
		{ filter_syntax_parse_expression, "(subject", 8,
		    "expected \")\" behind \"subject\", found the end" },
		{ filter_syntax_parse_expression, "subject)", 7,
		    "expected AND, OR or the end behind \"subject\", found "
		    "\")\"" },
		{ filter_syntax_parse_expression, "subject == ", 11,
		    "expected a text in quotes or a number behind \"==\", "
		    "found the end" },
		{ filter_syntax_parse_expression, "a 'b'", 2,
		    "expected AND, OR or the end behind \"a\", found 'b'" },
		{ filter_syntax_parse_expression, "not and", 4,
		    "expected a condition behind \"not\", found \"and\"" },
		{ filter_syntax_parse_action, "drop", 4,
		    "expected \"(\" behind \"drop\", found the end" },
		{ filter_syntax_parse_action, "drop() bounce()", 7,
		    "expected the end behind \")\", found \"bounce\"" },
		{ filter_syntax_parse_action, "drop(,)", 5,
		    "expected a text in quotes or a number behind \"(\", "
		    "found \",\"" },
		{ filter_syntax_parse_script, "a if true {}", 2,
		    "expected \":\" or \"!\" behind \"a\", found \"if\"" },
		{ filter_syntax_parse_script, "a: drop();", 3,
		    "expected \"if\" behind \":\", found \"drop\"" },
		{ filter_syntax_parse_script, "a: if true { drop() }", 20,
		    "expected \";\" behind \")\", found \"}\"" },
		{ filter_syntax_parse_script, "a: if true { drop();", 20,
		    "expected an action behind \";\", found the end" },
		{ filter_syntax_parse_script, "a: if true {} else drop();",
		    19, "expected \"{\" behind \"else\", found \"drop\"" },
		{ filter_syntax_parse_script, "a: if b {} else {} else {}",
		    19, "expected a filter's name behind \"}\", found "
		    "\"else\"" },
	};
	struct arena *arena = arena_new(1 << 20);
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter_mistake mistake;
		struct filter_node *root = NULL;

		assert_int_equal(cases[i].parse(text_from(cases[i].source),
		    arena, &root, &mistake), ERROR_MALFORMED);
		assert_string_equal(mistake.why.text, cases[i].words);
		assert_int_equal(mistake.offset, cases[i].offset);
	}
	arena_free(arena);
}

/* F09: a long chain is no depth, deep nesting is an error. */
static void
test_depth(void **unused)
{
	struct arena *arena = arena_new((size_t)1 << 26);
	struct buffer source, printed;
	struct filter_mistake mistake;
	struct filter_node *root = NULL;
	size_t i;

	(void)unused;
	buffer_init(&source, 1 << 20);
	buffer_init(&printed, 1 << 20);
	assert_int_equal(buffer_add_text(&source, TEXT("a")), 0);
	for (i = 0; i < 10000; i++)
		assert_int_equal(buffer_add_text(&source,
		    TEXT(" and not b")), 0);
	assert_int_equal(filter_syntax_parse_expression(buffer_text(&source),
	    arena, &root, &mistake), 0);
	assert_int_equal(filter_syntax_print(root, &printed), 0);
	assert_true(text_equal_nocase(buffer_text(&printed),
	    buffer_text(&source)));
	buffer_reset(&source);
	for (i = 0; i < FILTER_DEPTH_MAX + 1; i++)
		assert_int_equal(buffer_add_text(&source, TEXT("(")), 0);
	assert_int_equal(filter_syntax_parse_expression(buffer_text(&source),
	    arena, &root, &mistake), ERROR_MALFORMED);
	assert_string_equal(mistake.why.text,
	    "parentheses are nested too deep");
	assert_int_equal(mistake.offset, FILTER_DEPTH_MAX);
	buffer_reset(&source);
	assert_int_equal(buffer_add_text(&source, TEXT("a: ")), 0);
	for (i = 0; i < FILTER_DEPTH_MAX + 1; i++)
		assert_int_equal(buffer_add_text(&source,
		    TEXT("if b { ")), 0);
	assert_int_equal(filter_syntax_parse_script(buffer_text(&source),
	    arena, &root, &mistake), ERROR_MALFORMED);
	assert_string_equal(mistake.why.text, "blocks are nested too deep");
	buffer_clear(&printed);
	buffer_clear(&source);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_depth),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
