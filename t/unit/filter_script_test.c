/*
 * Texts of message filters: names, which bytes belong to which filter, and
 * changes that leave everything else as it is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/filter_script_edit.h"

#define A "a: if true { no-op(); }\n"
#define B "b! if (subject == \"}\") { if true { drop(); } else { x(); } } # b\n"
#define C "c: if true { no-op(); }\n"
#define TOP "# top of the file\n\n"
#define OF_B "# about b\n#more\n"
#define TEXT_ABC TOP A "\n" OF_B B C "# end\n"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new((size_t)16 * 1024 * 1024);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct filter_script
parse(const char *source)
{
	struct filter_mistake mistake = { 0 };
	struct filter_script script;

	if (filter_script_parse(text_from(source), arena, &script,
	    &mistake) != 0)
		fail_msg("%s", mistake.why.text);
	return script;
}

static void
assert_text_is(struct text t, const char *wanted)
{
	if (!text_equal(t, text_from(wanted)))
		fail_msg("<<%.*s>> != <<%s>>", TEXT_ARG(t), wanted);
}

static void
test_pieces(void **state)
{
	struct filter_script script = parse(TEXT_ABC);

	(void)state;
	assert_int_equal(script.count, 3);
	assert_text_is(script.filters[0].name, "a");
	assert_true(script.filters[0].is_active);
	assert_false(script.filters[1].is_active);
	assert_text_is(script.filters[0].before, TOP);
	assert_text_is(script.filters[0].body, A);
	assert_text_is(script.filters[1].before, "\n");
	assert_text_is(script.filters[1].body, OF_B B);
	assert_int_equal(script.filters[1].body.data[
	    script.filters[1].sign], '!');
	assert_text_is(script.filters[2].before, "");
	assert_text_is(script.behind, "# end\n");
	assert_int_equal(filter_script_find(&script, TEXT("B")), 1);
	assert_int_equal(filter_script_find(&script, TEXT("d")), 3);
	assert_int_equal(parse("").count, 0);
	assert_int_equal(parse("# nothing\n").count, 0);
}

/* Several on one line, no line end at all, CRLF. */
static void
test_odd_pieces(void **state)
{
	struct filter_script script =
	    parse("a: if true {} b: if true {}\r\n\r\n# c\r\nc: if true {}");

	(void)state;
	assert_int_equal(script.count, 3);
	assert_text_is(script.filters[0].body, "a: if true {}");
	assert_text_is(script.filters[1].body, " b: if true {}\r\n");
	assert_text_is(script.filters[2].before, "\r\n");
	assert_text_is(script.filters[2].body, "# c\r\nc: if true {}");
	assert_text_is(script.behind, "");
}

/* Forms in which administrators write. */
static void
test_forms(void **state)
{
	struct filter_script script = parse(
	    "expedite: if (recv-listener == 'InboundMail' or recv-int == "
	    "'main')\n    { alt-src-host('outbound1'); }\n"
	    "    else { alt-src-host('outbound2'); }\n"
	    "bigFilter:if(body-size>=4M){notify('a@example.com');drop();}\n"
	    "quarantine_smime_messages:if (smime-gateway-message and not "
	    "smime-gateway-verified)\n{ quarantine(\"Policy\"); }\n"
	    "Tag_Message: IF (subject == '^\\\\[Encrypt\\\\]')\n"
	    "  { tag-message('Encrypt-And-Deliver'); }\n"
	    "SSN-nohtml: if only-body-contains(\"*ssn\") { "
	    "duplicate-quarantine(\"Policy\"); }\n");

	(void)state;
	assert_int_equal(script.count, 5);
	assert_text_is(script.filters[4].name, "SSN-nohtml");
	assert_text_is(script.filters[3].node->first->first->value.text,
	    "^\\[Encrypt\\]");
}

