/*
 * Notices: who gets one, and that they show no more than they may, whatever
 * the order of filters.
 */
#include "t/unit/filter_made_fixture.h"

#include <stdio.h>

#include "policy/filter_notice.h"

static void
test_notify(void **unused)
{
	struct filter_fixture fixture;
	const struct frame_made *made;
	struct text mail, text;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "notify('admin@example.org')", "drop()", NULL);
	made = only(&fixture, FRAME_MADE_NOTICE);
	assert_recipients(made, "admin@example.org");
	assert_text(made->key, "one/1");
	text = notice_text(&fixture, made, 1);
	assert_true(holds(text, "mail gateway gw.example.org"));
	assert_true(holds(text, "\r\nFilter: one\r\n"));
	assert_true(holds(text, "\r\nSender: <Anna@example.org>\r\n"));
	assert_true(holds(text, "\r\nRecipient: <Bob@Example.COM>\r\n"
	    "Recipient: <carol@example.net>\r\n"));
	assert_true(holds(text, "\r\n    Subject: [SECURE] "
	    "Gr\xc3\xbc\xc3\x9f""e\r\n"));
	assert_false(holds(text, MARKER));
	mail = body(&fixture, made->body);
	assert_true(holds(mail, "From: Mail Gateway "
	    "<MAILER-DAEMON@gw.example.org>\r\nTo: <admin@example.org>\r\n"
	    "Subject: Message notification\r\n"
	    "Date: Sat, 21 Nov 2026 22:31:53 +0000\r\n"));
	run(&fixture, "notify('a@example.org, $EnvelopeRecipients', "
	    "'About $Subject', 'postmaster@example.org')", NULL, NULL);
	made = only(&fixture, FRAME_MADE_NOTICE);
	assert_recipients(made,
	    "a@example.org Bob@Example.COM carol@example.net");
	mail = body(&fixture, made->body);
	assert_true(holds(mail, "From: <postmaster@example.org>\r\n"
	    "To: <a@example.org>, <Bob@Example.COM>, <carol@example.net>\r\n"
	    "Subject: About [SECURE] =?utf-8?B?R3LDvMOfZQ==?=\r\n"));
	fixture_clear(&fixture);
}

static void
test_notify_copy(void **unused)
{
	struct filter_fixture fixture;
	struct mime_message mime;
	const struct frame_made *made;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "insert-header('X-New', '1')",
	    "notify-copy('admin@example.org')", NULL);
	made = only(&fixture, FRAME_MADE_NOTICE);
	assert_true(holds(notice_text(&fixture, made, 6),
	    "\r\nThe message is attached.\r\n"));
	assert_int_equal(mime_message_parse(body(&fixture, made->body),
	    &mime_limits_default, fixture.arena, &mime), 0);
	assert_true(mime.parts[2].is_message);
	/* Byte for byte: the message as it goes on. */
	assert_true(text_equal(mime.parts[2].body,
	    body(&fixture, fixture.fate.body)));
	/* A message that no mail may hold as it is. */
	fixture.message = TEXT("Subject: x\n\nbare line feeds\n");
	run(&fixture, "notify-copy('admin@example.org')", NULL, NULL);
	made = only(&fixture, FRAME_MADE_NOTICE);
	(void)notice_text(&fixture, made, 3);
	assert_int_equal(mime_message_parse(body(&fixture, made->body),
	    &mime_limits_default, fixture.arena, &mime), 0);
	assert_true(mime_part_is(&mime.parts[2], "application",
	    "octet-stream"));
	fixture_clear(&fixture);
}

static void
test_large_message_is_not_attached(void **unused)
{
	struct filter_fixture fixture;
	struct buffer large;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	buffer_init(&large, FILTER_NOTICE_COPY_MAX + 100);
	assert_int_equal(buffer_add_text(&large, TEXT("Subject: x\r\n\r\n")),
	    0);
	for (i = 0; buffer_len(&large) <= FILTER_NOTICE_COPY_MAX; i++)
		assert_int_equal(buffer_add_text(&large,
		    TEXT("0123456789 0123456789 0123456789\r\n")), 0);
	fixture.message = buffer_text(&large);
	run(&fixture, "notify-copy('admin@example.org')", NULL, NULL);
	assert_true(holds(notice_text(&fixture,
	    only(&fixture, FRAME_MADE_NOTICE), 1), "it is too large"));
	buffer_clear(&large);
	fixture_clear(&fixture);
}

/*
 * What must be protected leaves no trace in a notice, whether the filter
 * that says so comes before or behind the one that notifies.
 */
