/*
 * The command table: parsing, help, manual, completion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/protocol/command.h"

static struct command_call call;

static int
parse(const char *line)
{
	struct text rest = text_from(line), part, words[64];
	struct reason why = { 0 };
	size_t count = 0;

	while (text_split(&rest, ' ', &part))
		words[count++] = part;
	return command_parse(words, count, &call, &why);
}

static void
test_parses(void **state)
{
	(void)state;
	assert_int_equal(parse("ledger verify"), 0);
	assert_int_equal(call.id, COMMAND_LEDGER_VERIFY);
	assert_int_equal(parse("message 12"), 0);
	assert_int_equal(call.argument_count, 1);
	assert_int_equal(parse("queue --sender a@b --held"), 0);
	assert_true(call.given[OPTION_SENDER]);
	assert_true(text_equal(call.values[OPTION_SENDER], TEXT("a@b")));
	assert_true(call.given[OPTION_HELD]);
	assert_int_equal(parse("queue --limit=5"), 0);
	assert_true(text_equal(call.values[OPTION_LIMIT], TEXT("5")));
	assert_int_equal(parse("config check --help"), 0);
	assert_true(call.help);
	assert_int_equal(parse("message --help"), 0);
	assert_int_equal(parse("queue --encryption"), 0);
	assert_true(call.given[OPTION_ENCRYPTION]);
	assert_int_equal(parse("quarantine list"), 0);
	assert_int_equal(parse("quarantine list Policy --limit 5"), 0);
	assert_int_equal(call.id, COMMAND_QUARANTINE_LIST);
	assert_int_equal(call.argument_count, 1);
	assert_int_equal(parse("quarantine release 1 2 3"), 0);
	assert_int_equal(call.id, COMMAND_QUARANTINE_RELEASE);
	assert_int_equal(call.argument_count, 3);
	assert_int_equal(parse("envelope expire K7QD-24MF never"), 0);
	assert_int_equal(call.id, COMMAND_ENVELOPE_EXPIRE);
	assert_int_equal(parse("envelope open - --share=00 --output x"), 0);
	assert_true(command_table[call.id].local);
	assert_true(text_equal(call.values[OPTION_SHARE], TEXT("00")));
	assert_int_equal(parse("envelope open f --share -"), 0);
	assert_true(text_equal(call.values[OPTION_SHARE], TEXT("-")));
	assert_int_equal(parse("key-service make-key f"), 0);
	assert_true(command_table[call.id].local);
	assert_int_equal(parse("abort 12"), 0);
	assert_int_equal(call.id, COMMAND_ABORT);
}

static void
test_refuses(void **state)
{
	static const char *const wrong[] = { "nonsense", "ledger", "config",
		"message", "message 1 2", "queue --manual", "queue --limit",
		"status now", "queue --held=1", "completion", "abort",
		"abort --all 1", "quarantine", "quarantine show",
		"quarantine release", "quarantine delete --all",
		"quarantine list a b", "envelope", "envelope show",
		"envelope expire K7QD-24MF", "envelope lock",
		"envelope open", "envelope open f --share",
		"key-service", "key-service make-key", "queue --share 00" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_not_equal(parse(wrong[i]), 0);
}

/* Files are completed where one is meant, and nowhere else. */
static void
test_completes_files(void **state)
{
	struct buffer out;
	struct text t;

	(void)state;
	buffer_init(&out, 1 << 20);
	assert_int_equal(command_print_completion(TEXT("bash"), &out), 0);
	t = buffer_text(&out);
	assert_true(text_find(t, TEXT("\"config check \"*) "
	    "words=\"--help\"; files=1 ;;")) < t.len);
	assert_true(text_find(t, TEXT("\"envelope open \"*) "
	    "words=\"--share --output --help\"; files=1 ;;")) < t.len);
	assert_true(text_find(t, TEXT("\"key-service make-key \"*) "
	    "words=\"--help\"; files=1 ;;")) < t.len);
	assert_true(text_find(t, TEXT("\"status \"*) "
	    "words=\"--help\"; files=0 ;;")) < t.len);
	assert_true(text_find(t, TEXT("\"envelope show \"*) "
	    "words=\"--help\"; files=0 ;;")) < t.len);
	buffer_clear(&out);
}

static void
test_every_command_is_explained(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 1 << 20);
	for (unsigned int i = 0; i < COMMANDS; i++) {
		assert_non_null(command_table[i].words);
		assert_true(strlen(command_table[i].summary) > 10);
		assert_true(strlen(command_table[i].detail) > 20);
		assert_int_equal(command_print_help(&command_table[i], &out),
		    0);
	}
	for (unsigned int i = 0; i < OPTIONS; i++)
		assert_non_null(command_options[i].help);
	assert_int_equal(command_print_help(NULL, &out), 0);
	assert_int_equal(command_print_manual(&out), 0);
	assert_int_equal(command_print_completion(TEXT("bash"), &out), 0);
	assert_int_equal(command_print_completion(TEXT("zsh"), &out), 0);
	assert_int_equal(command_print_completion(TEXT("fish"), &out),
	    ERROR_NOT_FOUND);
	buffer_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_completes_files),
		cmocka_unit_test(test_every_command_is_explained),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