static void
test_mistakes(void **state)
{
	static const struct {
		const char *source;
		size_t offset;
		const char *words;
	} cases[] = {
		{ A "A: if true {}", 24,
		  "there is a filter of that name above" },
		{ "if: if true {}", 0,
		  "a word of the language cannot be a filter's name" },
		{ A "NOT! if true {}", 24,
		  "a word of the language cannot be a filter's name" },
		{ "last: if true {}", 0,
		  "that word is reserved; choose another name" },
		{ "All: if true {}", 0,
		  "that word is reserved; choose another name" },
		{ "a", 1, "expected \":\" or \"!\" behind \"a\", found the "
		  "end" },
		{ "a: if (true { drop(); }", 12, "expected \")\" behind "
		  "\"true\", found \"{\"" },
		{ "a: if true { drop() }", 20, "expected \";\" behind \")\", "
		  "found \"}\"" },
		{ "a: if true { drop();", 20, "expected an action behind "
		  "\";\", found the end" },
		{ "1a: if true {}", 1, "a number is digits, with K or M "
		  "behind them for units of 1024 or 1048576" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter_mistake mistake = { 0 };
		struct filter_script script;

		assert_int_equal(filter_script_parse(
		    text_from(cases[i].source), arena, &script, &mistake),
		    ERROR_MALFORMED);
		assert_string_equal(mistake.why.text, cases[i].words);
		assert_int_equal(mistake.offset, cases[i].offset);
	}
}

/* F09: nothing about the size of a text makes the parser call itself. */
static void
test_limits(void **state)
{
	struct filter_mistake mistake = { 0 };
	struct filter_script script;
	struct buffer source;
	size_t i;

	(void)state;
	buffer_init(&source, 1 << 20);
	for (i = 0; i < FILTER_SCRIPT_FILTERS_MAX + 1; i++)
		assert_int_equal(buffer_printf(&source,
		    "f%zu: if true {}\n", i), 0);
	assert_int_equal(filter_script_parse(buffer_text(&source), arena,
	    &script, &mistake), ERROR_MALFORMED);
	assert_string_equal(mistake.why.text,
	    "there are more than 1000 filters");
	buffer_reset(&source);
	assert_int_equal(buffer_printf(&source, "f: if true"), 0);
	for (i = 0; i < 10000; i++)
		assert_int_equal(buffer_printf(&source, " and true"), 0);
	assert_int_equal(buffer_printf(&source, " {}"), 0);
	arena_reset(arena);
	assert_int_equal(filter_script_parse(buffer_text(&source), arena,
	    &script, &mistake), 0);
	buffer_reset(&source);
	assert_int_equal(buffer_printf(&source, "f: "), 0);
	for (i = 0; i < 10000; i++)
		assert_int_equal(buffer_printf(&source, "if true { "), 0);
	assert_int_equal(filter_script_parse(buffer_text(&source), arena,
	    &script, &mistake), ERROR_MALFORMED);
	assert_string_equal(mistake.why.text, "blocks are nested too deep");
	buffer_clear(&source);
}

static void
test_which(void **state)
{
	static const struct {
		const char *which;
		size_t first;
		size_t end;	/* 0: there is none */
	} cases[] = {
		{ "1", 0, 1 }, { "3", 2, 3 }, { "2-3", 1, 3 }, { "1-1", 0, 1 },
		{ "b", 1, 2 }, { "C", 2, 3 }, { "all", 0, 3 },
		{ "0", 0, 0 }, { "4", 0, 0 }, { "3-2", 0, 0 }, { "1-", 0, 0 },
		{ "1-4", 0, 0 }, { "-1", 0, 0 }, { "d", 0, 0 }, { "", 0, 0 },
		{ "99999999999999999999", 0, 0 }, { "1x", 0, 0 },
	};
	struct filter_script script = parse(TEXT_ABC), none = parse("");
	struct filter_range range;
	struct reason why = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int error = filter_range_parse(&script,
		    text_from(cases[i].which), &range, &why);

		assert_int_equal(error, cases[i].end == 0 ? ERROR_NOT_FOUND :
		    0);
		if (error != 0)
			continue;
		assert_int_equal(range.first, cases[i].first);
		assert_int_equal(range.end, cases[i].end);
	}
	assert_int_equal(filter_range_parse(&none, TEXT("all"), &range, &why),
	    ERROR_NOT_FOUND);
}

/* The names of the filters of a text, in order. */
static const char *
names(struct text source)
{
	static char out[256];
	struct filter_mistake mistake = { 0 };
	struct filter_script script;
	size_t i;

	assert_int_equal(filter_script_parse(source, arena, &script,
	    &mistake), 0);
	out[0] = '\0';
	for (i = 0; i < script.count; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out),
		    "%.*s%s", TEXT_ARG(script.filters[i].name),
		    script.filters[i].is_active ? "" : "!");
	return out;
}

