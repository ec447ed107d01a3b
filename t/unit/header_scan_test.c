/* mail/header_scan: counts, loops, limits (abuse cases D06, D16, T11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gateway/mail/header_scan.h"

#define OWN "Gate.Example"

struct scan_case {
	const char *message;
	uint32_t fields;
	uint32_t section_bytes;
	uint32_t longest;
	uint32_t received;
	uint32_t own;
	const char *flags;	/* o over, h and b 8-bit, m mbox, x bad */
};

static const struct scan_case cases[] = {
	{ "A: b\r\n\r\nbody\r\n", 1, 8, 4, 0, 0, "o" },
	{ "A: b\r\nC: d\r\n e\r\n\r\n", 2, 18, 4, 0, 0, "o" },
	{ "\r\nbody\xff", 0, 2, 0, 0, 0, "ob" },
	{ "A: \xc3\xbc\r\n\r\nbody", 1, 9, 5, 0, 0, "oh" },
	{ "From me Sat\r\nA: b\r\n\r\n", 2, 21, 11, 0, 0, "omx" },
	{ "From: me\r\n\r\n", 1, 12, 8, 0, 0, "o" },
	{ " A: b\r\n\r\n", 0, 9, 5, 0, 0, "ox" },
	{ "A b\r\nC: d\r\n\r\n", 2, 13, 4, 0, 0, "ox" },
	{ "A : b\r\n\r\n", 1, 9, 5, 0, 0, "o" },
	{ ": b\r\n\r\n", 0, 7, 3, 0, 0, "ox" },
	{ "A: b", 1, 4, 4, 0, 0, "o" },
	{ "", 0, 0, 0, 0, 0, "o" },
	{ "Received: from a by gate.example with SMTP\r\n\r\n",
		1, 46, 42, 1, 1, "o" },
	{ "received : from a\r\n\tBY\r\n\tGATE.example;\r\n x\r\n\r\n",
		1, 46, 17, 1, 1, "o" },
	{ "Received: from a by gate.example.org; b\r\n\r\n",
		1, 43, 39, 1, 0, "o" },
	{ "Received: from a by gate.exampl; b\r\n\r\n",
		1, 38, 34, 1, 0, "o" },
	{ "Received: from a (by gate.example) by b; c\r\n\r\n",
		1, 46, 42, 1, 0, "o" },
	{ "Received: a (b (by) \\) by gate.example) by gate.example(c)\r\n"
		"\r\n", 1, 62, 58, 1, 1, "o" },
	{ "Received: by gate.example\r\n\r\n", 1, 29, 25, 1, 1, "o" },
	{ "X-Received: by gate.example\r\nReceive: by gate.example\r\n"
		"ReceivedX: by gate.example\r\nRe ceived: by gate.example\r\n"
		"\r\n", 4, 113, 27, 0, 0, "o" },
	{ "Received\r\n : from a by gate.example\r\n\r\n",
		1, 39, 25, 0, 0, "ox" },
	{ "Received: by a\r\nReceived: by gate.example\r\n\r\n"
		"Received: by gate.example\r\n", 2, 45, 25, 2, 1, "o" },
};

static bool
has(const struct scan_case *one, char flag)
{
	return strchr(one->flags, flag) != NULL;
}

static void
check(const struct scan_case *one, const struct header_scan *scan)
{
	assert_int_equal(scan->field_count, one->fields);
	assert_int_equal(scan->section_bytes, one->section_bytes);
	assert_int_equal(scan->longest_line, one->longest);
	assert_int_equal(scan->received_count, one->received);
	assert_int_equal(scan->own_count, one->own);
	assert_int_equal(scan->is_over, has(one, 'o'));
	assert_int_equal(scan->has_8bit_header, has(one, 'h'));
	assert_int_equal(scan->has_8bit_body, has(one, 'b'));
	assert_int_equal(scan->has_mbox_line, has(one, 'm'));
	assert_int_equal(scan->has_bad_line, has(one, 'x'));
}

static void
scans_in_any_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text message = text_from(cases[i].message);

		print_message("# %zu\n", i);
		for (size_t step = 1; step <= message.len + 1; step++) {
			struct header_scan scan;

			header_scan_init(&scan, TEXT(OWN), NULL);
			for (size_t at = 0; at < message.len; at += step)
				assert_int_equal(header_scan_feed(&scan,
					text_slice(message, at, step)), 0);
			header_scan_finish(&scan);
			check(&cases[i], &scan);
		}
	}
}

static void
keeps_limits(void **state)
{
	static const struct header_scan_limits limits[] = {
		{ .fields = 2 }, { .section_bytes = 18 }, { .field_bytes = 6 },
	};
	static const char *const words[] = { "Too many header fields",
		"Header section too large", "Header field too long" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct header_scan scan;
		struct reason why = { 0 };

		header_scan_init(&scan, TEXT(OWN), &limits[i]);
		assert_int_equal(header_scan_feed(&scan,
			TEXT("A: b\r\nC: d\r\n")), 0);
		assert_int_equal(header_scan_feed(&scan,
			TEXT("E: f\r\n g\r\n\r\n")), ERROR_LIMIT);
		assert_int_equal(header_scan_feed(&scan, TEXT("x")),
			ERROR_LIMIT);
		header_scan_explain(&scan, &why);
		assert_int_equal(why.reply, 552);
		assert_string_equal(why.text, words[i]);
	}
}

static void
knows_no_own_name(void **state)
{
	struct header_scan scan;

	(void)state;
	header_scan_init(&scan, TEXT_EMPTY, NULL);
	assert_int_equal(header_scan_feed(&scan,
		TEXT("Received: by  by (x)\r\n\r\n")), 0);
	assert_int_equal(scan.own_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scans_in_any_pieces),
		cmocka_unit_test(keeps_limits),
		cmocka_unit_test(knows_no_own_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
