/*
 * DNS messages as we read them: made by hand, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "gateway/base/arena.h"
#include "gateway/lookup/dns_answer.h"

static struct arena *arena;
static struct dns_answer answer;

/* Header with counts, then the question "a.b" at offset 12. */
#define HEAD(answers) "\0\1\x81\x80\0\1\0" answers "\0\0\0\0"
#define QUESTION(type) "\1a\1b\0\0" type "\0\1"
#define FIXED(type, ttl, len) "\0" type "\0\1\0\0\0" ttl "\0" len
#define AT_QUESTION "\xc0\x0c"

static int
parse_limited(struct text packet, enum dns_type type, size_t max)
{
	return dns_answer_parse(packet, TEXT("A.b"), type, max, arena,
	    &answer);
}

static int
parse(struct text packet, enum dns_type type)
{
	return parse_limited(packet, type, 10);
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(65536);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
test_address(void **state)
{
	struct text packet = TEXT(HEAD("\2") QUESTION("\1")
	    AT_QUESTION FIXED("\1", "\x3c", "\4") "\300\0\2\1"
	    AT_QUESTION FIXED("\1", "\x1e", "\4") "\300\0\2\2");

	(void)state;
	assert_int_equal(parse(packet, DNS_TYPE_A), 0);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.ttl_s, 30);
	assert_memory_equal(answer.records[1].address, "\300\0\2\2", 4);
	assert_int_equal(parse(packet, DNS_TYPE_AAAA), 0);
	assert_int_equal(answer.count, 0);
	assert_int_equal(parse_limited(packet, DNS_TYPE_A, 1), 0);
	assert_int_equal(answer.count, 1);
	assert_true(answer.is_cut);
}

static void
test_exchanger(void **state)
{
	struct text packet = TEXT(HEAD("\3") QUESTION("\xf")
	    AT_QUESTION FIXED("\xf", "\1", "\6") "\0\x0a\1M\xc0\x0e"
	    AT_QUESTION FIXED("\xf", "\1", "\3") "\0\0\0"
	    AT_QUESTION FIXED("\xf", "\1", "\6") "\0\5\2\1 \0");

	(void)state;
	assert_int_equal(parse(packet, DNS_TYPE_MX), 0);
	assert_int_equal(answer.count, 3);
	assert_int_equal(answer.records[0].preference, 10);
	assert_true(text_equal(answer.records[0].name, TEXT("m.b")));
	assert_false(answer.records[1].is_strange);
	assert_int_equal(answer.records[1].name.len, 0);
	assert_true(answer.records[2].is_strange);
}

static void
test_aliases(void **state)
{
	/* The address stands before the alias that leads to it. */
	struct text packet = TEXT(HEAD("\2") QUESTION("\1")
	    "\1z\0" FIXED("\1", "\x3c", "\4") "\300\0\2\1"
	    AT_QUESTION FIXED("\5", "\5", "\3") "\1Z\0");
	struct text circle = TEXT(HEAD("\1") QUESTION("\1")
	    AT_QUESTION FIXED("\5", "\5", "\2") AT_QUESTION);

	(void)state;
	assert_int_equal(parse(packet, DNS_TYPE_A), 0);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.ttl_s, 5);
	assert_true(text_equal(answer.name, TEXT("z")));
	assert_int_equal(parse(circle, DNS_TYPE_A), ERROR_LIMIT);
}

static void
test_other_owners_are_ignored(void **state)
{
	struct text packet = TEXT(HEAD("\1") QUESTION("\1")
	    "\1x\0" FIXED("\1", "\x3c", "\4") "\300\0\2\1");

	(void)state;
	assert_int_equal(parse(packet, DNS_TYPE_A), 0);
	assert_int_equal(answer.count, 0);
	assert_int_equal(answer.ttl_s, 0);
}

static void
test_malformed(void **state)
{
	static const struct text packets[] = {
		TEXT_INIT(""),
		TEXT_INIT("\0\1\x81\x80\0\1\0\0\0\0\0"),
		/* a query */
		TEXT_INIT("\0\1\1\0\0\1\0\0\0\0\0\0" QUESTION("\1")),
		/* two questions */
		TEXT_INIT("\0\1\x81\x80\0\2\0\0\0\0\0\0"),
		/* fewer records than said */
		TEXT_INIT(HEAD("\1") QUESTION("\1")),
		/* an address of three bytes */
		TEXT_INIT(HEAD("\1") QUESTION("\1")
		    AT_QUESTION FIXED("\1", "\x3c", "\3") "\300\0\2"),
		/* data beyond the end */
		TEXT_INIT(HEAD("\1") QUESTION("\1")
		    AT_QUESTION FIXED("\1", "\x3c", "\4") "\300\0\2"),
		/* a pointer to itself, forwards, an unknown label type */
		TEXT_INIT(HEAD("\1") QUESTION("\1") "\xc0\x15"
		    FIXED("\1", "\x3c", "\4") "\300\0\2\1"),
		TEXT_INIT(HEAD("\1") QUESTION("\1") "\xc0\x17"
		    FIXED("\1", "\x3c", "\4") "\300\0\2\1"),
		TEXT_INIT(HEAD("\1") QUESTION("\1") "\x41"
		    FIXED("\1", "\x3c", "\4") "\300\0\2\1"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		assert_int_equal(parse(packets[i], DNS_TYPE_A),
		    ERROR_MALFORMED);
}

static void
test_exchanger_with_a_tail(void **state)
{
	struct text packet = TEXT(HEAD("\1") QUESTION("\xf")
	    AT_QUESTION FIXED("\xf", "\1", "\4") "\0\0\0\0");

	(void)state;
	assert_int_equal(parse(packet, DNS_TYPE_MX), ERROR_MALFORMED);
}

static void
test_long_name(void **state)
{
	char packet[600] = "", out[DNS_NAME_TEXT_MAX];
	size_t i, offset = 0, len;

	(void)state;
	for (i = 0; i < 4; i++) {
		packet[i * 64] = 63;
		memset(packet + i * 64 + 1, 'x', 63);
	}
	assert_int_equal(dns_answer_name(text_of(packet, 300), &offset, out,
	    &len), ERROR_MALFORMED);
	packet[3 * 64] = 61;
	packet[3 * 64 + 62] = 0;
	offset = 0;
	assert_int_equal(dns_answer_name(text_of(packet, 300), &offset, out,
	    &len), 0);
	assert_int_equal(len, 253);
	assert_int_equal(offset, 255);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_address),
		TEST(test_exchanger),
		TEST(test_aliases),
		TEST(test_other_owners_are_ignored),
		TEST(test_malformed),
		TEST(test_exchanger_with_a_tail),
		TEST(test_long_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
