/* mail/delivery_status: notifications (abuse cases B03, B04). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/data_stream.h"
#include "gateway/mail/delivery_status.h"
#include "gateway/mail/header_scan.h"

#define WHEN INT64_C(1795299113000000)	/* 2026-11-21 22:11:53 UTC */
#define ORIGINAL "From: a@b.example\r\nSubject: secret\r\n\r\nbody text\r\n"

static const struct delivery_status_recipient failed = {
	.address = TEXT_INIT("R@c.example"),
	.orcpt = TEXT_INIT("rfc822;O+2Br@c.example"),
	.action = DELIVERY_STATUS_FAILED,
	.status = { 5, 1, 1 },
	.diagnostic = TEXT_INIT("550 5.1.1 no such user"),
	.remote_mta = TEXT_INIT("mx.c.example"),
	.last_attempt_us = WHEN,
};

static struct delivery_status
sample(void)
{
	return (struct delivery_status){
		.mid = 99, .now_us = WHEN,
		.hostname = TEXT("gate.example"),
		.sender = TEXT("a@b.example"),
		.envid = TEXT("Q+2B1"),
		.original_mid = 98, .arrival_us = WHEN,
		.original = TEXT(ORIGINAL), .is_original_whole = true,
		.recipients = &failed, .recipient_count = 1,
	};
}

/* What must hold for every notification. */
static void
check_form(struct text message, bool eightbit)
{
	struct data_stream stream;
	struct header_scan scan;
	struct text rest = message;
	struct text piece;

	data_stream_init(&stream, DATA_STREAM_CHUNKS, 998, false);
	while (data_stream_next(&stream, &rest, &piece))
		continue;
	data_stream_finish(&stream);
	assert_int_equal(stream.faults, 0);
	header_scan_init(&scan, TEXT("gate.example"), NULL);
	assert_int_equal(header_scan_feed(&scan, message), 0);
	assert_false(scan.has_bad_line);
	assert_true(scan.field_count == 8 || scan.field_count == 9);
	if (!eightbit)
		assert_false(scan.has_8bit_header || scan.has_8bit_body);
}

static struct buffer
write_one(const struct delivery_status *status,
	struct delivery_status_needs *needs)
{
	struct buffer out;

	buffer_init(&out, 1024 * 1024);
	assert_int_equal(delivery_status_write(status, &out, needs), 0);
	check_form(buffer_text(&out), needs->eightbit);
	return out;
}

static void
assert_has(const struct buffer *out, const char *words)
{
	if (text_find(buffer_text(out), text_from(words)) <
	    buffer_len(out))
		return;
	print_message("# missing: %s\n%.*s\n", words,
		TEXT_ARG(buffer_text(out)));
	fail();
}

static void
assert_lacks(const struct buffer *out, const char *words)
{
	assert_int_equal(text_find(buffer_text(out), text_from(words)),
		buffer_len(out));
}

static void
tells_a_failure(void **state)
{
	static const char *const due[] = {
		"From: Mail Delivery System <MAILER-DAEMON@gate.example>\r\n",
		"To: <a@b.example>\r\n",
		"Date: Sat, 21 Nov 2026 22:11:53 +0000\r\n",
		"Message-ID: <99.1795299113000000@gate.example>\r\n",
		"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n",
		"Content-Type: multipart/report;\r\n"
		"\treport-type=delivery-status;\r\n\tboundary=\"",
		"Content-Type: text/plain; charset=us-ascii\r\n\r\n",
		"<R@c.example>\r\n    The mail system mx.c.example said: "
		"550 5.1.1 no such user\r\n",
		"Content-Type: message/delivery-status\r\n\r\n"
		"Original-Envelope-Id: Q+1\r\n"
		"Reporting-MTA: dns; gate.example\r\n"
		"Arrival-Date: Sat, 21 Nov 2026 22:11:53 +0000\r\n\r\n"
		"Original-Recipient: rfc822; O+r@c.example\r\n"
		"Final-Recipient: rfc822; R@c.example\r\n"
		"Action: failed\r\nStatus: 5.1.1\r\n"
		"Remote-MTA: dns; mx.c.example\r\n"
		"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
		"Last-Attempt-Date: Sat, 21 Nov 2026 22:11:53 +0000\r\n"
		"\r\n--",
		"Content-Type: text/rfc822-headers\r\n\r\n"
		"From: a@b.example\r\nSubject: secret\r\n\r\n--",
	};
	struct delivery_status status = sample();
	struct delivery_status_needs needs;
	struct buffer out = write_one(&status, &needs);

	(void)state;
	for (size_t i = 0; i < sizeof(due) / sizeof(*due); i++)
		assert_has(&out, due[i]);
	assert_lacks(&out, "body text");
	assert_lacks(&out, "Will-Retry-Until");
	assert_false(needs.eightbit);
	assert_false(needs.smtputf8);
	buffer_clear(&out);
}

