/* mail/html_escape and base/hex. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/base/hex.h"
#include "gateway/mail/html_escape.h"

static const struct {
	struct text from;
	struct text to;
} cases[] = {
	{ TEXT_INIT(""), TEXT_INIT("") },
	{ TEXT_INIT("plain text"), TEXT_INIT("plain text") },
	{ TEXT_INIT("<a href=\"x\" title='y'>&amp;"),
	  TEXT_INIT("&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;"
	  "&amp;amp;") },
	{ TEXT_INIT("a\tb\nc\r\nd"), TEXT_INIT("a\tb\nc\nd") },
	{ TEXT_INIT("a\0b\x1b\x7f" "c"), TEXT_INIT("abc") },
	{ TEXT_INIT("\xC2\x85x"), TEXT_INIT("x") },
	{ TEXT_INIT("\xC3\xA4\xE6\x97\xA5"),
	  TEXT_INIT("\xC3\xA4\xE6\x97\xA5") },
	{ TEXT_INIT("\xff<\xC3"), TEXT_INIT("\xEF\xBF\xBD&lt;\xEF\xBF\xBD") },
	{ TEXT_INIT("\xC0\xBC"), TEXT_INIT("\xEF\xBF\xBD\xEF\xBF\xBD") },
};

static void
escapes(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 1024);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_reset(&out);
		assert_int_equal(html_escape(cases[i].from, &out), 0);
		assert_true(text_equal(buffer_text(&out), cases[i].to));
	}
	buffer_clear(&out);
}

static void
leaves_no_half(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 8);
	assert_int_equal(buffer_add_text(&out, TEXT("ab")), 0);
	assert_int_equal(html_escape(TEXT("x<<<"), &out), ERROR_LIMIT);
	assert_true(text_equal(buffer_text(&out), TEXT("ab")));
	buffer_clear(&out);
}

static void
hex_comes_back(void **state)
{
	const uint8_t bytes[4] = { 0, 0x1f, 0xa0, 0xff };
	uint8_t got[4];
	char digits[HEX_SIZE(4)];

	(void)state;
	hex_encode(bytes, 4, digits);
	assert_string_equal(digits, "001fa0ff");
	assert_int_equal(hex_decode(TEXT("001Fa0FF"), got, 4), 0);
	assert_memory_equal(got, bytes, 4);
	assert_int_equal(hex_decode(TEXT("001fa0f"), got, 4),
	    ERROR_MALFORMED);
	assert_int_equal(hex_decode(TEXT("001fa0fg"), got, 4),
	    ERROR_MALFORMED);
	assert_int_equal(hex_decode(TEXT("001fa0ff0"), got, 4),
	    ERROR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(leaves_no_half),
		cmocka_unit_test(hex_comes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
