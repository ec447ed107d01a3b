/* mail/received and mail/fold_writer: what we write into headers (D17). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/fold_writer.h"
#include "gateway/mail/header_scan.h"
#include "gateway/mail/received.h"

#define WHEN INT64_C(1795299113000000)	/* 2026-11-21 22:11:53 UTC */

struct received_case {
	struct received received;
	const char *expected;
};

#define COMMON .hostname = TEXT_INIT("gate.example"), .mid = 12, \
	.time_us = WHEN

static const struct received_case cases[] = {
	{ { COMMON, .helo = TEXT_INIT("mx.example"),
		.client = TEXT_INIT("192.0.2.1"), .is_esmtp = true,
		.recipient = TEXT_INIT("r@b.example") },
		"Received: from mx.example ([192.0.2.1])"
		" by gate.example (Postern) with ESMTP\r\n"
		"\tid 12 for <r@b.example>;"
		" Sat, 21 Nov 2026 22:11:53 +0000\r\n" },
	{ { COMMON, .helo = TEXT_INIT("[192.0.2.1]"),
		.client = TEXT_INIT("2001:db8::1"),
		.tls = TEXT_INIT("TLSv1.3 TLS_AES_256_GCM_SHA384"),
		.is_esmtp = true, .is_authenticated = true },
		"Received: from [192.0.2.1] ([IPv6:2001:db8::1])"
		" by gate.example (Postern)\r\n"
		"\twith ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384) id 12;\r\n"
		"\tSat, 21 Nov 2026 22:11:53 +0000\r\n" },
	{ { COMMON, .helo = TEXT_INIT("my_pc)(x\r\nEvil: 1"),
		.client = TEXT_INIT("192.0.2.1") },
		"Received: from unknown ([192.0.2.1])"
		" (HELO my_pc??x??Evil:?1)\r\n"
		"\tby gate.example (Postern) with SMTP id 12;\r\n"
		"\tSat, 21 Nov 2026 22:11:53 +0000\r\n" },
	{ { COMMON, .helo = TEXT_INIT("a"), .client = TEXT_INIT("1.2.3.4"),
		.is_esmtp = true, .is_utf8 = true,
		.tls = TEXT_INIT("x)\r\nEvil: 1"),
		.recipient = TEXT_INIT("\xc3\xbc@b") },
		"Received: from a ([1.2.3.4]) by gate.example (Postern)"
		" with UTF8SMTPS\r\n"
		"\t(x???Evil? 1) id 12 for <\xc3\xbc@b>;"
		" Sat, 21 Nov 2026 22:11:53 +0000\r\n" },
	{ { COMMON, .helo = TEXT_INIT("a"), .client = TEXT_INIT("1.2.3.4"),
		.recipient = TEXT_INIT("a@b>\r\nEvil: <c@d") },
		"Received: from a ([1.2.3.4]) by gate.example (Postern)"
		" with SMTP id 12;\r\n"
		"\tSat, 21 Nov 2026 22:11:53 +0000\r\n" },
};

static void
prints_trace(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct header_scan scan;
		struct buffer out;

		buffer_init(&out, RECEIVED_SIZE_MAX);
		assert_int_equal(received_print(&cases[i].received, &out), 0);
		print_message("# %.*s\n", TEXT_ARG(buffer_text(&out)));
		assert_true(text_equal(buffer_text(&out),
			text_from(cases[i].expected)));
		header_scan_init(&scan, TEXT("gate.example"), NULL);
		assert_int_equal(header_scan_feed(&scan, buffer_text(&out)),
			0);
		assert_int_equal(scan.field_count, 1);
		assert_int_equal(scan.own_count, 1);
		assert_true(scan.longest_line <= FOLD_WRITER_COLUMNS);
		buffer_clear(&out);
	}
}

static void
stays_in_its_limit(void **state)
{
	char longest[300];
	struct received received = { COMMON, .helo = { longest, 255 },
		.client = { longest, 255 }, .tls = { longest, 300 } };
	struct buffer out;

	(void)state;
	memset(longest, 'h', sizeof(longest));
	buffer_init(&out, RECEIVED_SIZE_MAX);
	assert_int_equal(received_print(&received, &out), 0);
	buffer_clear(&out);
	buffer_init(&out, 100);
	assert_int_equal(received_print(&received, &out), ERROR_LIMIT);
	assert_int_equal(buffer_len(&out), 0);
	buffer_clear(&out);
}

static void
folds_and_cleans(void **state)
{
	struct fold_writer writer;
	struct buffer out;
	char word[2000];

	(void)state;
	memset(word, 'w', sizeof(word));
	buffer_init(&out, 8192);
	fold_writer_field(&writer, &out, "X", false);
	fold_writer_words(&writer, TEXT("a\r\nB: c\0d \xc3\xbc"));
	fold_writer_word(&writer, text_of(word, 70));
	assert_int_equal(fold_writer_end(&writer), 0);
	assert_true(text_starts(buffer_text(&out),
		TEXT("X: a B: c?d ?\?\r\n\twww")));
	buffer_reset(&out);
	fold_writer_paragraph(&writer, &out, true, true);
	fold_writer_words(&writer, TEXT("\xc3\xbc \xc3 \xe2\x80\xae"));
	fold_writer_word(&writer, text_of(word, sizeof(word)));
	assert_int_equal(fold_writer_end(&writer), 0);
	assert_true(text_starts(buffer_text(&out),
		TEXT("    \xc3\xbc ? ???\r\n    www")));
	for (struct text rest = buffer_text(&out), line;
	    text_split(&rest, '\n', &line);)
		assert_true(line.len < 998);
	buffer_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_trace),
		cmocka_unit_test(stays_in_its_limit),
		cmocka_unit_test(folds_and_cleans),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