static void
tells_every_action(void **state)
{
	static const char *const codes[] = { "Status: 5.0.0\r\n",
		"Status: 4.0.0\r\n", "Status: 2.0.0\r\n", "Status: 2.0.0\r\n",
		"Status: 2.0.0\r\n" };

	(void)state;
	for (unsigned int i = 0; i < DELIVERY_STATUS_ACTION_COUNT; i++) {
		struct delivery_status_recipient recipient = {
			.address = TEXT_INIT("r@c.example"),
			.action = (enum delivery_status_action)i,
			.retry_until_us = WHEN,
			.diagnostic = TEXT_INIT("too late") };
		struct delivery_status status = sample();
		struct delivery_status_needs needs;
		char line[64];

		status.recipients = &recipient;
		struct buffer out = write_one(&status, &needs);
		snprintf(line, sizeof(line), "Action: %s\r\n",
			delivery_status_action_name(recipient.action));
		assert_has(&out, line);
		assert_has(&out, codes[i]);
		assert_has(&out, "Diagnostic-Code: x-postern; too late\r\n");
		assert_lacks(&out, "Original-Recipient");
		if (i == DELIVERY_STATUS_DELAYED)
			assert_has(&out, "Will-Retry-Until: Sat, 21 Nov");
		else
			assert_lacks(&out, "Will-Retry-Until");
		buffer_clear(&out);
	}
}

static void
sends_the_whole_back(void **state)
{
	static char large[DELIVERY_STATUS_FULL_MAX + 1];
	struct delivery_status status = sample();
	struct delivery_status_needs needs;

	(void)state;
	status.want_full = true;
	struct buffer out = write_one(&status, &needs);
	assert_has(&out, "Content-Type: message/rfc822\r\n\r\n" ORIGINAL);
	buffer_clear(&out);

	status.is_original_whole = false;
	out = write_one(&status, &needs);
	assert_has(&out, "text/rfc822-headers");
	buffer_clear(&out);

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = "A: b\r\n"[i % 6];
	status.is_original_whole = true;
	status.original = text_of(large, sizeof(large));
	out = write_one(&status, &needs);
	assert_has(&out, "text/rfc822-headers");
	assert_true(buffer_len(&out) < sizeof(large) + 4096);
	buffer_clear(&out);
}

/* What would break the message around it goes along as its header only. */
static void
refuses_a_dirty_whole(void **state)
{
	static const struct text dirty[] = {
		TEXT_INIT("A: b\r\n\r\n\0x\r\n"),
		TEXT_INIT("A: b\r\n\r\nx\n.\n"),
		TEXT_INIT("A: b\r\n\r\nx\ry\r\n"),
		TEXT_INIT("A: b\r\n\r\nx\r"),
	};
	struct delivery_status status = sample();
	struct delivery_status_needs needs;

	(void)state;
	status.want_full = true;
	for (size_t i = 0; i < sizeof(dirty) / sizeof(*dirty); i++) {
		status.original = dirty[i];
		struct buffer out = write_one(&status, &needs);
		assert_has(&out, "text/rfc822-headers\r\n\r\nA: b\r\n\r\n--");
		buffer_clear(&out);
	}
	status.original = TEXT("A: \0\x01x\ry\nB: c\r\n\r\n");
	struct buffer out = write_one(&status, &needs);
	assert_has(&out, "\r\nA: ?\?x?y\r\nB: c\r\n");
	buffer_clear(&out);
}

static void
cuts_long_lines(void **state)
{
	static char header[4000];
	struct delivery_status status = sample();
	struct delivery_status_needs needs;

	(void)state;
	memset(header, 'x', sizeof(header));
	memcpy(header, "A: ", 3);
	status.original = text_of(header, sizeof(header));
	status.want_full = true;
	struct buffer out = write_one(&status, &needs);
	buffer_clear(&out);
	for (size_t i = 3; i + 1 < sizeof(header); i += 2)
		memcpy(header + i, "\xc3\xbc", 2);
	status.is_smtputf8 = true;
	out = write_one(&status, &needs);
	buffer_clear(&out);
}

