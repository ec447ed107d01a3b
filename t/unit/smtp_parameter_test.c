/* mail/smtp_parameter: MAIL and RCPT parameters (abuse cases B03, D14, L17). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/smtp_parameter.h"

#define ALL 0x1ff
#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

struct mail_case {
	const char *parameters;
	unsigned int offered;
	unsigned int reply;	/* 0: taken */
	struct envelope expected;
	uint64_t size;
};

static const struct mail_case mails[] = {
	{ "", 0, 0, { 0 }, 0 },
	{ "SIZE=100", ALL, 0, { 0 }, 100 },
	{ "size=007", ALL, 0, { 0 }, 7 },
	{ "SIZE=18446744073709551615", ALL, 0, { 0 }, UINT64_MAX },
	{ "SIZE=99999999999999999999", ALL, 0, { 0 }, UINT64_MAX },
	{ "SIZE=000000000000000000001", ALL, 501, { 0 }, 0 },
	{ "SIZE=", ALL, 501, { 0 }, 0 },
	{ "SIZE", ALL, 501, { 0 }, 0 },
	{ "SIZE=-1", ALL, 501, { 0 }, 0 },
	{ "SIZE=1 SIZE=1", ALL, 501, { 0 }, 0 },
	{ "SIZE=1=1", ALL, 501, { 0 }, 0 },
	{ "SIZE=1", 0, 555, { 0 }, 0 },
	{ "BODY=7bit", ALL, 0, { .body = ENVELOPE_BODY_7BIT }, 0 },
	{ "BODY=8BITMIME  SMTPUTF8", ALL, 0,
		{ .body = ENVELOPE_BODY_8BITMIME, .smtputf8 = 1 }, 0 },
	{ "BODY=BINARYMIME", ALL, 555, { 0 }, 0 },
	{ "BODY=9BIT", ALL, 501, { 0 }, 0 },
	{ "SMTPUTF8=1", ALL, 501, { 0 }, 0 },
	{ "RET=FULL", ALL, 0, { .ret = ENVELOPE_RETURN_FULL }, 0 },
	{ "RET=hdrs", ALL, 0, { .ret = ENVELOPE_RETURN_HEADERS }, 0 },
	{ "RET=FULL RET=FULL", ALL, 501, { 0 }, 0 },
	{ "RET=HALF", ALL, 501, { 0 }, 0 },
	{ "RET=FULL", ALL & ~(unsigned int)SMTP_EXTENSION_DSN, 555, { 0 }, 0 },
	{ "ENVID=Qq+2B1", ALL, 0, { .envid = TEXT_INIT("Qq+2B1") }, 0 },
	{ "ENVID=" X100, ALL, 0, { .envid = TEXT_INIT(X100) }, 0 },
	{ "ENVID=" X100 "x", ALL, 501, { 0 }, 0 },
	{ "ENVID=a+0A", ALL, 501, { 0 }, 0 },
	{ "ENVID=a+2b", ALL, 501, { 0 }, 0 },
	{ "AUTH=<>", ALL, 0, { 0 }, 0 },
	{ "AUTH=a+40b", ALL, 0, { 0 }, 0 },
	{ "AUTH=a+0D+0Ab", ALL, 501, { 0 }, 0 },
	{ "XYZZY", ALL, 555, { 0 }, 0 },
	{ "=1", ALL, 555, { 0 }, 0 },
	{ "NOTIFY=NEVER", ALL, 555, { 0 }, 0 },
};

static void
reads_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(*mails); i++) {
		const struct mail_case *one = &mails[i];
		struct smtp_command_path path = {
			.address.whole = TEXT_INIT("a@b.example"),
			.parameters = text_from(one->parameters) };
		struct envelope envelope = { .mid = 77 };
		struct reason why = { 0 };
		uint64_t size = 0;
		int error = smtp_parameter_parse_mail(&path, one->offered,
			&envelope, &size, &why);

		print_message("# %s\n", one->parameters);
		assert_int_equal(why.reply, one->reply);
		assert_int_equal(error == 0, one->reply == 0);
		assert_int_equal(envelope.mid, 77);
		assert_true(text_equal(envelope.sender,
			error == 0 ? TEXT("a@b.example") : TEXT("")));
		assert_int_equal(envelope.body, one->expected.body);
		assert_int_equal(envelope.smtputf8, one->expected.smtputf8);
		assert_int_equal(envelope.ret, one->expected.ret);
		assert_true(text_equal(envelope.envid, one->expected.envid));
		assert_true(size == one->size);
	}
}

