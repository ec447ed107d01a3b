/*
 * Checking the filters of a configuration: what is refused, with which
 * words, at which place.
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "policy/filter_call.h"
#include "policy/filter_variable.h"

struct check {
	const char *condition;
	const char *action;
	const char *path;
	const char *words;	/* the first line */
};

#define CONDITION "content_filters.outgoing[1].conditions[1]"
#define HOST_EXPECTED "expected a host or an address, such as " \
	"\"mx.example.com\", \"[192.0.2.1]\" or \"mx.example.com:587\""
#define ACTION_AT "content_filters.outgoing[1].actions[1]"

static const struct check checks[] = {
	{ "subject = 'x'", "drop()", CONDITION,
	    "column 9: \"=\" compares nothing; write \"==\"" },
	{ "header(\"X\"", "drop()", CONDITION,
	    "column 11: expected \")\" behind \"X\", found the end" },
	{ "nonsense", "drop()", CONDITION,
	    "column 1: there is no condition \"nonsense\"" },
	{ "drop()", "drop()", CONDITION,
	    "column 1: \"drop\" is an action, not a condition" },
	{ "true", "subject()", ACTION_AT,
	    "column 1: \"subject\" is a condition, not an action" },
	{ "true", "nonsense()", ACTION_AT,
	    "column 1: there is no action \"nonsense\"" },
	{ "true", "archive('x')", ACTION_AT,
	    "column 1: \"archive\" needs mail logs, which this gateway "
	    "does not have yet" },
	{ "true", "notify('x')", ACTION_AT, "column 8: Bad recipient "
	    "address: no domain" },
	{ "true", "notify('a@example.org, $From, b@', '')", ACTION_AT,
	    "column 8: Bad recipient address: bad domain" },
	{ "true", "notify('')", ACTION_AT, "column 8: Bad recipient "
	    "address: bad local part" },
	{ "true", "notify('a@example.org', '', '', 'res')", ACTION_AT,
	    "column 33: there is no text resource \"res\"" },
	{ "true", "bcc(5)", ACTION_AT, "column 5: expected mail addresses "
	    "in quotes" },
	{ "true", "bcc('a@example.org', '', 'b')", ACTION_AT, "column 26: "
	    "Bad sender address: no domain" },
	{ "true", "bcc('a@example.org', '', '', 'a b')", ACTION_AT,
	    "column 30: " HOST_EXPECTED },
	{ "true", "alt-mailhost('[1.2.3.4')", ACTION_AT,
	    "column 14: " HOST_EXPECTED },
	{ "true", "alt-mailhost('[1.2.3.4]:0')", ACTION_AT,
	    "column 14: " HOST_EXPECTED },
	{ "true", "alt-mailhost('')", ACTION_AT,
	    "column 14: " HOST_EXPECTED },
	{ "true", "alt-rcpt-to('a@example.org, b@example.org')", ACTION_AT,
	    "column 13: Bad recipient address: bad syntax" },
	{ "true", "alt-rcpt-to('$From')", ACTION_AT, "column 13: Bad "
	    "recipient address: no domain" },
	{ "true", "bounce-profile('none')", ACTION_AT, "column 16: there is "
	    "no bounce profile \"none\"" },
	{ "true", "duplicate-quarantine('policy')", ACTION_AT, "column 22: "
	    "there is no quarantine \"policy\"" },
	{ "dictionary-match('x')", "drop()", CONDITION,
	    "column 18: there is no dictionary \"x\"" },
	{ "smime-gateway-message and not smime-gateway-verified", "drop()",
	    CONDITION, "column 1: \"smime-gateway-message\" needs S/MIME, "
	    "which this gateway does not have yet" },
	{ "recv-listener == 'nowhere'", "drop()", CONDITION,
	    "column 18: there is no listener \"nowhere\"" },
	{ "remote-ip == '10.0.0.1/8'", "drop()", CONDITION,
	    "column 14: expected an address, a network such as "
	    "\"192.0.2.0/24\" or a range such as "
	    "\"192.0.2.10-192.0.2.20\"" },
	{ "remote-ip > '10.0.0.1'", "drop()", CONDITION,
	    "column 13: \"remote-ip\" is compared by == or !=" },
	{ "date > '31/12/2026 00:00:00'", "drop()", CONDITION,
	    "column 8: expected a time such as \"12/31/2026 18:00:00\" "
	    "(month, day, year) or \"2026-12-31T18:00:00Z\"" },
	{ "random(0) < 2", "drop()", CONDITION,
	    "column 8: expected a number above 0" },
	{ "rcpt-count > 'x'", "drop()", CONDITION,
	    "column 14: \"rcpt-count\" is compared with a number" },
	{ "rcpt-count", "drop()", CONDITION, "column 1: \"rcpt-count\" must "
	    "be compared with a number, such as > 10" },
	{ "header-repeats('subject', 5)", "drop()", CONDITION,
	    "column 1: \"header-repeats\" needs counters of the last hour, "
	    "which this gateway does not have yet" },
	{ "true", "fed('sender')", ACTION_AT, "column 5: expected \"from\"" },
	{ "true", "fed('from', 'Content-Type')", ACTION_AT,
	    "column 13: Content-Type says how the body is to be read, and "
	    "cannot be changed" },
	{ "true and subject == '*ssn'", "drop()", CONDITION,
	    "column 21: \"*ssn\" is a smart identifier; only rules about "
	    "bodies take one" },
	{ "body-contains('*credit|*ssn')", "drop()", CONDITION,
	    "column 15: a bad pattern, behind its first 0 bytes: quantifier "
	    "does not follow a repeatable item" },
	{ "subject == ''", "drop()", CONDITION, "column 12: an empty pattern "
	    "matches everything; write \"^$\" for an empty text" },
	{ "subject == '('", "drop()", CONDITION, "column 12: a bad pattern, "
	    "behind its first 1 bytes: missing closing parenthesis" },
	{ "subject == 5", "drop()", CONDITION,
	    "column 12: expected a pattern in quotes" },
	{ "subject < 'x'", "drop()", CONDITION,
	    "column 11: \"subject\" is compared by == or !=" },
	{ "true == 'x'", "drop()", CONDITION, "column 9: \"true\" is true or "
	    "false by itself, and is not compared" },
	{ "mail-from", "drop()", CONDITION, "column 1: \"mail-from\" must be "
	    "compared with a pattern by == or !=" },
	{ "body-size", "drop()", CONDITION, "column 1: \"body-size\" must be "
	    "compared with a size, such as >= 10M" },
	{ "body-size > '5'", "drop()", CONDITION, "column 13: \"body-size\" "
	    "is compared with a size, such as 10M" },
	{ "body-contains('x', 0)", "drop()", CONDITION,
	    "column 20: expected a count from 1 to 1000" },
	{ "body-contains()", "drop()", CONDITION, "column 1: "
	    "\"body-contains\" takes at least 1 argument, not 0" },
	{ "body-contains('x', 1, 2)", "drop()", CONDITION, "column 1: "
	    "\"body-contains\" takes at most 2 arguments, not 3" },
	{ "header('a b')", "drop()", CONDITION, "column 8: no name of a "
	    "header field: 1 to 100 printable ASCII characters without space "
	    "and colon" },
	{ "true", "strip-header('Content-Type')", ACTION_AT, "column 14: "
	    "Content-Type says how the body is to be read, and cannot be "
	    "changed" },
	{ "true", "encrypt('missing')", ACTION_AT, "column 9: there is no "
	    "encryption profile \"missing\"" },
	{ "true", "encrypt('standard', 'x', 'never')", ACTION_AT,
	    "column 26: expected \"always\" or \"tls\"" },
	{ "true", "quarantine('policy')", ACTION_AT, "column 12: there is no "
	    "quarantine \"policy\"" },
	{ "true", "tag-message('a b')", ACTION_AT, "column 13: a tag is 1 to "
	    "100 letters (A to Z), digits, \"_\", \".\" or \"-\"" },
	{ "true", "edit-header-text('X', 'a+')", ACTION_AT, "column 1: "
	    "\"edit-header-text\" takes at least 3 arguments, not 2" },
	{ "\xc3\xa4 == 'x'", "drop()", CONDITION,
	    "column 1: no word begins like this" },
	{ "subject == '\xc3\xa4' and x", "drop()", CONDITION,
	    "column 20: there is no condition \"x\"" },
	{ "true", NULL, "content_filters.outgoing[1].actions", "a filter "
	    "without an action does nothing; it needs at least one" },
};

