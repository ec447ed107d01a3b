/* mail/mail_event and mail/envelope: events as lines, envelopes as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <unistd.h>

#include "gateway/mail/envelope.h"
#include "gateway/mail/mail_event.h"

#define T(words) TEXT(words)

static const struct envelope_recipient recipients[] = {
	{ .rid = 1, .address = TEXT_INIT("r@c.example"),
		.notify = ENVELOPE_NOTIFY_FAILURE | ENVELOPE_NOTIFY_DELAY },
	{ .rid = 2, .address = TEXT_INIT("s@c.example"),
		.orcpt = TEXT_INIT("rfc822;s") },
};

static struct envelope
sample(void)
{
	return (struct envelope){ .mid = 7, .sender = T("a@b.example"),
		.recipients = (struct envelope_recipient *)recipients,
		.recipient_count = 2, .body = ENVELOPE_BODY_8BITMIME,
		.smtputf8 = 1, .ret = ENVELOPE_RETURN_FULL,
		.envid = T("id"), .received_us = 5, .size = 10240,
		.sha256 = { 0xab, [31] = 0x01 },
		.direction = ENVELOPE_OUTGOING,
		.class = ENVELOPE_CLASS_SERVICE, .icid = 3,
		.client = T("192.0.2.1"), .helo = T("h"), .listener = T("l"),
		.sender_group = T("g"), .flow_policy = T("p"), .tls = T("t"),
		.config_version = 4 };
}

/* ---- one call per event, in the order of the table ---- */

static const struct mail_event_outcome outcome = { .mid = 7, .rid = 1,
	.dcid = 9, .to = TEXT_INIT("r@c.example"),
	.host = TEXT_INIT("mx.c.example"), .address = TEXT_INIT("192.0.2.2"),
	.reply = TEXT_INIT("250 ok\r\nevent=forged"), .attempt = 1 };

static void
tell_inbound(void)
{
	mail_event_connection_opened(1, T("c"), T("l"), T("g"));
	mail_event_connection_rejected(1, T("c"), T("l"), T("g"), T("r"));
	mail_event_connection_closed(1, T("c"), T("quit"), 1, 2);
	mail_event_tls_established(1, T("c"), T("t"), T("n"));
	mail_event_tls_failed(1, T("c"), T("r"));
	mail_event_sender_refused(1, T("f"), 550, T("r"));
	mail_event_recipient_refused(1, 7, T("f"), T("t"), 550, T("r"));
	mail_event_message_refused(1, 7, T("f"), 1, 2, 552, T("r"));
}

static void
tell_queue(void)
{
	const struct envelope envelope = sample();

	mail_event_accepted(&envelope);
	mail_event_disposition(7, 1, T("no policy"));
	mail_event_judged(7, 1, T("deliver"), T("secure"), T("a, b"),
	    T("default"), T("staff"));
	mail_event_filter_log(7, T("seen"));
	mail_event_dropped(7, 1);
	mail_event_quarantined(7, T("outbreak"), T("r"));
	mail_event_needs_envelope(7, 1, T("default"));
	mail_event_split(8, 7, 1, T("staff"));
	mail_event_redirected(8, 7, T("a@b"), 2);
	mail_event_made(8, 7, T("copy"), T("secure/3"), T("a@b"), 1, 10);
	mail_event_protected(7, T("default"), T("K7QD-24MF"), 1000, 1);
	mail_event_encryption_deferred(7, T("default"), 1, T("away"), 0);
	mail_event_encryption_timeout(7, T("default"), 9, T("away"));
	mail_event_bounce_generated(8, 7, T("a@b"), 1, T("failed"));
	mail_event_bounce_suppressed(7, 1, T("null sender"));
	mail_event_held(7, T("cli:root"), T("r"));
	mail_event_released(7, T("cli:root"));
	mail_event_retried(7, T("cli:root"), 1);
	mail_event_deleted(7, T("cli:root"), 1);
	mail_event_aborted(7, T("cli:root"), 1);
	mail_event_set_aside(7, T("damaged"), 2);
	mail_event_done(7, 100);
}

