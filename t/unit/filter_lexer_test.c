/*
 * The filter language's words, and how mistakes are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/filter_lexer.h"

static void
check_kinds(const char *source, const enum filter_token_kind *kinds)
{
	struct arena *arena = arena_new(1 << 16);
	struct filter_lexer lexer;
	struct filter_token token;
	struct filter_mistake mistake;

	filter_lexer_init(&lexer, text_from(source), arena);
	do {
		assert_int_equal(filter_lexer_next(&lexer, &token, &mistake),
		    0);
		assert_int_equal(token.kind, *kinds);
	} while (*kinds++ != FILTER_TOKEN_END);
	arena_free(arena);
}

static void
test_kinds(void **unused)
{
	(void)unused;
	check_kinds("", (const enum filter_token_kind[]){
	    FILTER_TOKEN_END });
	check_kinds(" # only a comment", (const enum filter_token_kind[]){
	    FILTER_TOKEN_END });
	check_kinds("mail-from == \"x\" # behind\nAnd NOT oR", (const enum
	    filter_token_kind[]){ FILTER_TOKEN_NAME, FILTER_TOKEN_EQUAL,
	    FILTER_TOKEN_STRING, FILTER_TOKEN_AND, FILTER_TOKEN_NOT,
	    FILTER_TOKEN_OR, FILTER_TOKEN_END });
	check_kinds("a: if (b<=1K){c();}else{d!}", (const enum
	    filter_token_kind[]){ FILTER_TOKEN_NAME, FILTER_TOKEN_COLON,
	    FILTER_TOKEN_IF, FILTER_TOKEN_PAREN_OPEN, FILTER_TOKEN_NAME,
	    FILTER_TOKEN_LESS_EQUAL, FILTER_TOKEN_NUMBER,
	    FILTER_TOKEN_PAREN_CLOSE, FILTER_TOKEN_BRACE_OPEN,
	    FILTER_TOKEN_NAME, FILTER_TOKEN_PAREN_OPEN,
	    FILTER_TOKEN_PAREN_CLOSE, FILTER_TOKEN_SEMICOLON,
	    FILTER_TOKEN_BRACE_CLOSE, FILTER_TOKEN_ELSE,
	    FILTER_TOKEN_BRACE_OPEN, FILTER_TOKEN_NAME,
	    FILTER_TOKEN_EXCLAMATION, FILTER_TOKEN_BRACE_CLOSE,
	    FILTER_TOKEN_END });
	check_kinds("< > >= == !=,", (const enum filter_token_kind[]){
	    FILTER_TOKEN_LESS, FILTER_TOKEN_GREATER,
	    FILTER_TOKEN_GREATER_EQUAL, FILTER_TOKEN_EQUAL,
	    FILTER_TOKEN_NOT_EQUAL, FILTER_TOKEN_COMMA, FILTER_TOKEN_END });
}

static void
test_strings_and_numbers(void **unused)
{
	static const struct {
		const char *source, *string;
	} strings[] = {
		{ "\"\"", "" }, { "'a\"b'", "a\"b" },
		{ "'@yahoo\\\\.com$'", "@yahoo\\.com$" },
		{ "\"\\d+\"", "\\d+" }, { "\"a\\\"b\"", "a\"b" },
		{ "'it\\'s'", "it's" }, { "\"\\\\\"", "\\" },
		{ "\"\xc3\xa4\t\"", "\xc3\xa4\t" },
	};
	static const struct {
		const char *source;
		uint64_t number;
	} numbers[] = {
		{ "0", 0 }, { "10", 10 }, { "1k", 1024 }, { "10M", 10485760 },
	};
	struct arena *arena = arena_new(1 << 16);
	struct filter_lexer lexer;
	struct filter_token token;
	struct filter_mistake mistake;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		filter_lexer_init(&lexer, text_from(strings[i].source),
		    arena);
		assert_int_equal(filter_lexer_next(&lexer, &token, &mistake),
		    0);
		assert_int_equal(token.kind, FILTER_TOKEN_STRING);
		assert_true(text_equal(token.string,
		    text_from(strings[i].string)));
	}
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		filter_lexer_init(&lexer, text_from(numbers[i].source),
		    arena);
		assert_int_equal(filter_lexer_next(&lexer, &token, &mistake),
		    0);
		assert_int_equal(token.kind, FILTER_TOKEN_NUMBER);
		assert_int_equal(token.number, numbers[i].number);
	}
	arena_free(arena);
}

static void
test_mistakes(void **unused)
{
	static const struct {
		const char *source;
		size_t offset;
		const char *words;
	} cases[] = {
		{ "\"open", 0, "the closing quote is missing" },
		{ "'open\n'", 0, "the closing quote is missing" },
		{ "\"a\\\"", 0, "the closing quote is missing" },
		{ "\"a\x01\"", 2, "a control byte, or bytes that are not "
		    "UTF-8" },
		{ "\"\xff\"", 1, "a control byte, or bytes that are not "
		    "UTF-8" },
		{ "=", 0, "\"=\" compares nothing; write \"==\"" },
		{ "  \xc3\xa4", 2, "no word begins like this" },
		{ "99999999999999999999", 0, "the number is too large" },
		{ "10X", 2, "a number is digits, with K or M behind them for "
		    "units of 1024 or 1048576" },
		{ "1.5", 1, "a number is digits, with K or M behind them for "
		    "units of 1024 or 1048576" },
	};
	struct arena *arena = arena_new(1 << 16);
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter_lexer lexer;
		struct filter_token token;
		struct filter_mistake mistake;

		filter_lexer_init(&lexer, text_from(cases[i].source), arena);
		assert_int_equal(filter_lexer_next(&lexer, &token, &mistake),
		    ERROR_MALFORMED);
		assert_int_equal(mistake.offset, cases[i].offset);
		assert_string_equal(mistake.why.text, cases[i].words);
	}
	arena_free(arena);
}

static void
check_print(const char *source, size_t offset, const char *wanted)
{
	struct filter_mistake mistake = { .offset = offset };
	struct buffer out;

	reason_set(&mistake.why, "wrong");
	buffer_init(&out, 4096);
	assert_int_equal(filter_mistake_print(&mistake, text_from(source),
	    &out), 0);
	assert_true(text_equal(buffer_text(&out), text_from(wanted)));
	buffer_clear(&out);
}

static void
test_places(void **unused)
{
	char line[200];

	(void)unused;
	check_print("", 0, "column 1: wrong\n    \n    ^");
	check_print("a b", 2, "column 3: wrong\n    a b\n      ^");
	check_print("\xc3\xa4\xc3\xa4 b", 5,
	    "column 4: wrong\n    \xc3\xa4\xc3\xa4 b\n       ^");
	check_print("one\ntwo\nthree", 5,
	    "line 2, column 2: wrong\n    two\n     ^");
	check_print("a\x1b\xff b", 4, "column 5: wrong\n    a?? b\n        ^");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	check_print(line, 100, "column 101: wrong\n    "
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxx\n    "
	    "                                                  ^");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_strings_and_numbers),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_places),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