static struct config_errors *
check(struct filter_fixture *fixture, int wanted)
{
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct config_report report = { .arena = fixture->arena,
		.errors = errors, .file = TEXT_INIT("test") };

	assert_int_equal(filter_set_check(&fixture->config, &report),
	    wanted);
	return errors;
}

static void
test_mistakes(void **unused)
{
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct config_errors *errors;
		struct filter_set *set = NULL;
		struct reason why = { 0 };
		struct text words;

		fixture.config.content_filters.outgoing_count = 0;
		(void)fixture_filter(&fixture, "one", checks[i].condition,
		    checks[i].action, NULL, NULL);
		errors = check(&fixture, ERROR_MALFORMED);
		assert_int_equal(errors->count, 1);
		assert_text(errors->items[0].path, checks[i].path);
		words = errors->items[0].message;
		words = text_slice(words, 0, text_find_byte(words, '\n'));
		if (!text_equal(words, text_from(checks[i].words)))
			fail_msg("%.*s", TEXT_ARG(words));
		assert_int_equal(filter_set_new(&fixture.config, &set, &why),
		    ERROR_MALFORMED);
		assert_true(strstr(why.text, checks[i].path) == why.text);
		free(errors);
	}
	fixture_clear(&fixture);
}

static void
test_pointer_line(void **unused)
{
	struct filter_fixture fixture;
	struct config_errors *errors;

	(void)unused;
	fixture_init(&fixture);
	(void)fixture_filter(&fixture, "one", "subject == \"x\" and (true",
	    "drop()", NULL, NULL);
	errors = check(&fixture, ERROR_MALFORMED);
	assert_text(errors->items[0].message,
	    "column 25: expected \")\" behind \"true\", found the end\n"
	    "    subject == \"x\" and (true\n"
	    "                            ^");
	free(errors);
	fixture_clear(&fixture);
}

