/*
 * Facts while a message is judged: questions once each, answers, and what
 * the lack of one means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/fact.h"

#define ARENA_MAX ((size_t)4 * 1024 * 1024)

static struct config_directory_query queries[] = {
	{ .name = TEXT_INIT("entry"), .group = TEXT_INIT("(cn={g})") },
	{ .name = TEXT_INIT("department"), .filter = TEXT_INIT("(mail={a})"),
	    .attribute = TEXT_INIT("department") },
};
static struct config_directory directories[] = {
	{ .name = TEXT_INIT("corp"), .queries = queries, .query_count = 2,
	    .on_failure = CONFIG_ON_FAILURE_HOLD },
	{ .name = TEXT_INIT("soft"), .queries = queries, .query_count = 2,
	    .on_failure = CONFIG_ON_FAILURE_UNKNOWN },
};
static struct config config = { .directories = directories,
	.directory_count = 2 };

static const struct text sales = TEXT_INIT("corp.entry:sales");
static const struct text soft_sales = TEXT_INIT("soft.entry:sales");
static const struct text anna = TEXT_INIT("anna@example.org");

static void
test_questions(void **unused)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct frame_fact known = { .kind = FACT_GROUP, .source = sales,
		.subject = anna, .outcome = FACT_KNOWN };
	const struct fact_table table = { &known, 1 };
	struct fact_list list;
	char subjects[FACTS_MAX + 1][16];
	size_t i;

	(void)unused;
	fact_list_init(&list, arena);
	assert_int_equal(fact_group_ask(&list, sales, anna), 0);
	assert_int_equal(fact_group_ask(&list, sales, anna), 0);
	assert_int_equal(fact_group_ask(&list, soft_sales, anna), 0);
	assert_int_equal(fact_group_ask(&list, sales, TEXT_EMPTY), 0);
	assert_int_equal(list.count, 2);
	fact_list_subtract(&list, &table);
	assert_int_equal(list.count, 1);
	assert_true(text_equal(list.facts[0].source, soft_sales));
	for (i = list.count; i < FACTS_MAX; i++) {
		memset(subjects[i], 0, sizeof(subjects[i]));
		memcpy(subjects[i], &i, sizeof(i));
		assert_int_equal(fact_list_add(&list, FACT_GROUP, sales,
		    text_of(subjects[i], sizeof(subjects[i]))), 0);
	}
	assert_int_equal(fact_group_ask(&list, sales, anna), ERROR_LIMIT);
	arena_free(arena);
}

static void
expect_truth(const struct fact_table *table, struct text source,
	enum fact_truth wanted)
{
	enum fact_truth truth = FACT_DOUBTFUL;
	struct reason why = { 0 };

	assert_int_equal(fact_group_is(&config, table, source, anna, &truth,
	    &why), 0);
	assert_int_equal(truth, wanted);
}

static void
test_groups(void **unused)
{
	struct text value = TEXT("sales");
	struct frame_fact facts[] = {
		{ .kind = FACT_GROUP, .source = sales, .subject = anna,
		    .outcome = FACT_KNOWN, .values = &value,
		    .value_count = 1 },
		{ .kind = FACT_GROUP, .source = soft_sales, .subject = anna,
		    .outcome = FACT_KNOWN },
	};
	const struct fact_table table = { facts, 2 };
	struct reason why = { 0 };
	enum fact_truth truth = FACT_TRUE;

	(void)unused;
	expect_truth(&table, sales, FACT_TRUE);
	expect_truth(&table, soft_sales, FACT_FALSE);
	facts[1].outcome = FACT_UNKNOWN;
	facts[1].reason = TEXT("it is away");
	expect_truth(&table, soft_sales, FACT_DOUBTFUL);
	facts[0].outcome = FACT_UNKNOWN;
	facts[0].reason = TEXT("no answer in time");
	assert_int_equal(fact_group_is(&config, &table, sales, anna, &truth,
	    &why), ERROR_LIMIT);
	assert_non_null(strstr(why.text, "corp.entry:sales"));
	assert_non_null(strstr(why.text, "no answer in time"));
	/* The null sender needs no answer. */
	assert_int_equal(fact_group_is(&config, &table, sales, TEXT_EMPTY,
	    &truth, &why), 0);
	assert_int_equal(truth, FACT_FALSE);
}

/* What was never asked is not known; a directory that is gone holds. */
static void
test_never_asked(void **unused)
{
	const struct fact_table none = { NULL, 0 };
	const struct frame_fact *fact = NULL;
	struct reason why = { 0 };

	(void)unused;
	assert_int_equal(fact_answer(&config, &none, FACT_GROUP, soft_sales,
	    anna, &fact, &why), 0);
	assert_null(fact);
	assert_int_equal(fact_answer(&config, &none, FACT_GROUP, sales, anna,
	    &fact, &why), ERROR_LIMIT);
	assert_int_equal(fact_answer(&config, &none, FACT_ATTRIBUTE,
	    TEXT("gone.query"), anna, &fact, &why), ERROR_LIMIT);
	assert_int_equal(fact_answer(&config, &none, FACT_QUEUE_COUNT,
	    TEXT_EMPTY, TEXT_EMPTY, &fact, &why), ERROR_LIMIT);
	assert_int_equal(fact_answer(&config, &none, FACT_DNS_LIST,
	    TEXT("list.test"), TEXT("192.0.2.7"), &fact, &why), 0);
	config.dns.list_on_failure = CONFIG_ON_FAILURE_HOLD;
	assert_int_equal(fact_answer(&config, &none, FACT_HOST_NAME,
	    TEXT_EMPTY, TEXT("192.0.2.7"), &fact, &why), ERROR_LIMIT);
	config.dns.list_on_failure = CONFIG_ON_FAILURE_UNKNOWN;
}

static void
test_group_names(void **unused)
{
	static const struct {
		const char *source;
		const char *words;	/* NULL: good */
	} cases[] = {
		{ "corp.entry:sales", NULL },
		{ "corp.entry:a group: with, signs.", NULL },
		{ "corp.entry", "DIRECTORY.QUERY:GROUP" },
		{ "corp.entry:", "DIRECTORY.QUERY:GROUP" },
		{ "corp", "DIRECTORY.QUERY" }, { "", "DIRECTORY.QUERY" },
		{ ".entry:x", "DIRECTORY.QUERY" },
		{ "corp.:x", "DIRECTORY.QUERY" },
		{ "none.entry:x", "no directory \"none\"" },
		{ "corp.none:x", "no query \"none\"" },
		{ "corp.department:x", "not one for groups" },
	};
	struct reason why;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int error = fact_group_check(&config,
		    text_from(cases[i].source), &why);

		if ((error == 0) != (cases[i].words == NULL) ||
		    (error != 0 && strstr(why.text, cases[i].words) == NULL))
			fail_msg("%s: %s", cases[i].source, error == 0 ?
			    "taken" : why.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_never_asked),
		cmocka_unit_test(test_group_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
