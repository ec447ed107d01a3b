/*
 * Facts as text: what is read and what is refused, there and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/fact_text.h"

#define ARENA_MAX ((size_t)1024 * 1024)

static const struct {
	const char *in;
	const char *out;	/* NULL: the same */
	uint8_t kind;
	uint8_t outcome;
	size_t values;
} good[] = {
	{ "dns-list list.test 192.0.2.7 = 127.0.0.2, 127.0.0.4", NULL,
	    FACT_DNS_LIST, FACT_KNOWN, 2 },
	{ "host-name \"\" 2001:db8::1 =", NULL, FACT_HOST_NAME, FACT_KNOWN,
	    0 },
	{ "group corp.entry:sales a@b.test = unknown", NULL, FACT_GROUP,
	    FACT_UNKNOWN, 0 },
	{ "group \"d.q:a group\" \"\\\"x y\\\"@b.test\" = \"a group\"", NULL,
	    FACT_GROUP, FACT_KNOWN, 1 },
	{ "group d.q:g a@b.test = unknown \"it is away\"", NULL, FACT_GROUP,
	    FACT_UNKNOWN, 0 },
	{ "attribute d.q a@b.test = \"unknown\", \"\"", NULL, FACT_ATTRIBUTE,
	    FACT_KNOWN, 2 },
	{ "attribute d.q a@b.test = \"\\x00\\x0a\\\\\"", NULL,
	    FACT_ATTRIBUTE, FACT_KNOWN, 1 },
	{ "\t queue-count  \"\" \"\"=5 ", "queue-count \"\" \"\" = 5",
	    FACT_QUEUE_COUNT, FACT_KNOWN, 1 },
	{ "group d.q:g a@b = unknown, known",
	    "group d.q:g a@b = \"unknown\", known", FACT_GROUP, FACT_KNOWN,
	    2 },
	{ "group d.q:g a@b = unknowns", NULL, FACT_GROUP, FACT_KNOWN, 1 },
};

static void
test_good(void **unused)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct buffer printed;
	size_t i;

	(void)unused;
	buffer_init(&printed, FACT_LINE_MAX);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct frame_fact fact;
		struct reason why = { 0 };
		const char *wanted = good[i].out != NULL ? good[i].out :
		    good[i].in;

		if (fact_parse(text_from(good[i].in), arena, &fact, &why) !=
		    0)
			fail_msg("%s: %s", good[i].in, why.text);
		assert_int_equal(fact.kind, good[i].kind);
		assert_int_equal(fact.outcome, good[i].outcome);
		assert_int_equal(fact.value_count, good[i].values);
		buffer_reset(&printed);
		assert_int_equal(fact_print(&fact, &printed), 0);
		if (!text_equal(buffer_text(&printed), text_from(wanted)))
			fail_msg("%s: %.*s", wanted,
			    TEXT_ARG(buffer_text(&printed)));
	}
	buffer_clear(&printed);
	arena_free(arena);
}

static void
test_bad(void **unused)
{
	static const char *const bad[] = { "", "group", "group d.q:g",
		"group d.q:g a@b", "nothing a b = c", "group a b c = d",
		"group a b = c d", "group a b = c,", "group a b = ,c",
		"group a b = \"c", "group a b = \"\\n\"",
		"group a b = \"\\x0\"", "group a b = \"\\xgg\"",
		"group a b = unknown why not", "group a b = c;",
		"group a b = unknown \"x\" y" };
	struct arena *arena = arena_new(ARENA_MAX);
	struct frame_fact fact;
	struct reason why;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why.text[0] = '\0';
		if (fact_parse(text_from(bad[i]), arena, &fact, &why) !=
		    ERROR_MALFORMED)
			fail_msg("%s was taken", bad[i]);
		assert_true(why.text[0] != '\0');
	}
	arena_free(arena);
}

static void
test_limits(void **unused)
{
	struct arena *arena = arena_new((size_t)8 * 1024 * 1024);
	struct buffer line;
	struct frame_fact fact;
	struct reason why;
	size_t i;

	(void)unused;
	buffer_init(&line, FACT_LINE_MAX * 2);
	assert_int_equal(buffer_printf(&line, "group a b = 0"), 0);
	for (i = 1; i < FACT_VALUES_MAX; i++)
		assert_int_equal(buffer_printf(&line, ",%zu", i), 0);
	assert_int_equal(fact_parse(buffer_text(&line), arena, &fact, &why),
	    0);
	assert_int_equal(fact.value_count, FACT_VALUES_MAX);
	assert_int_equal(buffer_printf(&line, ",x"), 0);
	assert_int_equal(fact_parse(buffer_text(&line), arena, &fact, &why),
	    ERROR_LIMIT);
	buffer_reset(&line);
	assert_int_equal(buffer_printf(&line, "group a b = \"%*s\"",
	    FACT_TEXT_MAX + 1, ""), 0);
	assert_int_equal(fact_parse(buffer_text(&line), arena, &fact, &why),
	    ERROR_LIMIT);
	buffer_clear(&line);
	/* A full buffer stays as it was. */
	buffer_init(&line, 20);
	assert_int_equal(fact_parse(TEXT("group source subject = value"),
	    arena, &fact, &why), 0);
	assert_int_equal(fact_print(&fact, &line), ERROR_LIMIT);
	assert_int_equal(buffer_len(&line), 0);
	buffer_clear(&line);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