static void
test_move(void **state)
{
	static const struct {
		const char *which;
		const char *where;
		const char *order;
	} cases[] = {
		{ "1", "3", "bcade" }, { "1", "last", "bcdea" },
		{ "5", "1", "eabcd" }, { "2-3", "1", "bcade" },
		{ "2-3", "last", "adebc" }, { "2-3", "4", "adebc" },
		{ "2-3", "3", "adbce" }, { "2-3", "2", "abcde" },
		{ "a", "d", "bcade" }, { "d", "a", "dabce" },
		{ "all", "1", "abcde" }, { "1-4", "e", "abcde" },
		{ "1", "6", "bcdea" }, { "b-", "1", NULL },
		{ "1", "0", NULL }, { "1", "7", NULL }, { "1", "x", NULL },
	};
	struct filter_script script = parse("a:if true{}\nb:if true{}\n"
	    "c:if true{}\nd:if true{}\ne:if true{}\n");
	struct buffer out;
	size_t i;

	(void)state;
	buffer_init(&out, 4096);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter_range range = { 0, 1 };
		struct reason why = { 0 };
		size_t place = 0;
		int error = filter_range_parse(&script,
		    text_from(cases[i].which), &range, &why);

		if (error == 0)
			error = filter_place_parse(&script,
			    text_from(cases[i].where), &range, &place, &why);
		assert_int_equal(error, cases[i].order == NULL ?
		    ERROR_NOT_FOUND : 0);
		if (error != 0)
			continue;
		buffer_reset(&out);
		assert_int_equal(filter_script_move(&script, range, place,
		    &out), 0);
		assert_string_equal(names(buffer_text(&out)),
		    cases[i].order);
	}
	buffer_clear(&out);
}

/* A filter takes its comment along, loose lines stay. */
static void
test_comments(void **state)
{
	struct filter_script script = parse(TEXT_ABC);
	struct buffer out;

	(void)state;
	buffer_init(&out, 4096);
	assert_int_equal(filter_script_move(&script,
	    (struct filter_range){ 1, 2 }, 0, &out), 0);
	assert_text_is(buffer_text(&out), TOP OF_B B "\n" A C "# end\n");
	buffer_reset(&out);
	assert_int_equal(filter_script_delete(&script,
	    (struct filter_range){ 1, 2 }, &out), 0);
	assert_text_is(buffer_text(&out), TOP A C "# end\n");
	buffer_reset(&out);
	assert_int_equal(filter_script_delete(&script,
	    (struct filter_range){ 0, 3 }, &out), 0);
	assert_text_is(buffer_text(&out), TOP "# end\n");
	buffer_reset(&out);
	assert_int_equal(filter_script_activate(&script,
	    (struct filter_range){ 0, 2 }, false, &out), 0);
	assert_string_equal(names(buffer_text(&out)), "a!b!c");
	assert_int_equal(buffer_len(&out), strlen(TEXT_ABC));
	buffer_clear(&out);
}

static void
test_insert(void **state)
{
	struct filter_script script = parse(TEXT_ABC), none = parse("# x");
	struct buffer out;

	(void)state;
	buffer_init(&out, 4096);
	assert_int_equal(filter_script_insert(&script, 0,
	    TEXT("n: if true {}"), &out), 0);
	assert_text_is(buffer_text(&out),
	    TOP "n: if true {}\n" A "\n" OF_B B C "# end\n");
	buffer_reset(&out);
	assert_int_equal(filter_script_insert(&script, 1,
	    TEXT("n: if true {}\n"), &out), 0);
	assert_string_equal(names(buffer_text(&out)), "anb!c");
	buffer_reset(&out);
	assert_int_equal(filter_script_insert(&script, 3,
	    TEXT("n: if true {}\n"), &out), 0);
	assert_text_is(buffer_text(&out),
	    TOP A "\n" OF_B B C "n: if true {}\n# end\n");
	buffer_reset(&out);
	assert_int_equal(filter_script_insert(&none, 0,
	    TEXT("n: if true {}\n"), &out), 0);
	assert_text_is(buffer_text(&out), "# x\nn: if true {}\n");
	buffer_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_odd_pieces),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_insert),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
