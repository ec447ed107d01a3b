/* mail/smtp_command: lines, paths, BDAT (abuse cases L22, D11, D12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/smtp_command.h"

struct line_case {
	const char *line;
	enum smtp_verb verb;
	const char *argument;	/* NULL: an error is due */
	unsigned int reply;
};

static const struct line_case lines[] = {
	{ "NOOP", SMTP_VERB_NOOP, "", 0 },
	{ "noop  some words ", SMTP_VERB_NOOP, "some words", 0 },
	{ "MaIl FROM:<>", SMTP_VERB_MAIL, "FROM:<>", 0 },
	{ "MAIL FROM:<\xc3\xbc@b>", SMTP_VERB_MAIL, "FROM:<\xc3\xbc@b>", 0 },
	{ "QUIT ", SMTP_VERB_QUIT, "", 0 },
	{ "QUIT now", SMTP_VERB_QUIT, NULL, 501 },
	{ "RSET x", SMTP_VERB_RSET, NULL, 501 },
	{ "DATA x", SMTP_VERB_DATA, NULL, 501 },
	{ "STARTTLS x", SMTP_VERB_STARTTLS, NULL, 501 },
	{ "EHLO", SMTP_VERB_EHLO, NULL, 501 },
	{ "HELO ", SMTP_VERB_HELO, NULL, 501 },
	{ "MAIL", SMTP_VERB_MAIL, NULL, 501 },
	{ "BDAT", SMTP_VERB_BDAT, NULL, 501 },
	{ "VRFY", SMTP_VERB_VRFY, NULL, 501 },
	{ "", SMTP_VERB_UNKNOWN, "", 0 },
	{ " NOOP", SMTP_VERB_UNKNOWN, "NOOP", 0 },
	{ "XYZZY a", SMTP_VERB_UNKNOWN, "a", 0 },
	{ "NOOPX", SMTP_VERB_UNKNOWN, "", 0 },
	{ "NOOP\t", SMTP_VERB_UNKNOWN, NULL, 500 },
	{ "NOOP \x01", SMTP_VERB_NOOP, NULL, 500 },
	{ "NOOP \r", SMTP_VERB_NOOP, NULL, 500 },
	{ "EHLO \xc3\xbc", SMTP_VERB_EHLO, NULL, 500 },
	{ "RCPT TO:<\xff@b>", SMTP_VERB_RCPT, NULL, 500 },
	{ "VRFY \xc3\xbc", SMTP_VERB_VRFY, "\xc3\xbc", 0 },
};

static void
splits_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct smtp_command command;
		struct reason why = { 0 };
		int error = smtp_command_parse(text_from(lines[i].line),
			&command, &why);

		print_message("# %s\n", lines[i].line);
		assert_int_equal(command.verb, lines[i].verb);
		assert_int_equal(why.reply, lines[i].reply);
		assert_int_equal(error,
			lines[i].argument == NULL ? ERROR_MALFORMED : 0);
		if (error == 0)
			assert_true(text_equal(command.argument,
				text_from(lines[i].argument)));
	}
}

static int
parse_long(const char *start, size_t len)
{
	char line[4096];
	struct smtp_command command;

	memset(line, 'x', sizeof(line));
	memcpy(line, start, strlen(start));
	return smtp_command_parse(text_of(line, len), &command, NULL);
}

static void
keeps_line_limits(void **state)
{
	(void)state;
	assert_int_equal(parse_long("NOOP ", 510), 0);
	assert_int_equal(parse_long("NOOP ", 511), ERROR_LIMIT);
	assert_int_equal(parse_long("MAIL FROM:", 2048), 0);
	assert_int_equal(parse_long("MAIL FROM:", 2049), ERROR_LIMIT);
	assert_int_equal(parse_long("x", 600), ERROR_LIMIT);
}

static void
names_every_verb(void **state)
{
	(void)state;
	for (unsigned int verb = 1; verb < SMTP_VERB_COUNT; verb++) {
		const char *name = smtp_verb_name((enum smtp_verb)verb);
		struct smtp_command command;

		(void)!smtp_command_parse(text_from(name), &command, NULL);
		assert_int_equal(command.verb, verb);
	}
}

