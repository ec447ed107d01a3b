/* base/text and base/error's reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/base/text.h"

static void
compares(void **state)
{
	(void)state;
	assert_true(text_equal(TEXT("abc"), text_from("abc")));
	assert_false(text_equal(TEXT("abc"), TEXT("abC")));
	assert_true(text_equal_nocase(TEXT("aBc@[`{"), TEXT("AbC@[`{")));
	assert_false(text_equal_nocase(TEXT("@"), TEXT("`")));
	assert_true(text_starts(TEXT("abc"), TEXT("ab")));
	assert_false(text_starts(TEXT("a"), TEXT("ab")));
	assert_true(text_starts_nocase(TEXT("MAIL FROM"), TEXT("mail")));
	assert_true(text_ends_nocase(TEXT("x.ORG"), TEXT(".org")));
	assert_false(text_ends_nocase(TEXT("rg"), TEXT(".org")));
	assert_true(text_compare(TEXT("ab"), TEXT("abc")) < 0);
	assert_true(text_compare(TEXT("b"), TEXT("abc")) > 0);
	assert_true(text_compare(TEXT("\xff"), TEXT("a")) > 0);
	assert_int_equal(text_compare(TEXT_EMPTY, (struct text){ 0 }), 0);
	assert_true(text_equal_secret(TEXT("key"), TEXT("key")));
	assert_false(text_equal_secret(TEXT("key"), TEXT("kez")));
	assert_false(text_equal_secret(TEXT("key"), TEXT("ke")));
}

static void
finds_and_cuts(void **state)
{
	(void)state;
	assert_int_equal(text_find_byte(TEXT("a,b"), ','), 1);
	assert_int_equal(text_find_byte(TEXT("ab"), ','), 2);
	assert_int_equal(text_find(TEXT("hello"), TEXT("ll")), 2);
	assert_int_equal(text_find(TEXT("hello"), TEXT("x")), 5);
	assert_int_equal(text_find(TEXT("hello"), TEXT_EMPTY), 0);
	assert_true(text_equal(text_slice(TEXT("hello"), 1, 3), TEXT("ell")));
	assert_true(text_is_empty(text_slice(TEXT("hello"), 9, 3)));
	assert_true(text_equal(text_slice(TEXT("hello"), 3, SIZE_MAX),
		TEXT("lo")));
	assert_true(text_equal(text_trim(TEXT(" \ta b\t ")), TEXT("a b")));
	assert_true(text_is_empty(text_trim(TEXT(" \t"))));
}

static void
splits(void **state)
{
	struct text rest = TEXT("a,,b,");
	struct text part;

	(void)state;
	assert_true(text_split(&rest, ',', &part));
	assert_true(text_equal(part, TEXT("a")));
	assert_true(text_split(&rest, ',', &part));
	assert_true(text_is_empty(part));
	assert_true(text_split(&rest, ',', &part));
	assert_true(text_equal(part, TEXT("b")));
	assert_true(text_split(&rest, ',', &part));
	assert_true(text_is_empty(part));
	assert_false(text_split(&rest, ',', &part));
	rest = text_from(NULL);
	assert_true(text_split(&rest, ',', &part));
	assert_false(text_split(&rest, ',', &part));
}

static void
parses_numbers(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_int_equal(text_parse_u64(TEXT("0"), 9, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(text_parse_u64(TEXT("18446744073709551615"),
		UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(text_parse_u64(TEXT("18446744073709551616"),
		UINT64_MAX, &n), ERROR_LIMIT);
	assert_int_equal(text_parse_u64(TEXT("99999999999999999999999"),
		UINT64_MAX, &n), ERROR_LIMIT);
	assert_int_equal(text_parse_u64(TEXT("10"), 9, &n), ERROR_LIMIT);
	assert_int_equal(text_parse_u64(TEXT(""), 9, &n), ERROR_MALFORMED);
	assert_int_equal(text_parse_u64(TEXT("+1"), 9, &n), ERROR_MALFORMED);
	assert_int_equal(text_parse_u64(TEXT("1 "), 9, &n), ERROR_MALFORMED);
	assert_int_equal(text_parse_u64(TEXT("99999999999999999999999x"), 9,
		&n), ERROR_MALFORMED);
}

static void
makes_strings(void **state)
{
	char out[4];

	(void)state;
	assert_int_equal(text_to_string(TEXT("abc"), out, sizeof(out)), 0);
	assert_string_equal(out, "abc");
	assert_int_equal(text_to_string(TEXT("abcd"), out, sizeof(out)),
		ERROR_LIMIT);
	assert_int_equal(text_to_string(TEXT("a\0b"), out, sizeof(out)),
		ERROR_MALFORMED);
	assert_int_equal(text_to_string(TEXT_EMPTY, out, 0), ERROR_LIMIT);
}

/* All bytes in all places: the eight-byte steps fold as single ones do. */
static void
hashes(void **state)
{
	char bytes[17];
	char folded[17];
	unsigned int byte;
	size_t at;

	(void)state;
	assert_true(text_hash(TEXT("a")) == text_hash(text_from("a")));
	assert_true(text_hash(TEXT("a")) != text_hash(TEXT("A")));
	assert_true(text_hash(TEXT("a")) != text_hash(TEXT("a\0")));
	for (byte = 0; byte < 256; byte++)
		for (at = 0; at < sizeof(bytes); at++) {
			memset(bytes, 'Q', sizeof(bytes));
			memset(folded, 'q', sizeof(folded));
			bytes[at] = (char)byte;
			folded[at] = text_lower_byte((char)byte);
			assert_true(
				text_hash_nocase(text_of(bytes, 17)) ==
				text_hash(text_of(folded, 17)));
		}
}

static void
tells_reasons(void **state)
{
	static char longest[REASON_TEXT_MAX * 2];
	struct reason why;

	(void)state;
	reason_set(NULL, "nobody");
	reason_set_reply(&why, 550, 5, 1, 1, "no\r\nsuch %s \xc3\x7f", "user");
	assert_int_equal(why.reply, 550);
	assert_int_equal(why.status[1], 1);
	assert_string_equal(why.text, "no??such user ??");
	reason_set(&why, "x");
	assert_int_equal(why.reply, 0);
	memset(longest, 'x', sizeof(longest) - 1);
	reason_set(&why, "%s", longest);
	assert_int_equal(strlen(why.text), REASON_TEXT_MAX - 1);
	assert_string_equal(error_name(ERROR_AGAIN), "again");
	assert_string_equal(error_name(-99), "unknown");
	assert_string_equal(error_name(1), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(finds_and_cuts),
		cmocka_unit_test(splits),
		cmocka_unit_test(parses_numbers),
		cmocka_unit_test(makes_strings),
		cmocka_unit_test(hashes),
		cmocka_unit_test(tells_reasons),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