static void
lets_nothing_in(void **state)
{
	struct delivery_status_recipient evil = failed;
	struct delivery_status status = sample();
	struct delivery_status_needs needs;

	(void)state;
	evil.diagnostic = TEXT("550 no\r\n\r\nEvil: 1\r\n.\r\n\xff\0");
	evil.remote_mta = TEXT("mx\r\nEvil: 1");
	evil.orcpt = TEXT("rfc822;a+0D+0AEvil: 1");
	status.envid = TEXT("a+0D+0AEvil:+201");
	status.recipients = &evil;
	struct buffer out = write_one(&status, &needs);
	assert_lacks(&out, "\nEvil");
	assert_has(&out, "Original-Envelope-Id: a Evil: 1\r\n");
	assert_has(&out, "Remote-MTA: dns; mx Evil: 1\r\n");
	assert_has(&out, "smtp; 550 no Evil: 1 . ??\r\n");
	assert_lacks(&out, "Original-Recipient");
	buffer_clear(&out);
}

static void
speaks_utf8_to_utf8(void **state)
{
	struct delivery_status_recipient recipient = failed;
	struct delivery_status status = sample();
	struct delivery_status_needs needs;

	(void)state;
	recipient.address = TEXT("\xc3\xbc@c.example");
	recipient.orcpt = TEXT("utf-8;\xc3\xbc@c.example");
	status.recipients = &recipient;
	status.is_smtputf8 = true;
	status.original = TEXT("Subject: \xc3\xbc\r\n\r\nx\r\n");
	struct buffer out = write_one(&status, &needs);
	assert_has(&out, "Final-Recipient: utf-8; \\x{FC}@c.example\r\n");
	assert_has(&out, "Original-Recipient: utf-8; \\x{FC}@c.example\r\n");
	assert_has(&out, "Content-Type: message/delivery-status\r\n");
	assert_has(&out, "Content-Type: message/global-headers\r\n"
		"Content-Transfer-Encoding: 8bit\r\n");
	assert_true(needs.eightbit);
	assert_false(needs.smtputf8);
	buffer_clear(&out);

	status.sender = TEXT("\xc3\xa4@b.example");
	status.want_full = true;
	out = write_one(&status, &needs);
	assert_has(&out, "To: <\xc3\xa4@b.example>\r\n");
	assert_has(&out, "Final-Recipient: utf-8; \xc3\xbc@c.example\r\n");
	assert_has(&out, "Content-Type: message/global-delivery-status\r\n");
	assert_has(&out, "Content-Type: message/global\r\n");
	assert_true(needs.smtputf8);
	buffer_clear(&out);
}

/* A boundary that the original already holds is not taken. */
static void
finds_a_free_boundary(void **state)
{
	struct delivery_status status = sample();
	struct delivery_status_needs needs;
	struct buffer original;

	(void)state;
	struct buffer out = write_one(&status, &needs);
	struct text message = buffer_text(&out);
	struct text rest = text_skip(message, text_find(message,
		TEXT("boundary=\"")) + strlen("boundary=\""));
	struct text boundary = text_slice(rest, 0, text_find_byte(rest, '"'));
	buffer_init(&original, 1000);
	assert_int_equal(buffer_printf(&original, "A: b\r\n\r\n--%.*s--\r\n",
		TEXT_ARG(boundary)), 0);
	buffer_clear(&out);
	status.want_full = true;
	status.original = buffer_text(&original);
	out = write_one(&status, &needs);
	assert_has(&out, "_1\"\r\n");
	buffer_clear(&out);
	buffer_clear(&original);
}

static void
stays_in_its_limit(void **state)
{
	struct delivery_status status = sample();
	struct delivery_status_needs needs;

	(void)state;
	for (size_t max = 1; max < 2000; max += 7) {
		struct buffer out;

		buffer_init(&out, max);
		assert_int_equal(buffer_add_text(&out, TEXT("x")), 0);
		int error = delivery_status_write(&status, &out, &needs);
		assert_true(error == 0 || error == ERROR_LIMIT);
		if (error != 0)
			assert_int_equal(buffer_len(&out), 1);
		buffer_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_a_failure),
		cmocka_unit_test(tells_every_action),
		cmocka_unit_test(sends_the_whole_back),
		cmocka_unit_test(refuses_a_dirty_whole),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(lets_nothing_in),
		cmocka_unit_test(speaks_utf8_to_utf8),
		cmocka_unit_test(finds_a_free_boundary),
		cmocka_unit_test(stays_in_its_limit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
