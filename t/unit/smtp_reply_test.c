/* mail/smtp_reply: replies of a hostile next hop (abuse case T01). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/mail/smtp_extension.h"
#include "gateway/mail/smtp_reply.h"

struct reply_case {
	const char *input;
	int error;
	unsigned int code;
	uint16_t status[3];
	const char *printed;
	const char *left;	/* of the input */
};

static const struct reply_case cases[] = {
	{ "250 ok\r\n", 0, 250, { 0 }, "250 ok", "" },
	{ "250\r\n", 0, 250, { 0 }, "250", "" },
	{ "250 2.1.0 fine\r\n354 go\r\n", 0, 250, { 2, 1, 0 },
		"250 2.1.0 fine", "354 go\r\n" },
	{ "550-5.1.1 no such\r\n550 5.1.1 user\r\n", 0, 550, { 5, 1, 1 },
		"550 5.1.1 no such user", "" },
	{ "550 2.1.1 class differs\r\n", 0, 550, { 0 },
		"550 2.1.1 class differs", "" },
	{ "550 5.1.1\r\n", 0, 550, { 5, 1, 1 }, "550 5.1.1", "" },
	{ "550 5.1.1000 x\r\n", 0, 550, { 0 }, "550 5.1.1000 x", "" },
	{ "550 5.1 x\r\n", 0, 550, { 0 }, "550 5.1 x", "" },
	{ "550 5.1.1.1 x\r\n", 0, 550, { 0 }, "550 5.1.1.1 x", "" },
	{ "299 odd\n", 0, 299, { 0 }, "299 odd", "" },
	{ "599 a\tb\x01\xff\r\n", 0, 599, { 0 }, "599 a b\?\?", "" },
	{ "250-a\r\n250-\r\n250 c\r\n", 0, 250, { 0 }, "250 a  c", "" },
	{ "", ERROR_AGAIN, 0, { 0 }, NULL, "" },
	{ "250", ERROR_AGAIN, 0, { 0 }, NULL, "250" },
	{ "250-a\r\n25", ERROR_AGAIN, 0, { 0 }, NULL, "25" },
	{ "250-a\r\n251 b\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "250-a\r\n550 b\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "25\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "2500 x\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "250x\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "199 x\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "600 x\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "abc x\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "-25 x\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "250 a\rb\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
	{ "HTTP/1.1 400 Bad\r\n", ERROR_MALFORMED, 0, { 0 }, NULL, NULL },
};

static void
reads_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct reply_case *one = &cases[i];
		struct text input = text_from(one->input);
		char printed[SMTP_REPLY_PRINT_SIZE];
		struct smtp_reply reply;
		size_t used = 0;

		print_message("# %zu\n", i);
		smtp_reply_init(&reply);
		assert_int_equal(smtp_reply_feed(&reply, input, &used),
			one->error);
		if (one->left != NULL)
			assert_true(text_equal(text_skip(input, used),
				text_from(one->left)));
		if (one->error != 0)
			continue;
		assert_int_equal(reply.code, one->code);
		assert_int_equal(smtp_reply_class(&reply), one->code / 100);
		assert_memory_equal(reply.status, one->status,
			sizeof(reply.status));
		smtp_reply_print(&reply, printed, sizeof(printed));
		assert_string_equal(printed, one->printed);
	}
}

static void
refuses_nul(void **state)
{
	struct smtp_reply reply;
	size_t used;

	(void)state;
	smtp_reply_init(&reply);
	assert_int_equal(smtp_reply_feed(&reply, TEXT("250 a\0b\r\n"), &used),
		ERROR_MALFORMED);
}

static void
bounds_a_line(void **state)
{
	char line[600];
	struct smtp_reply reply;
	size_t used;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250 ", 4);
	smtp_reply_init(&reply);
	assert_int_equal(smtp_reply_feed(&reply, text_of(line, 511), &used),
		ERROR_AGAIN);
	assert_int_equal(smtp_reply_feed(&reply, text_of(line, 600), &used),
		ERROR_LIMIT);
	line[510] = '\r';
	line[511] = '\n';
	assert_int_equal(smtp_reply_feed(&reply, text_of(line, 600), &used),
		0);
	assert_int_equal(used, 512);
	assert_int_equal(reply.text_len, 506);
}

static void
bounds_the_lines(void **state)
{
	char line[512];
	struct smtp_reply reply;
	char printed[64];
	size_t used;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	line[511] = '\n';
	smtp_reply_init(&reply);
	for (int i = 0; i < SMTP_REPLY_LINES_MAX; i++)
		assert_int_equal(smtp_reply_feed(&reply,
			text_of(line, sizeof(line)), &used), ERROR_AGAIN);
	assert_true(reply.is_cut);
	assert_int_equal(reply.text_len, SMTP_REPLY_TEXT_MAX);
	smtp_reply_print(&reply, printed, sizeof(printed));
	assert_int_equal(strlen(printed), sizeof(printed) - 1);
	assert_int_equal(smtp_reply_feed(&reply, text_of(line, sizeof(line)),
		&used), ERROR_LIMIT);
}

static void
reads_ehlo(void **state)
{
	struct smtp_reply reply;
	uint64_t size = 7;
	size_t used;

	(void)state;
	smtp_reply_init(&reply);
	assert_int_equal(smtp_reply_feed(&reply, TEXT(
		"250-SIZE mx.example greets\r\n250-size 1000\r\n"
		"250-PIPELINING\r\n250-STARTTLS\r\n250-X-NEW 1\r\n"
		"250-AUTH PLAIN LOGIN\r\n250 SMTPUTF8\r\n"), &used), 0);
	assert_int_equal(smtp_reply_extensions(&reply, &size),
		SMTP_EXTENSION_SIZE | SMTP_EXTENSION_PIPELINING |
		SMTP_EXTENSION_STARTTLS | SMTP_EXTENSION_AUTH |
		SMTP_EXTENSION_SMTPUTF8);
	assert_true(size == 1000);
	smtp_reply_init(&reply);
	assert_int_equal(smtp_reply_feed(&reply, TEXT(
		"250-SIZE\r\n250 SIZE 99999999999999999999\r\n"), &used), 0);
	assert_int_equal(smtp_reply_extensions(&reply, &size),
		SMTP_EXTENSION_SIZE);
	assert_true(size == 0);
}

static void
walks_lines(void **state)
{
	struct smtp_reply reply;
	struct text line;
	size_t cursor = 0;
	size_t used;

	(void)state;
	smtp_reply_init(&reply);
	assert_false(smtp_reply_next_line(&reply, &cursor, &line));
	assert_int_equal(smtp_reply_feed(&reply, TEXT(
		"220-one\r\n220-\r\n220 \r\n"), &used), 0);
	assert_true(smtp_reply_next_line(&reply, &cursor, &line));
	assert_true(text_equal(line, TEXT("one")));
	assert_true(smtp_reply_next_line(&reply, &cursor, &line));
	assert_true(text_is_empty(line));
	assert_true(smtp_reply_next_line(&reply, &cursor, &line));
	assert_true(text_is_empty(line));
	assert_false(smtp_reply_next_line(&reply, &cursor, &line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_replies),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(bounds_a_line),
		cmocka_unit_test(bounds_the_lines),
		cmocka_unit_test(reads_ehlo),
		cmocka_unit_test(walks_lines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
