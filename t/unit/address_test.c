/* mail/address: paths and mailboxes, good and bad (abuse case L01). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/address.h"

#define R ADDRESS_REVERSE_PATH
#define U ADDRESS_ALLOW_UTF8
#define P ADDRESS_ALLOW_POSTMASTER

struct good {
	const char *line;
	unsigned int allow;
	const char *local;
	const char *domain;
	const char *rest;
};

static const struct good good[] = {
	{ "<a@b.example>", 0, "a", "b.example", "" },
	{ "<A.b+c@B.Example> SIZE=1", 0, "A.b+c", "B.Example", "SIZE=1" },
	{ "<>", R, "", "", "" },
	{ "<>   BODY=7BIT", R, "", "", "BODY=7BIT" },
	{ "<@x.example,@y.example:a@b.example>", 0, "a", "b.example", "" },
	{ "<@[192.0.2.9]:a@b.example>", 0, "a", "b.example", "" },
	{ "<\"a@b\"@c.example>", 0, "\"a@b\"", "c.example", "" },
	{ "<\"a\\\"b\\\\ c\"@c.example>", 0, "\"a\\\"b\\\\ c\"", "c.example",
		"" },
	{ "<\"\"@c.example>", 0, "\"\"", "c.example", "" },
	{ "<a%b@c.example>", 0, "a%b", "c.example", "" },
	{ "<x!a@c.example>", 0, "x!a", "c.example", "" },
	{ "<a@[192.0.2.1]>", 0, "a", "[192.0.2.1]", "" },
	{ "<a@[IPv6:2001:db8::1]>", 0, "a", "[IPv6:2001:db8::1]", "" },
	{ "<a@[ipv6:::1]>", 0, "a", "[ipv6:::1]", "" },
	{ "<a@localhost>", 0, "a", "localhost", "" },
	{ "<a@1.example>", 0, "a", "1.example", "" },
	{ "<PostMaster>", P, "PostMaster", "", "" },
	{ "<\xc3\xbc@\xc3\xa4.example>", U, "\xc3\xbc", "\xc3\xa4.example",
		"" },
	{ "<\"\xe4\xb8\xad \"@b.example>", U, "\"\xe4\xb8\xad \"",
		"b.example", "" },
};

static void
takes_good_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct address address;
		struct reason why = { 0 };
		struct text rest;

		print_message("# %s\n", good[i].line);
		assert_int_equal(address_parse_path(text_from(good[i].line),
			good[i].allow, &address, &rest, &why), 0);
		assert_true(text_equal(address.local,
			text_from(good[i].local)));
		assert_true(text_equal(address.domain,
			text_from(good[i].domain)));
		assert_true(text_equal(rest, text_from(good[i].rest)));
		assert_true(text_equal(address_local(address.whole),
			address.local));
		assert_true(text_equal(address_domain(address.whole),
			address.domain));
		assert_int_equal(address.is_null, address.whole.len == 0);
	}
}

struct bad {
	const char *line;
	unsigned int allow;
	int error;
};

static const struct bad bad[] = {
	{ "", 0, ERROR_MALFORMED },
	{ "a@b.example", 0, ERROR_MALFORMED },
	{ "<", 0, ERROR_MALFORMED },
	{ "<>", 0, ERROR_MALFORMED },
	{ "<a>", 0, ERROR_MALFORMED },
	{ "<a>", P, ERROR_MALFORMED },
	{ "<postmaster>", 0, ERROR_MALFORMED },
	{ "<a@b.example", 0, ERROR_MALFORMED },
	{ "<a@b.example>x", 0, ERROR_MALFORMED },
	{ "<a@b.example>>", 0, ERROR_MALFORMED },
	{ "<<a@b.example>>", 0, ERROR_MALFORMED },
	{ "<a@b.example.>", 0, ERROR_MALFORMED },
	{ "<a@.example>", 0, ERROR_MALFORMED },
	{ "<a@b..example>", 0, ERROR_MALFORMED },
	{ "<a@>", 0, ERROR_MALFORMED },
	{ "<@b.example>", 0, ERROR_MALFORMED },
	{ "<@b.example:>", 0, ERROR_MALFORMED },
	{ "<@b.example a@c.example>", 0, ERROR_MALFORMED },
	{ "<a@b@c.example>", 0, ERROR_MALFORMED },
	{ "<a b@c.example>", 0, ERROR_MALFORMED },
	{ "<.a@c.example>", 0, ERROR_MALFORMED },
	{ "<a.@c.example>", 0, ERROR_MALFORMED },
	{ "<a..b@c.example>", 0, ERROR_MALFORMED },
	{ "<\"a@c.example>", 0, ERROR_MALFORMED },
	{ "<\"a\"b@c.example>", 0, ERROR_MALFORMED },
	{ "<\"a\\\"@c.example>", 0, ERROR_MALFORMED },
	{ "<\"a\x01\"@c.example>", 0, ERROR_MALFORMED },
	{ "<\"a\\\r\"@c.example>", 0, ERROR_MALFORMED },
	{ "<a\r\n@c.example>", 0, ERROR_MALFORMED },
	{ "<a@c\x7f.example>", 0, ERROR_MALFORMED },
	{ "<a@c_d.example>", 0, ERROR_MALFORMED },
	{ "<a@-c.example>", 0, ERROR_MALFORMED },
	{ "<a@c-.example>", 0, ERROR_MALFORMED },
	{ "<a@1.2.3.4>", 0, ERROR_MALFORMED },
	{ "<a@[1.2.3]>", 0, ERROR_MALFORMED },
	{ "<a@[1.2.3.400]>", 0, ERROR_MALFORMED },
	{ "<a@[IPv6:1.2.3.4]>", 0, ERROR_MALFORMED },
	{ "<a@[IPv6:::1%lo]>", 0, ERROR_MALFORMED },
	{ "<a@[::1]>", 0, ERROR_MALFORMED },
	{ "<a@[]>", 0, ERROR_MALFORMED },
	{ "<a@[", 0, ERROR_MALFORMED },
	{ "<a@[IPv6:]", 0, ERROR_MALFORMED },
	{ "<\xc3\xbc@b.example>", 0, ERROR_REFUSED },
	{ "<a@\xc3\xbc.example>", R, ERROR_REFUSED },
	{ "<\xc3@b.example>", U, ERROR_MALFORMED },
	{ "<\xc0\xaf@b.example>", U, ERROR_MALFORMED },
	{ "<\xed\xa0\x80@b.example>", U, ERROR_MALFORMED },
	{ "<\xf4\x90\x80\x80@b.example>", U, ERROR_MALFORMED },
	{ "<\xc2\x85@b.example>", U, ERROR_MALFORMED },
	{ "<\xe2\x80\xae@b.example>", U, ERROR_MALFORMED },
	{ "<a@b\xe3\x80\x82" "example>", U, ERROR_MALFORMED },
	{ "<a\xef\xbc\xa0" "b>", U, ERROR_MALFORMED },
};

static void
refuses_bad_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct address address;
		struct reason why = { 0 };
		struct text rest;
		bool reverse = (bad[i].allow & R) != 0;

		print_message("# %zu\n", i);
		assert_int_equal(address_parse_path(text_from(bad[i].line),
			bad[i].allow, &address, &rest, &why), bad[i].error);
		if (bad[i].error == ERROR_REFUSED) {
			assert_int_equal(why.reply, 553);
			assert_int_equal(why.status[2], 7);
			continue;
		}
		assert_int_equal(why.reply, 501);
		assert_int_equal(why.status[1], 1);
		assert_int_equal(why.status[2], reverse ? 7 : 3);
	}
}

static int
parse_sized(size_t local, size_t label, size_t labels)
{
	char line[2048];
	struct address address;
	struct text rest;
	size_t at = 0;

	line[at++] = '<';
	memset(line + at, 'l', local);
	at += local;
	line[at++] = '@';
	for (size_t i = 0; i < labels; i++) {
		if (i > 0)
			line[at++] = '.';
		memset(line + at, 'd', label);
		at += label;
	}
	line[at++] = '>';
	return address_parse_path(text_of(line, at), 0, &address, &rest,
		NULL);
}

static void
keeps_limits(void **state)
{
	(void)state;
	assert_int_equal(parse_sized(64, 63, 4), 0);	/* 255 */
	assert_int_equal(parse_sized(256, 3, 2), 0);
	assert_int_equal(parse_sized(257, 3, 2), ERROR_LIMIT);
	assert_int_equal(parse_sized(1, 64, 1), ERROR_LIMIT);
	assert_int_equal(parse_sized(1, 31, 9), ERROR_LIMIT);
}