/* All mistakes at once, of inactive filters and both lists too. */
static void
test_all_mistakes(void **unused)
{
	struct filter_fixture fixture;
	struct config_errors *errors;
	struct config_content_filter *filter;

	(void)unused;
	fixture_init(&fixture);
	(void)fixture_filter(&fixture, "good", "true", "drop()", NULL, NULL);
	filter = fixture_filter(&fixture, "bad", "(", "drop()", "deliver()",
	    "oops()");
	filter->active = 0;
	fixture.config.content_filters.incoming = filter;
	fixture.config.content_filters.incoming_count = 1;
	errors = check(&fixture, ERROR_MALFORMED);
	assert_int_equal(errors->count, 6);
	assert_text(errors->items[0].path,
	    "content_filters.incoming[1].conditions[1]");
	assert_text(errors->items[1].path,
	    "content_filters.incoming[1].actions[2]");
	assert_text(errors->items[1].message,
	    "drop() before it is final: nothing may stand behind it");
	assert_text(errors->items[5].path,
	    "content_filters.outgoing[2].actions[3]");
	free(errors);
	fixture.config.content_filters.incoming_count = 0;
	fixture.config.content_filters.outgoing_count = 1;
	free(check(&fixture, 0));
	fixture_clear(&fixture);
}

/* In message filters: file, line and column, and a pointer to the word. */
static void
test_message_filters(void **unused)
{
	struct filter_fixture fixture;
	struct config_errors *errors;
	struct filter_set *set = NULL;
	struct reason why = { 0 };

	(void)unused;
	fixture_init(&fixture);
	fixture.config.message_filters_file = TEXT("filters");
	fixture.config.message_filters_text = TEXT("# both are told\n"
	    "a: if true { quarantine(\"None\"); }\n"
	    "b! if (nothing) { drop(); }\n");
	errors = check(&fixture, ERROR_MALFORMED);
	assert_int_equal(errors->count, 2);
	assert_text(errors->items[0].file, "filters");
	assert_text(errors->items[0].path, "message_filters");
	assert_int_equal(errors->items[0].line, 2);
	assert_int_equal(errors->items[0].column, 25);
	assert_text(errors->items[0].message,
	    "there is no quarantine \"None\"\n"
	    "    a: if true { quarantine(\"None\"); }\n"
	    "                            ^");
	assert_int_equal(errors->items[1].line, 3);
	assert_int_equal(errors->items[1].column, 8);
	free(errors);
	assert_int_equal(filter_set_new(&fixture.config, &set, &why),
	    ERROR_MALFORMED);
	assert_string_equal(why.text, "message_filters: line 2, column 25: "
	    "there is no quarantine \"None\"");
	/* An inactive filter does no harm where mail is judged. */
	fixture.config.message_filters_text =
	    TEXT("a: if true {}\nb! if (nothing) { drop(); }\n");
	assert_int_equal(filter_set_new(&fixture.config, &set, &why), 0);
	assert_true(filter_set_has_filters(set, ENVELOPE_INCOMING));
	filter_set_free(set);
	fixture_clear(&fixture);
}

