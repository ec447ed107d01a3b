/* mail/base64: strict, lenient, lines, room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/mail/base64.h"

static const struct {
	const char *plain;
	const char *coded;
	const char *url;
} vectors[] = {
	/* RFC 4648 10 */
	{ "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" }, { "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" }, { "foobar", "Zm9vYmFy",
		"Zm9vYmFy" },
	{ "\xfb\xff\xfe", "+//+", "-__-" },
};

static void
codes_the_vectors(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 64);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct text plain = text_from(vectors[i].plain);
		buffer_reset(&out);
		assert_int_equal(base64_encode(plain, 0, &out), 0);
		assert_true(text_equal(buffer_text(&out),
			text_from(vectors[i].coded)));
		buffer_reset(&out);
		assert_int_equal(base64_decode(text_from(vectors[i].coded),
			&out), 0);
		assert_true(text_equal(buffer_text(&out), plain));
		buffer_reset(&out);
		assert_int_equal(base64_url_encode(plain, &out), 0);
		assert_true(text_equal(buffer_text(&out),
			text_from(vectors[i].url)));
		buffer_reset(&out);
		assert_int_equal(base64_url_decode(text_from(vectors[i].url),
			&out), 0);
		assert_true(text_equal(buffer_text(&out), plain));
	}
	buffer_clear(&out);
}

static void
breaks_lines(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 64);
	assert_int_equal(base64_encode(TEXT("foobarfooba"), 8, &out), 0);
	assert_true(text_equal(buffer_text(&out),
		TEXT("Zm9vYmFy\r\nZm9vYmE=\r\n")));
	buffer_reset(&out);
	assert_int_equal(base64_encode(TEXT("foobar"), 8, &out), 0);
	assert_true(text_equal(buffer_text(&out), TEXT("Zm9vYmFy\r\n")));
	buffer_reset(&out);
	assert_int_equal(base64_encode(TEXT("foobarf"), 8, &out), 0);
	assert_true(text_equal(buffer_text(&out),
		TEXT("Zm9vYmFy\r\nZg==\r\n")));
	buffer_clear(&out);
}

static void
goes_round_at_all_lengths(void **state)
{
	char bytes[300];
	struct buffer coded;
	struct buffer plain;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 37 + i / 7);
	buffer_init(&coded, 1000);
	buffer_init(&plain, 1000);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct text whole = text_of(bytes, len);
		unsigned int flags = 99;
		buffer_reset(&coded);
		buffer_reset(&plain);
		assert_int_equal(base64_encode(whole, 76, &coded), 0);
		assert_int_equal(base64_decode(buffer_text(&coded), &plain),
			0);
		assert_true(text_equal(buffer_text(&plain), whole));
		buffer_reset(&plain);
		assert_int_equal(base64_decode_lenient(buffer_text(&coded),
			&plain, &flags), 0);
		assert_int_equal(flags, 0);
		assert_true(text_equal(buffer_text(&plain), whole));
	}
	buffer_clear(&coded);
	buffer_clear(&plain);
}

static void
refuses_what_is_not_strict(void **state)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zm8", "=", "==",
		"====", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "Z g=!", "-__-",
		"Zm9v=", "Zm9v\x80", "Z===", "Zg=\nZ" };
	static const char *const bad_url[] = { "Z", "Zg==", "Zh", "Zm9",
		"Zm 8", "+//+", "Zm8\n" };
	struct buffer out;

	(void)state;
	buffer_init(&out, 64);
	assert_int_equal(buffer_add_byte(&out, 'x'), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(base64_decode(text_from(bad[i]), &out),
			ERROR_MALFORMED);
	for (size_t i = 0; i < sizeof(bad_url) / sizeof(*bad_url); i++)
		assert_int_equal(base64_url_decode(text_from(bad_url[i]),
			&out), ERROR_MALFORMED);
	assert_int_equal(base64_decode(TEXT("Zm\0009v"), &out),
		ERROR_MALFORMED);
	assert_true(text_equal(buffer_text(&out), TEXT("x")));
	assert_int_equal(base64_decode(TEXT(" Z\tm\r\n8 = \r\n"), &out), 0);
	assert_true(text_equal(buffer_text(&out), TEXT("xfo")));
	buffer_clear(&out);
}

static void
reads_leniently(void **state)
{
	static const struct {
		const char *coded;
		const char *plain;
		unsigned int flags;
	} cases[] = {
		/* M06: junk, padding in the middle, missing, then more */
		{ "Zm9v!Ym*Fy", "foobar", BASE64_JUNK },
		{ "Zm9vYg==Zm9v", "foobfoo", BASE64_MORE },
		{ "Zm9vYg=Zm9v", "foobfoo", BASE64_MORE | BASE64_CUT },
		{ "Zm9vYg", "foob", BASE64_CUT },
		{ "Zm9vYg=", "foob", BASE64_CUT },
		{ "Zm9vY", "foo", BASE64_CUT | BASE64_JUNK },
		{ "Z m 9\tv\r\nY\ng = =", "foob", 0 },
		{ "=Zm9v", "foo", BASE64_JUNK | BASE64_MORE },
		{ "Zm9v--b", "foo", BASE64_JUNK | BASE64_CUT },
		{ "", "", 0 },
	};
	struct buffer out;

	(void)state;
	buffer_init(&out, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned int flags = 0;
		buffer_reset(&out);
		assert_int_equal(base64_decode_lenient(
			text_from(cases[i].coded), &out, &flags), 0);
		assert_true(text_equal(buffer_text(&out),
			text_from(cases[i].plain)));
		assert_int_equal(flags, cases[i].flags);
	}
	buffer_clear(&out);
}

static void
keeps_to_the_room(void **state)
{
	struct buffer coded;

	(void)state;
	buffer_init(&coded, 1000);
	char bytes[200];
	memset(bytes, 'a', sizeof(bytes));
	assert_int_equal(base64_encode(text_of(bytes, sizeof(bytes)), 76,
		&coded), 0);
	for (size_t max = 1; max <= sizeof(bytes); max++) {
		struct buffer out;
		unsigned int flags;
		int want = max < sizeof(bytes) ? ERROR_LIMIT : 0;
		buffer_init(&out, max);
		assert_int_equal(base64_decode_lenient(buffer_text(&coded),
			&out, &flags), want);
		assert_int_equal(buffer_len(&out), max);
		buffer_reset(&out);
		assert_int_equal(base64_decode(buffer_text(&coded), &out),
			want);
		assert_int_equal(buffer_len(&out), want == 0 ? max : 0);
		buffer_reset(&out);
		assert_int_equal(base64_encode(text_of(bytes, max), 0, &out),
			ERROR_LIMIT);
		assert_int_equal(base64_url_encode(text_of(bytes, max), &out),
			ERROR_LIMIT);
		assert_int_equal(buffer_len(&out), 0);
		buffer_clear(&out);
	}
	buffer_clear(&coded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_the_vectors),
		cmocka_unit_test(breaks_lines),
		cmocka_unit_test(goes_round_at_all_lengths),
		cmocka_unit_test(refuses_what_is_not_strict),
		cmocka_unit_test(reads_leniently),
		cmocka_unit_test(keeps_to_the_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