static void
holds_no_nul(void **state)
{
	struct address address;
	struct text rest;

	(void)state;
	assert_int_equal(address_parse_path(TEXT("<a\0b@c.example>"), 0,
		&address, &rest, NULL), ERROR_MALFORMED);
	assert_int_equal(address_parse_path(TEXT("<\"a\0\"@c.example>"), 0,
		&address, &rest, NULL), ERROR_MALFORMED);
	assert_int_equal(address_parse_path(TEXT("<a@[1.2.3.4\0]>"), 0,
		&address, &rest, NULL), ERROR_MALFORMED);
	assert_int_equal(address_parse_path((struct text){ NULL, 0 }, 0,
		&address, &rest, NULL), ERROR_MALFORMED);
}

static void
parses_mailboxes(void **state)
{
	struct address address;

	(void)state;
	assert_int_equal(address_parse(TEXT("a@b.example"), 0, &address,
		NULL), 0);
	assert_int_equal(address_parse(TEXT("a@b.example "), 0, &address,
		NULL), ERROR_MALFORMED);
	assert_int_equal(address_parse(TEXT(""), R, &address, NULL),
		ERROR_MALFORMED);
	assert_int_equal(address_check_domain(TEXT("[127.0.0.1]"), 0), 0);
	assert_int_equal(address_check_domain(TEXT("a b"), 0),
		ERROR_MALFORMED);
}

static void
prints_and_lowers(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 32);
	assert_int_equal(address_canonical(TEXT("Ab@EXample.ORG"), &out), 0);
	assert_true(text_equal(buffer_text(&out), TEXT("Ab@example.org")));
	buffer_reset(&out);
	assert_int_equal(address_canonical(TEXT("Postmaster"), &out), 0);
	assert_true(text_equal(buffer_text(&out), TEXT("Postmaster")));
	buffer_reset(&out);
	assert_int_equal(address_print_path(TEXT(""), &out), 0);
	assert_int_equal(address_print_path(TEXT("a@b"), &out), 0);
	assert_true(text_equal(buffer_text(&out), TEXT("<><a@b>")));
	assert_int_equal(address_print_path(
		TEXT("0123456789@0123456789012345"), &out), ERROR_LIMIT);
	assert_true(text_equal(buffer_text(&out), TEXT("<><a@b>")));
	buffer_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_good_paths),
		cmocka_unit_test(refuses_bad_paths),
		cmocka_unit_test(keeps_limits),
		cmocka_unit_test(holds_no_nul),
		cmocka_unit_test(parses_mailboxes),
		cmocka_unit_test(prints_and_lowers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
