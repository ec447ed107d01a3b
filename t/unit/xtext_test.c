/* mail/xtext, mail/utf8 and mail/smtp_extension: the small grammars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/smtp_extension.h"
#include "gateway/mail/utf8.h"
#include "gateway/mail/xtext.h"

static void
codes_every_byte(void **state)
{
	struct buffer coded;
	struct buffer plain;
	char raw[256];

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (char)i;
	buffer_init(&coded, 1024);
	buffer_init(&plain, 1024);
	assert_int_equal(xtext_encode(text_of(raw, sizeof(raw)), &coded), 0);
	assert_true(xtext_is_valid(buffer_text(&coded)));
	assert_false(xtext_is_printable(buffer_text(&coded)));
	assert_int_equal(xtext_decode(buffer_text(&coded), &plain), 0);
	assert_true(text_equal(buffer_text(&plain),
		text_of(raw, sizeof(raw))));
	buffer_clear(&coded);
	buffer_clear(&plain);
}

static void
refuses_bad_xtext(void **state)
{
	static const char *const bad[] = { "+", "+4", "+4g", "+2b", "=", " ",
		"a=b", "\x7f", "\xc3\xbc", "a\n" };
	struct buffer out;

	(void)state;
	buffer_init(&out, 16);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(xtext_is_valid(text_from(bad[i])));
		assert_int_equal(xtext_decode(text_from(bad[i]), &out),
			ERROR_MALFORMED);
		assert_int_equal(buffer_len(&out), 0);
	}
	assert_true(xtext_is_valid(TEXT("")));
	assert_true(xtext_is_printable(TEXT("a+20b")));
	assert_int_equal(xtext_encode(TEXT("======"), &out), ERROR_LIMIT);
	assert_int_equal(buffer_len(&out), 0);
	buffer_clear(&out);
}

static void
walks_utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t point;
	} cases[] = {
		{ "a", 1, 'a' }, { "\xc2\x80", 2, 0x80 },
		{ "\xe2\x82\xac", 3, 0x20ac },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\xc1\x80", 0, 0 }, { "\xe0\x9f\xbf", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 }, { "\xed\xbf\xbf", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 }, { "\xf8\x88\x80\x80", 0, 0 },
		{ "\x80", 0, 0 }, { "\xe2\x82", 0, 0 }, { "\xc2" "a", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t point = 7;

		assert_int_equal(utf8_next(text_from(cases[i].bytes), &point),
			cases[i].len);
		assert_int_equal(point, cases[i].point);
	}
	assert_true(utf8_is_unsafe(0));
	assert_true(utf8_is_unsafe(0x9f));
	assert_true(utf8_is_unsafe(0x1fffe));
	assert_false(utf8_is_unsafe(0xfc));
	assert_false(utf8_is_unsafe('a'));
}

static void
finds_high_bytes(void **state)
{
	char bytes[100];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		assert_true(utf8_is_ascii(text_of(bytes, len)));
		for (size_t at = 0; at < len; at++) {
			bytes[at] = (char)0x80;
			assert_false(utf8_is_ascii(text_of(bytes, len)));
			bytes[at] = 'x';
		}
	}
}

static void
knows_extensions(void **state)
{
	struct text argument;
	unsigned int cursor = 0;
	unsigned int all = 0;
	unsigned int one;

	(void)state;
	assert_int_equal(smtp_extension_parse(TEXT("size 100"), &argument),
		SMTP_EXTENSION_SIZE);
	assert_true(text_equal(argument, TEXT("100")));
	assert_int_equal(smtp_extension_parse(TEXT("SIZES"), &argument), 0);
	assert_int_equal(smtp_extension_parse(TEXT(""), &argument), 0);
	assert_true(text_is_empty(smtp_extension_name(1u << 20)));
	while ((one = smtp_extension_next(0x1ff, &cursor)) != 0) {
		assert_int_equal(all & one, 0);
		all |= one;
		assert_int_equal(smtp_extension_parse(
			smtp_extension_name(one), &argument), one);
	}
	assert_int_equal(all, 0x1ff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_every_byte),
		cmocka_unit_test(refuses_bad_xtext),
		cmocka_unit_test(walks_utf8),
		cmocka_unit_test(finds_high_bytes),
		cmocka_unit_test(knows_extensions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
