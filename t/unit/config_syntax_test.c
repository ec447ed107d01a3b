/*
 * The grammar of single values, units and suggestions, case by case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/config/config_suggest.h"
#include "gateway/config/config_syntax.h"
#include "gateway/config/config_unit.h"

struct sample {
	bool (*is_valid)(struct text);
	struct text good[12];
	struct text bad[14];
};

#define T(literal) TEXT_INIT(literal)
#define LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffff" \
	"ffffggg"

static const struct sample samples[] = {
	{ config_name_is_valid,
	  { T("a"), T("0"), T("a-b_c"), T("A1") },
	  { T(""), T("-a"), T("_a"), T("a.b"), T("a b"), T("\xc3\xa4"),
	    T("a\0b") } },
	{ config_user_is_valid,
	  { T("postern-smtp"), T("_apt"), T("a1"), T("65534") },
	  { T(""), T("Root"), T("1a"), T("-a"), T("a b"), T("a:b"),
	    T("007"), T("4294967295") } },
	{ config_domain_is_valid,
	  { T("example.org"), T("a"), T("a-b.c_d.e"), T(LABEL63 ".org"),
	    T("xn--mnchen-3ya.de"), T("1.example") },
	  { T(""), T("."), T("a."), T(".a"), T("a..b"), T("-a.b"),
	    T("a-.b"), T(LABEL63 "a.org"), T("192.0.2.1"), T("a b"),
	    T("m\xc3\xbcnchen.de"), T("a/b"), T("a\0b.c") } },
	{ config_hostname_is_valid, { T("a.b") }, { T("a"), T("a.1") } },
	{ config_address_is_valid,
	  { T("192.0.2.1"), T("::"), T("0.0.0.0"), T("2001:db8::1") },
	  { T(""), T("192.0.2"), T("192.0.2.256"), T("1.2.3.4/32"), T("all"),
	    T("fe80::1%lo"), T("[::1]"), T("::ffff:1.2.3.4"), T("1.2.3.4\0"),
	    T(" 1.2.3.4"), T("01.2.3.4") } },
	{ config_address_range_is_valid,
	  { T("all"), T("192.0.2.0/24"), T("0.0.0.0/0"), T("::/0"),
	    T("2001:db8::/128"), T("192.0.2.1/32") },
	  { T("ALL"), T("192.0.2.0/"), T("192.0.2.0/33"), T("192.0.2.0/024"),
	    T("::/129"), T("/24"), T("192.0.2.0/24/24"), T("192.0.2.0/-1"),
	    T("any") } },
	{ config_resolver_is_valid,
	  { T("192.0.2.1"), T("192.0.2.1@5353"), T("::1@53") },
	  { T("192.0.2.1@"), T("192.0.2.1@0"), T("192.0.2.1@65536"),
	    T("a.example"), T("@53"), T("1.2.3.4@053") } },
	{ config_domain_pattern_is_valid,
	  { T("all"), T("a.example"), T(".a.example"), T("localhost") },
	  { T(""), T("."), T("*.a"), T("..a"), T("a@b") } },
	{ config_mail_pattern_is_valid,
	  { T("a@b.example"), T("a.b+c@d"), T("root@"), T("b.example"),
	    T(".b.example"), T("all"), T("m\xc3\xbcller@a.example"),
	    T("o'neill@a.example") },
	  { T("@"), T("@a"), T("a@.b"), T("a b@c"), T(".a@b"), T("a.@b"),
	    T("a..b@c"), T("\"a\"@b"), T("a@b@c"), T("a\x7f@b"),
	    T("<a@b>"), T("a@1.2.3.4") } },
	{ config_party_pattern_is_valid,
	  { T("a@b.example"), T("root@"), T("b.example"), T("@b.example"),
	    T(".b.example"), T("@.b.example"), T("all") },
	  { T(""), T("@"), T("@."), T("@@a"), T("@a@b"), T("@..a"),
	    T("a@.b"), T("a b@c") } },
	{ config_host_port_is_valid,
	  { T("a.example"), T("a.example:25"), T("192.0.2.1"),
	    T("192.0.2.1:2525"), T("[::1]"), T("[::1]:25"), T("localhost") },
	  { T(""), T(":25"), T("a:"), T("a:0"), T("a:65536"), T("::1"),
	    T("[::1"), T("[::1]25"), T("[1.2.3.4]"), T("[]"), T("a b"),
	    T("[::1]:"), T("[a]:25") } },
	{ config_text_is_printable,
	  { T("a"), T("\xc3\xa4"), T("\xf0\x9f\x93\xa7"), T(" ~") },
	  { T("\x1f"), T("\x7f"), T("\xc2\x85"), T("\xe2\x80\xa8"),
	    T("\xc0\x80"), T("\xed\xa0\x80"), T("\xf5\x80\x80\x80"),
	    T("\xe0\x80\x80"), T("\xc3"), T("\xff"), T("\xef\xbb\xbf"),
	    T("a\0"), T("\xef\xbf\xbf") } },
	{ config_text_is_ascii, { T("a b~") },
	  { T("\t"), T("\xc3\xa4"), T("\x7f"), T("a\0") } },
};

static void
values_follow_their_grammar(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		for (k = 0; samples[i].good[k].data != NULL; k++)
			if (!samples[i].is_valid(samples[i].good[k]))
				fail_msg("row %zu refuses \"%.*s\"", i,
				    TEXT_ARG(samples[i].good[k]));
		for (k = 0; samples[i].bad[k].data != NULL; k++)
			if (samples[i].is_valid(samples[i].bad[k]))
				fail_msg("row %zu takes \"%.*s\"", i,
				    TEXT_ARG(samples[i].bad[k]));
	}
}

static void
networks_contain_each_other(void **state)
{
	static const struct {
		struct text outer, inner;
		bool contains;
	} pairs[] = {
		{ T("10.0.0.0/8"), T("10.255.0.1"), true },
		{ T("10.0.0.0/8"), T("11.0.0.1"), false },
		{ T("0.0.0.0/0"), T("255.255.255.255"), true },
		{ T("::/0"), T("1.2.3.4"), false },
		{ T("192.0.2.128/25"), T("192.0.2.127"), false },
		{ T("192.0.2.128/25"), T("192.0.2.129"), true },
		{ T("192.0.2.1"), T("192.0.2.0/24"), false },
		{ T("2001:db8::/33"), T("2001:db8:8000::"), false },
		{ T("2001:db8::/33"), T("2001:db8:7fff::1"), true },
	};
	struct config_network outer, inner;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(config_network_parse(pairs[i].outer, &outer),
		    0);
		assert_int_equal(config_network_parse(pairs[i].inner, &inner),
		    0);
		assert_int_equal(config_network_contains(&outer, &inner),
		    pairs[i].contains);
	}
}

static void
units_are_read_and_printed(void **state)
{
	static const struct {
		const struct config_unit *units;
		struct text in;
		uint64_t number;
		const char *printed;
	} rows[] = {
		{ config_size_units, T("0"), 0, "0" },
		{ config_size_units, T("0 MB"), 0, "0" },
		{ config_size_units, T("50 MB"), 50 << 20, "50 MB" },
		{ config_size_units, T("50MB"), 50 << 20, "50 MB" },
		{ config_size_units, T("1024 KB"), 1 << 20, "1 MB" },
		{ config_size_units, T("1000 B"), 1000, "1000 B" },
		{ config_duration_units, T("72 h"), 259200000, "3 d" },
		{ config_duration_units, T("90 s"), 90000, "90 s" },
		{ config_duration_units, T("5 min"), 300000, "5 min" },
		{ config_duration_units, T("1 ms"), 1, "1 ms" },
	};
	static const struct text bad[] = { T(""), T("1"), T("MB"), T("1  MB"),
		T("1 MB "), T(" 1 MB"), T("01 MB"), T("1.5 MB"), T("1 mb"),
		T("-1 MB"), T("1 M"), T("1\tMB"), T("1e3 B"), T("1_0 B"),
		T("18446744073709551615 KB"), T("18446744073709551616 B") };
	struct buffer out;
	uint64_t number;
	size_t i;

	(void)state;
	buffer_init(&out, 64);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(config_unit_parse(rows[i].units, rows[i].in,
		    &number), 0);
		assert_int_equal(number, rows[i].number);
		buffer_reset(&out);
		assert_int_equal(config_unit_print(rows[i].units, number,
		    &out), 0);
		assert_true(text_equal(buffer_text(&out),
		    text_from(rows[i].printed)));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(config_unit_parse(config_size_units,
		    bad[i], &number), 0);
	buffer_clear(&out);
}

static void
the_nearest_name_is_suggested(void **state)
{
	static const struct { const char *wanted, *best; } rows[] = {
		{ "recieve", "receive" }, { "PORT", "port" },
		{ "certifcate", "certificate" }, { "x", "" },
		{ "message_sizes", "message_size" }, { "", "" },
		{ "entirely_different", "" },
		{ "a_word_that_is_much_longer_than_any_setting_has", "" },
	};
	static const char *const names[] = { "receive", "port",
		"certificate", "message_size" };
	struct config_suggest suggest;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config_suggest_init(&suggest, text_from(rows[i].wanted));
		for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			config_suggest_offer(&suggest, text_from(names[k]));
		assert_true(text_equal(suggest.best,
		    text_from(rows[i].best)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_follow_their_grammar),
		cmocka_unit_test(networks_contain_each_other),
		cmocka_unit_test(units_are_read_and_printed),
		cmocka_unit_test(the_nearest_name_is_suggested),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