static void
tell_delivery(void)
{
	mail_event_delivery_connected(9, T("h"), T("a"), T("t"));
	mail_event_delivery_unreachable(9, T("h"), T("a"), T("r"));
	mail_event_delivery_closed(9, T("h"), 1);
	mail_event_attempt_started(7, 1, T("c.example"), 1);
	mail_event_delivered(&outcome);
	mail_event_relayed(&outcome);
	mail_event_deferred(&outcome, 0);
	mail_event_failed(&outcome);
	mail_event_expired(&outcome);
	mail_event_queue_started(1, 2, 3, 4);
	mail_event_queue_recovered(1, 2, 3, 4);
	mail_event_queue_stopped(1, 2);
}

static size_t
capture(char *out, size_t size)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	log_set_stderr(false);
	log_set_level(LOG_DEBUG_LEVEL);
	log_set_file(dup(fileno(file)));
	tell_inbound();
	tell_queue();
	tell_delivery();
	log_set_file(-1);
	rewind(file);
	size_t len = fread(out, 1, size, file);
	fclose(file);
	return len;
}

static void
check_line(const struct mail_event *row, struct text line)
{
	char word[64];
	size_t from = 0;

	snprintf(word, sizeof(word), " event=%s ", row->name);
	assert_true(text_find(line, text_from(word)) < line.len);
	for (size_t i = 0; row->fields[i] != NULL; i++) {
		struct text rest = text_skip(line, from);

		snprintf(word, sizeof(word), " %s=", row->fields[i]);
		size_t at = text_find(rest, text_from(word));
		if (at == rest.len)
			print_message("# %s lacks %s\n", row->name, word);
		assert_true(at < rest.len);
		from += at + 1;
	}
}

/* Each row of the table is told, as one line with its fields in order. */
static void
tells_the_table(void **state)
{
	static char log[65536];
	struct text rest = text_of(log, capture(log, sizeof(log)));
	const struct mail_event *row = NULL;

	(void)state;
	for (size_t i = 0; (row = mail_event_at(i)) != NULL; i++) {
		struct text line;

		assert_true(text_split(&rest, '\n', &line));
		check_line(row, line);
		assert_true(strlen(row->help) > 10);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(row->name,
				mail_event_at(j)->name);
	}
	assert_true(text_is_empty(rest));
}

static void
tells_an_acceptance(void **state)
{
	static char log[65536];
	struct text all = text_of(log, capture(log, sizeof(log)));
	static const struct text due[] = {
		TEXT_INIT(" MID 7 event=accepted icid=3 client=192.0.2.1 "
			"from=a@b.example recipients=2 size=10240 "
			"sha256=ab0000"),
		TEXT_INIT(" direction=outgoing class=service "),
		TEXT_INIT(" reply=\"250 ok\\x0d\\x0aevent=forged\""),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(due) / sizeof(*due); i++)
		assert_true(text_find(all, due[i]) < all.len);
}

/* ---- the record shapes ---- */

static void
keeps_an_envelope(void **state)
{
	struct arena *arena = arena_new(4096);
	const struct envelope envelope = sample();
	struct envelope got;
	struct buffer bytes;

	(void)state;
	buffer_init(&bytes, 4096);
	assert_int_equal(record_encode(&envelope_shape, &envelope, &bytes),
		0);
	assert_int_equal(record_decode(&envelope_shape, buffer_text(&bytes),
		arena, &got), 0);
	assert_int_equal(got.recipient_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(got.recipients[i].rid, recipients[i].rid);
		assert_int_equal(got.recipients[i].notify,
			recipients[i].notify);
		assert_true(text_equal(got.recipients[i].address,
			recipients[i].address));
		assert_true(text_equal(got.recipients[i].orcpt,
			recipients[i].orcpt));
	}
	assert_memory_equal(got.sha256, envelope.sha256, 32);
	assert_true(text_equal(got.tls, T("t")));
	assert_true(got.size == 10240 && got.config_version == 4 &&
		got.icid == 3 && got.received_us == 5 && got.mid == 7);

	/* No field was forgotten: the same bytes come out again. */
	struct buffer again;
	buffer_init(&again, 4096);
	assert_int_equal(record_encode(&envelope_shape, &got, &again), 0);
	assert_true(text_equal(buffer_text(&bytes), buffer_text(&again)));
	buffer_clear(&bytes);
	buffer_clear(&again);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_table),
		cmocka_unit_test(tells_an_acceptance),
		cmocka_unit_test(keeps_an_envelope),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