static void
checks_helo(void **state)
{
	char name[256];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(smtp_command_check_helo(TEXT("a.example"), NULL), 0);
	assert_int_equal(smtp_command_check_helo(TEXT("[192.0.2.1]"), NULL),
		0);
	assert_int_equal(smtp_command_check_helo(TEXT("my_pc"), NULL), 0);
	assert_int_equal(smtp_command_check_helo(text_of(name, 255), NULL),
		0);
	assert_int_equal(smtp_command_check_helo(text_of(name, 256), NULL),
		ERROR_MALFORMED);
	assert_int_equal(smtp_command_check_helo(TEXT(""), NULL),
		ERROR_MALFORMED);
	assert_int_equal(smtp_command_check_helo(TEXT("a b"), NULL),
		ERROR_MALFORMED);
	assert_int_equal(smtp_command_check_helo(TEXT("a(b"), NULL),
		ERROR_MALFORMED);
	assert_int_equal(smtp_command_check_helo(TEXT("a\rb"), NULL),
		ERROR_MALFORMED);
}

static void
reads_paths(void **state)
{
	struct smtp_command_path path;
	struct reason why = { 0 };

	(void)state;
	assert_int_equal(smtp_command_parse_mail(
		TEXT("from:<a@b.example> SIZE=5"), &path, &why), 0);
	assert_true(text_equal(path.address.whole, TEXT("a@b.example")));
	assert_true(text_equal(path.parameters, TEXT("SIZE=5")));
	assert_int_equal(smtp_command_parse_mail(TEXT("FROM:  <>"), &path,
		&why), 0);
	assert_true(path.address.is_null);
	assert_int_equal(smtp_command_parse_rcpt(TEXT("TO: <Postmaster>"),
		false, &path, &why), 0);
	assert_int_equal(smtp_command_parse_rcpt(TEXT("TO:<>"), false, &path,
		&why), ERROR_MALFORMED);
	assert_int_equal(smtp_command_parse_rcpt(TEXT("FROM:<a@b>"), false,
		&path, &why), ERROR_MALFORMED);
	assert_int_equal(why.reply, 501);
	assert_int_equal(smtp_command_parse_mail(TEXT("FROM :<a@b>"), &path,
		&why), ERROR_MALFORMED);
	assert_int_equal(smtp_command_parse_rcpt(
		TEXT("TO:<\xc3\xbc@b.example>"), false, &path, &why),
		ERROR_REFUSED);
	assert_int_equal(smtp_command_parse_rcpt(
		TEXT("TO:<\xc3\xbc@b.example>"), true, &path, &why), 0);
}

struct bdat_case {
	const char *argument;
	int error;
	uint64_t size;
	bool is_last;
};

static const struct bdat_case bdats[] = {
	{ "0", 0, 0, false },
	{ "5 LAST", 0, 5, true },
	{ "5  last", 0, 5, true },
	{ "00000000000000000005", 0, 5, false },
	{ "000000000000000000005", ERROR_LIMIT, 0, false },
	{ "18446744073709551615", 0, UINT64_MAX, false },
	{ "18446744073709551616", ERROR_LIMIT, 0, false },
	{ "-1", ERROR_MALFORMED, 0, false },
	{ "+1", ERROR_MALFORMED, 0, false },
	{ "5 LASTX", ERROR_MALFORMED, 0, false },
	{ "5 LAST x", ERROR_MALFORMED, 0, false },
	{ "5LAST", ERROR_MALFORMED, 0, false },
	{ "LAST", ERROR_MALFORMED, 0, false },
	{ "0x10", ERROR_MALFORMED, 0, false },
	{ "1e3", ERROR_MALFORMED, 0, false },
	{ "", ERROR_MALFORMED, 0, false },
};

static void
reads_bdat(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bdats) / sizeof(*bdats); i++) {
		struct reason why = { 0 };
		uint64_t size = 0;
		bool is_last = false;

		print_message("# %s\n", bdats[i].argument);
		assert_int_equal(smtp_command_parse_bdat(
			text_from(bdats[i].argument), &size, &is_last, &why),
			bdats[i].error);
		assert_int_equal(why.reply, bdats[i].error == 0 ? 0 : 501);
		if (bdats[i].error != 0)
			continue;
		assert_true(size == bdats[i].size);
		assert_int_equal(is_last, bdats[i].is_last);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_lines),
		cmocka_unit_test(keeps_line_limits),
		cmocka_unit_test(names_every_verb),
		cmocka_unit_test(checks_helo),
		cmocka_unit_test(reads_paths),
		cmocka_unit_test(reads_bdat),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
