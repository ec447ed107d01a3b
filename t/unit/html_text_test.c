/*
 * mail/html_text and mail/html_entity: what a person sees of HTML.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/mail/html_entity.h"
#include "gateway/mail/html_text.h"

static const struct {
	const char *html;
	const char *text;
} cases[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a<b>b</b>c", "abc" },
	{ "a<p>b</p>c", "a\nb\nc" },
	{ "a<br/>b", "a\nb" },
	{ "a \r\n\t b", "a b" },
	{ "a<!-- > -->b<!x>c<?x?>d", "abcd" },
	{ "a<!-- open b", "a<!-- open b" },
	{ "a<!-- open > b", "a b" },
	{ "a<script>x</b></script>b", "ab" },
	{ "a<STYLE>x</style >b", "ab" },
	{ "a<script>x", "a" },
	{ "1 < 2 <3", "1 < 2 <3" },
	{ "a<b title='>' x=\">\">c", "ac" },
	{ "a<b title='>c", "ac" },
	{ "a<b", "a<b" },
	{ "&lt;&gt;&amp;&quot;&#65;&#x41;&#X41", "<>&\"AAA" },
	{ "&xyzzy; & &#; &#x;", "&xyzzy; & &#; &#x;" },
	{ "&ampx", "&x" },
	{ "&#0;&#xd800;&#99999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "&#150;&euro;", "\xe2\x80\x93\xe2\x82\xac" },
	{ "a&shy;b&zwnj;c&ZeroWidthSpace;d&#8205;e", "abcde" },
	{ "a\xe2\x80\x8b" "b\xc2\xad" "c", "abc" },
	{ "a&nbsp;b\xc2\xa0 c", "a b c" },
	{ "\xff\xc3", "\xff\xc3" },
};

static void
shows_what_is_seen(void **state)
{
	struct buffer out;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buffer_init(&out, 1000);
		assert_int_equal(html_text(text_from(cases[i].html), &out), 0);
		if (!text_equal(buffer_text(&out), text_from(cases[i].text)))
			fail_msg("%s: [%.*s]", cases[i].html,
				TEXT_ARG(buffer_text(&out)));
		buffer_clear(&out);
	}
}

static void
keeps_its_limit(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 3);
	assert_int_equal(html_text(TEXT("abcdef"), &out), ERROR_LIMIT);
	assert_true(text_equal(buffer_text(&out), TEXT("abc")));
	buffer_clear(&out);
}

static void
strips_what_is_not_seen(void **state)
{
	struct buffer out;
	bool changed;

	(void)state;
	buffer_init(&out, 100);
	assert_int_equal(html_text_strip(TEXT("a<b>\r\n"), &out, &changed),
		0);
	assert_false(changed);
	assert_true(text_equal(buffer_text(&out), TEXT("a<b>\r\n")));
	buffer_reset(&out);
	assert_int_equal(html_text_strip(TEXT("\xef\xbb\xbf" "a\xe2\x80\x8d"
		"b\xc2\xa0" "c\xc3\xa9\xff"), &out, &changed), 0);
	assert_true(changed);
	assert_true(text_equal(buffer_text(&out),
		TEXT("ab c\xc3\xa9\xff")));
	buffer_clear(&out);
}

static void
knows_html(void **state)
{
	(void)state;
	assert_true(html_text_is_html(TEXT(" <!DOCTYPE html>")));
	assert_true(html_text_is_html(TEXT("x <HTML>")));
	assert_false(html_text_is_html(TEXT("a < b")));
	assert_false(html_text_is_html(TEXT("")));
}

static void
takes_references(void **state)
{
	uint32_t point = 0;

	(void)state;
	assert_int_equal(html_entity_take(TEXT("&eacute;x"), &point), 8);
	assert_int_equal(point, 0xe9);
	assert_int_equal(html_entity_take(TEXT("&notx"), &point), 4);
	assert_int_equal(point, 0xac);
	assert_int_equal(html_entity_take(TEXT("&x"), &point), 0);
	assert_int_equal(html_entity_take(TEXT("x"), &point), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_is_seen),
		cmocka_unit_test(keeps_its_limit),
		cmocka_unit_test(strips_what_is_not_seen),
		cmocka_unit_test(knows_html),
		cmocka_unit_test(takes_references),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