static void
test_protected_content_stays_out(void **unused)
{
	static const char *const marks[] = { "encrypt-deferred('standard')",
		"encrypt-deferred('other', 'x', 'tls')" };
	static const char tell[] = "notify-copy('admin@example.org', "
	    "'Found: $MatchedContent.')";
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < 4; i++) {
		const char *mark = marks[i / 2];
		const struct frame_made *made;
		struct text text;
		bool first = i % 2 == 0;

		fixture_run(&fixture, "body-contains('" MARKER "')",
		    first ? mark : tell, first ? tell : mark, NULL);
		made = only(&fixture, FRAME_MADE_NOTICE);
		text = notice_text(&fixture, made, 1);
		assert_true(holds(text, "it leaves protected"));
		assert_true(holds(text, "    From: Anna"));
		assert_false(holds(text, "Subject:"));
		assert_false(holds(text, MARKER));
		assert_true(holds(body(&fixture, made->body),
		    "\r\nSubject: Found: .\r\n"));
		assert_false(holds(buffer_text(&fixture.changed), MARKER));
	}
	/* Without protection the rule's words are there. */
	fixture_run(&fixture, "body-contains('" MARKER "')", tell, NULL,
	    NULL);
	assert_true(holds(body(&fixture, 1),
	    "\r\nSubject: Found: " MARKER ".\r\n"));
	fixture_clear(&fixture);
}

/* A copy that is judged again was to be protected before anybody looked. */
static void
test_protection_is_inherited(void **unused)
{
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	fixture.passes = 1;
	fixture.protection = (struct frame_protection){
		.form = PROTECTION_ENVELOPE,
		.profile = TEXT_INIT("standard") };
	run(&fixture, "bcc('a@example.org')", "notify-copy('b@example.org')",
	    "bcc-scan('c@example.org')");
	assert_int_equal(fixture.fate.protection.form, PROTECTION_ENVELOPE);
	assert_text(fixture.fate.protection.profile, "standard");
	assert_int_equal(fixture.out.made_count, 3);
	for (i = 0; i < 3; i += 2) {
		assert_int_equal(fixture.out.made[i].protection.form,
		    PROTECTION_ENVELOPE);
		assert_text(fixture.out.made[i].protection.profile,
		    "standard");
	}
	assert_true(holds(notice_text(&fixture, &fixture.out.made[1], 1),
	    "it leaves protected"));
	run(&fixture, "encrypt('other', 'x', 'tls')", NULL, NULL);
	assert_int_equal(fixture.fate.protection.form, PROTECTION_ENVELOPE);
	fixture_clear(&fixture);
}

/* RFC 3834 2, and no notice about a notice. */
static void
test_loops(void **unused)
{
	static const struct {
		const char *sender, *field, *to;
		bool is_told;
	} cases[] = {
		{ "a@example.org", "", "admin@example.org", true },
		{ "", "", "admin@example.org", true },
		{ "a@example.org", "Auto-Submitted: auto-generated\r\n",
		    "admin@example.org", true },
		{ "", "Auto-Submitted: auto-replied\r\n",
		    "admin@example.org", false },
		{ "", "Auto-Submitted: no\r\n", "admin@example.org", true },
		{ "a@example.org", "", "$EnvelopeFrom", true },
		{ "", "", "$EnvelopeFrom", false },
		{ "", "", "$From", false },
		{ "a@example.org", "", "$From", true },
		{ "a@example.org", "auto-submitted: No ; x=y\r\n", "$From",
		    true },
		{ "a@example.org", "auto-submitted: auto-notified; x=y\r\n",
		    "$From", false },
		{ "a@example.org", "Auto-Submitted: no\r\nAuto-Submitted: "
		    "auto-replied\r\n", "$EnvelopeFrom", false },
	};
	struct filter_fixture fixture;
	char action[100], message[200];
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture.envelope.sender = text_from(cases[i].sender);
		(void)snprintf(message, sizeof(message),
		    "From: b@example.org\r\n%s\r\nx\r\n", cases[i].field);
		(void)snprintf(action, sizeof(action), "notify('%s')",
		    cases[i].to);
		fixture.message = text_from(message);
		run(&fixture, action, NULL, NULL);
		if (fixture.out.made_count != cases[i].is_told ||
		    fixture.out.log_entry_count != !cases[i].is_told)
			fail_msg("case %zu", i);
	}
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_notify_copy),
		cmocka_unit_test(test_large_message_is_not_attached),
		cmocka_unit_test(test_protected_content_stays_out),
		cmocka_unit_test(test_protection_is_inherited),
		cmocka_unit_test(test_loops),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