static void
wants_smtputf8(void **state)
{
	struct smtp_command_path path = { .address.is_utf8 = true,
		.address.whole = TEXT_INIT("\xc3\xbc@b.example") };
	struct envelope envelope = { 0 };
	struct reason why = { 0 };
	uint64_t size;

	(void)state;
	assert_int_equal(smtp_parameter_parse_mail(&path, ALL, &envelope,
		&size, &why), ERROR_REFUSED);
	assert_int_equal(why.reply, 553);
	assert_int_equal(why.status[1], 6);
	assert_int_equal(why.status[2], 7);
	path.parameters = TEXT("SMTPUTF8");
	assert_int_equal(smtp_parameter_parse_mail(&path, ALL, &envelope,
		&size, &why), 0);
}

struct rcpt_case {
	const char *parameters;
	uint8_t smtputf8;
	unsigned int reply;
	unsigned int notify;
	const char *orcpt;
};

#define A100 "rfc822;" X100 X100 X100 X100

static const struct rcpt_case rcpts[] = {
	{ "", 0, 0, 0, "" },
	{ "NOTIFY=NEVER", 0, 0, ENVELOPE_NOTIFY_NEVER, "" },
	{ "NOTIFY=success,Failure,DELAY", 0, 0, 14, "" },
	{ "NOTIFY=NEVER,SUCCESS", 0, 501, 0, "" },
	{ "NOTIFY=NEVER,NEVER", 0, 0, ENVELOPE_NOTIFY_NEVER, "" },
	{ "NOTIFY=SUCCESS,", 0, 501, 0, "" },
	{ "NOTIFY=", 0, 501, 0, "" },
	{ "NOTIFY=SOMETIMES", 0, 501, 0, "" },
	{ "NOTIFY=DELAY NOTIFY=DELAY", 0, 501, 0, "" },
	{ "ORCPT=rfc822;a+2Bb@c", 0, 0, 0, "rfc822;a+2Bb@c" },
	{ "ORCPT=rfc822;a+2", 0, 501, 0, "" },
	{ "ORCPT=rfc822;a+0D+0Ab", 0, 501, 0, "" },
	{ "ORCPT=rfc822;", 0, 501, 0, "" },
	{ "ORCPT=;a", 0, 501, 0, "" },
	{ "ORCPT=rfc822", 0, 501, 0, "" },
	{ "ORCPT=r(;a", 0, 501, 0, "" },
	{ "ORCPT=rfc822;\xc3\xbc", 1, 501, 0, "" },
	{ "ORCPT=utf-8;\xc3\xbc@b", 1, 0, 0, "utf-8;\xc3\xbc@b" },
	{ "ORCPT=utf-8;\xc3\xbc@b", 0, 501, 0, "" },
	{ "ORCPT=UTF-8;\\x{FC}@b", 0, 0, 0, "UTF-8;\\x{FC}@b" },
	{ "ORCPT=" A100, 0, 0, 0, A100 },
	{ "ORCPT=" A100 X100, 0, 501, 0, "" },
	{ "SIZE=1", 0, 555, 0, "" },
};

static void
reads_rcpt(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rcpts) / sizeof(*rcpts); i++) {
		const struct rcpt_case *one = &rcpts[i];
		struct smtp_command_path path = {
			.address.whole = TEXT_INIT("r@b.example"),
			.parameters = text_from(one->parameters) };
		struct envelope envelope = { .smtputf8 = one->smtputf8 };
		struct envelope_recipient recipient = { .rid = 3 };
		struct reason why = { 0 };
		int error = smtp_parameter_parse_rcpt(&path, ALL, &envelope,
			&recipient, &why);

		print_message("# %s\n", one->parameters);
		assert_int_equal(why.reply, one->reply);
		assert_int_equal(error == 0, one->reply == 0);
		assert_int_equal(recipient.rid, 3);
		assert_int_equal(recipient.notify, one->notify);
		assert_true(text_equal(recipient.orcpt,
			text_from(one->orcpt)));
	}
}

static void
checks_embedded_characters(void **state)
{
	(void)state;
	assert_int_equal(smtp_parameter_check_orcpt(
		TEXT("utf-8;\\x{10FFFF}"), false), 0);
	/* What is no embedded character may still be plain xtext. */
	assert_int_equal(smtp_parameter_check_orcpt(
		TEXT("utf-8;\\x{"), true), 0);
	assert_int_equal(smtp_parameter_check_orcpt(
		TEXT("utf-8;\xe2\x80\xae"), true), ERROR_MALFORMED);
	assert_int_equal(smtp_parameter_check_orcpt(
		TEXT("utf-8;a\r\n"), true), ERROR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_mail),
		cmocka_unit_test(wants_smtputf8),
		cmocka_unit_test(reads_rcpt),
		cmocka_unit_test(checks_embedded_characters),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