/* An example that administrators know: parsed, and told what it needs. */
static void
test_smime_example(void **unused)
{
	struct filter_fixture fixture;
	struct config_errors *errors;

	(void)unused;
	fixture_init(&fixture);
	fixture.config.message_filters_file = TEXT("filters");
	fixture.config.message_filters_text = TEXT(
	    "quarantine_smime_messages:if (smime-gateway-message and not "
	    "smime-gateway-verified)\n{ quarantine(\"Policy\"); }\n");
	errors = check(&fixture, ERROR_MALFORMED);
	assert_int_equal(errors->count, 1);
	assert_int_equal(errors->items[0].line, 1);
	assert_int_equal(errors->items[0].column, 31);
	assert_true(text_starts(errors->items[0].message, TEXT(
	    "\"smime-gateway-message\" needs S/MIME, which this gateway "
	    "does not have yet\n")));
	free(errors);
	fixture_clear(&fixture);
}

/* The manual names every rule, action and variable. */
static void
test_manual(void **unused)
{
	static char manual[1 << 17];
	const struct filter_rule *rule;
	const struct filter_action *action;
	const struct filter_variable *variable;
	char wanted[100];
	FILE *file = fopen("policy/postern-filters.5", "r");
	size_t i, len;

	(void)unused;
	assert_non_null(file);
	len = fread(manual, 1, sizeof(manual) - 1, file);
	assert_int_equal(fclose(file), 0);
	assert_true(len > 0);
	for (i = 0; (rule = filter_rule_at(i)) != NULL; i++) {
		(void)snprintf(wanted, sizeof(wanted), ".It Ic %s",
		    rule->signature.name);
		if (strstr(manual, wanted) == NULL)
			fail_msg("%s", wanted);
	}
	for (i = 0; (action = filter_action_at(i)) != NULL; i++) {
		(void)snprintf(wanted, sizeof(wanted), ".It Ic %s",
		    action->signature.name);
		if (strstr(manual, wanted) == NULL)
			fail_msg("%s", wanted);
	}
	for (i = 0; smart_identifier_at(i) != NULL; i++) {
		(void)snprintf(wanted, sizeof(wanted), ".It Li %s",
		    smart_identifier_at(i)->name);
		if (strstr(manual, wanted) == NULL)
			fail_msg("%s", wanted);
	}
	for (i = 0; (variable = filter_variable_at(i)) != NULL; i++) {
		(void)snprintf(wanted, sizeof(wanted), ".It Va $%s",
		    variable->name);
		if (strstr(manual, wanted) == NULL)
			fail_msg("%s", wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_pointer_line),
		cmocka_unit_test(test_all_mistakes),
		cmocka_unit_test(test_message_filters),
		cmocka_unit_test(test_smime_example),
		cmocka_unit_test(test_manual),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
