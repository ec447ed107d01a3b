/*
 * The recipient access table: order, forms, and the shapes in which people
 * try to relay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/recipient_access.h"

static struct text first[] = { TEXT_INIT("Blocked@Good.example"),
	TEXT_INIT("secret.below.example") };
static struct text second[] = { TEXT_INIT("good.example"),
	TEXT_INIT(".below.example"), TEXT_INIT("abuse@"),
	TEXT_INIT("odd%one@hack.example"), TEXT_INIT("[192.0.2.1]") };
static struct text third[] = { TEXT_INIT("later.example"),
	TEXT_INIT("good.example") };

static struct config_recipient_access rules[] = {
	{ .patterns = first, .pattern_count = 2,
	    .action = CONFIG_ACCESS_REJECT, .reply = 450,
	    .text = TEXT_INIT("Not now") },
	{ .patterns = second, .pattern_count = 5,
	    .action = CONFIG_ACCESS_ACCEPT },
	{ .patterns = third, .pattern_count = 2,
	    .action = CONFIG_ACCESS_REJECT },
};

static struct recipient_access *access;

static int
set_up(void **unused)
{
	struct config config = { .recipient_access = rules,
		.recipient_access_count = 3 };
	struct reason why = { 0 };

	(void)unused;
	return recipient_access_new(&config, &access, &why);
}

static int
tear_down(void **unused)
{
	(void)unused;
	recipient_access_free(access);
	return 0;
}

static void
test_rules(void **unused)
{
	static const struct {
		const char *address;
		unsigned int reply;	/* 0: accepted */
	} cases[] = {
		{ "user@good.example", 0 },
		{ "User@GOOD.Example", 0 },
		{ "blocked@good.example", 450 },
		{ "BLOCKED@good.example", 450 },
		{ "\"blocked\"@good.example", 450 },
		{ "\"bl\\ocked\"@good.example", 450 },
		{ "\"blocked \"@good.example", 0 },
		{ "x@a.below.example", 0 },
		{ "x@a.b.below.example", 0 },
		{ "x@below.example", 550 },
		{ "x@notbelow.example", 550 },
		{ "x@secret.below.example", 450 },
		{ "x@a.secret.below.example", 0 },
		{ "abuse@anywhere.example", 0 },
		{ "abuser@anywhere.example", 550 },
		{ "x@later.example", 550 },
		{ "x@elsewhere.example", 550 },
		{ "x@good.example.", 550 },
		{ "x@good.example.evil.example", 550 },
		{ "x@[192.0.2.1]", 0 },
		{ "x@[192.0.2.2]", 550 },
		{ "x%evil.example@good.example", 550 },
		{ "evil.example!x@good.example", 550 },
		{ "\"x@evil.example\"@good.example", 550 },
		{ "odd%one@hack.example", 0 },
		{ "ODD%one@hack.example", 0 },
		{ "odd%two@hack.example", 550 },
		{ "abuse%x@anywhere.example", 550 },
		{ "good.example", 550 },
		{ "", 550 },
		{ "@good.example", 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reason why = { 0 };
		int error = recipient_access_check(access,
		    text_from(cases[i].address), &why);

		if (error == 0)
			why.reply = 0;
		if (why.reply != cases[i].reply)
			print_message("# %s: %u %s\n", cases[i].address,
			    why.reply, why.text);
		assert_int_equal(why.reply, cases[i].reply);
		if (error < 0)
			assert_int_equal(why.status[0], why.reply / 100);
	}
}

static void
test_words(void **unused)
{
	struct reason why = { 0 };

	(void)unused;
	assert_int_equal(recipient_access_check(access,
	    TEXT("blocked@good.example"), &why), ERROR_REFUSED);
	assert_string_equal(why.text, "Not now");
	assert_int_equal(why.status[1], 1);
	assert_int_equal(recipient_access_check(access,
	    TEXT("a@b.example"), &why), ERROR_REFUSED);
	assert_int_equal(why.status[1], 7);
}

static void
test_all_and_mistakes(void **unused)
{
	static const char *const bad[] = { "", "@good.example", "a b",
		".", "user@.below.example", "x..y", "user@dom\nain" };
	struct text pattern = TEXT_INIT("ALL");
	struct config_recipient_access rule = { .patterns = &pattern,
		.pattern_count = 1, .action = CONFIG_ACCESS_ACCEPT };
	struct config config = { .recipient_access = &rule,
		.recipient_access_count = 1 };
	struct recipient_access *other = NULL;
	struct reason why = { 0 };

	(void)unused;
	assert_int_equal(recipient_access_new(&config, &other, &why), 0);
	assert_int_equal(recipient_access_check(other,
	    TEXT("a@b.example"), &why), 0);
	assert_int_equal(recipient_access_check(other,
	    TEXT("a%c@b.example"), &why), ERROR_REFUSED);
	recipient_access_free(other);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pattern = text_from(bad[i]);
		assert_int_equal(recipient_access_new(&config, &other, &why),
		    ERROR_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_all_and_mistakes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
