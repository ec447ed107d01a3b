/*
 * Every action of the filter language, action variables, and that a change
 * touches nothing but the fields that it is about.
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/filter_lexer.h"

static void
run(struct filter_fixture *fixture, const char *first, const char *second,
	const char *third)
{
	fixture_run(fixture, NULL, first, second, third);
}

/* ---- where it goes ---- */

static void
test_verdicts(void **unused)
{
	static const struct {
		const char *first, *second, *third;
		uint8_t verdict;
		const char *quarantine;
	} cases[] = {
		{ "drop()", 0, 0, FRAME_VERDICT_DROP, "" },
		{ "bounce()", 0, 0, FRAME_VERDICT_BOUNCE, "" },
		{ "deliver();", 0, 0, FRAME_VERDICT_DELIVER, "" },
		{ "skip-filters()", 0, 0, FRAME_VERDICT_DELIVER, "" },
		{ "quarantine('Policy')", 0, 0, FRAME_VERDICT_QUARANTINE,
		    "Policy" },
		{ "quarantine('Policy')", "quarantine('Second')", 0,
		    FRAME_VERDICT_QUARANTINE, "Second" },
		{ "quarantine('Policy')", "deliver()", 0,
		    FRAME_VERDICT_QUARANTINE, "Policy" },
		{ "quarantine('Policy')", "drop()", 0, FRAME_VERDICT_DROP,
		    "" },
		{ "quarantine('Policy')", "bounce()", 0,
		    FRAME_VERDICT_BOUNCE, "" },
	};
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&fixture, cases[i].first, cases[i].second,
		    cases[i].third);
		assert_int_equal(fixture.fate.verdict, cases[i].verdict);
		assert_text(fixture.fate.quarantine, cases[i].quarantine);
		assert_int_equal(fixture.fate.body, 0);
		assert_int_equal(fixture.out.mid, 42);
		assert_true((fixture.fate.reason.len > 0) ==
		    (cases[i].verdict == FRAME_VERDICT_BOUNCE));
	}
	fixture_clear(&fixture);
}

/* Filters in order; a final action stops, quarantine does not. */
static void
test_order(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	(void)fixture_filter(&fixture, "first", NULL, "quarantine('Policy')",
	    NULL, NULL);
	(void)fixture_filter(&fixture, "no", "not true", "drop()", NULL,
	    NULL);
	(void)fixture_filter(&fixture, "third", NULL, "tag-message('a')",
	    "deliver()", NULL);
	(void)fixture_filter(&fixture, "never", NULL, "drop()", NULL, NULL);
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_QUARANTINE);
	assert_text(fixture.fate.words, "first, third");
	assert_int_equal(fixture.fate.tag_count, 1);
	fixture_clear(&fixture);
}

/* ---- protection ---- */

static void
check_protection(struct filter_fixture *fixture, uint8_t form,
	const char *profile, const char *subject)
{
	assert_int_equal(fixture->fate.protection.form, form);
	assert_text(fixture->fate.protection.profile, profile);
	assert_text(fixture->fate.protection.subject, subject);
}

static void
test_encrypt(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "encrypt('standard')", NULL, NULL);
	check_protection(&fixture, PROTECTION_ENVELOPE, "standard",
	    "[SECURE] Gr\xc3\xbc\xc3\x9f""e");
	run(&fixture, "encrypt('standard', 'For $EnvelopeRecipients')", NULL,
	    NULL);
	check_protection(&fixture, PROTECTION_ENVELOPE, "standard",
	    "For Bob@Example.COM, carol@example.net");
	run(&fixture, "encrypt('other', 'x', 'tls')", NULL, NULL);
	check_protection(&fixture, PROTECTION_TLS_OR_ENVELOPE, "other", "x");
	run(&fixture, "encrypt-deferred('other', 'x', 'always')", NULL,
	    NULL);
	check_protection(&fixture, PROTECTION_ENVELOPE, "other", "x");
	/* The last one counts, but never for less protection. */
	run(&fixture, "encrypt-deferred('other', 'x')",
	    "encrypt('standard', 'y', 'tls')", NULL);
	check_protection(&fixture, PROTECTION_ENVELOPE, "standard", "y");
	run(&fixture, "encrypt-deferred('other', 'x', 'TLS')",
	    "encrypt-deferred('standard', 'y')", NULL);
	check_protection(&fixture, PROTECTION_ENVELOPE, "standard", "y");
	fixture_clear(&fixture);
}

/* F06: nothing that follows takes the mark away. */
static void
test_mark_is_sticky(void **unused)
{
	static const char *const later[] = { "deliver()", "skip-filters()",
		"quarantine('Policy')", "strip-header('Subject')",
		"tag-message('a')", "log-entry('x')", "drop()", "bounce()",
		"insert-header('X-A', 'b')",
		"edit-header-text('Subject', '.', '')",
		"encrypt('other', 'x', 'tls')" };
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		fixture.config.content_filters.outgoing_count = 0;
		(void)fixture_filter(&fixture, "mark", NULL,
		    "encrypt-deferred('standard')", NULL, NULL);
		(void)fixture_filter(&fixture, "later", NULL, later[i], NULL,
		    NULL);
		fixture_judge(&fixture);
		assert_int_equal(fixture.fate.protection.form,
		    PROTECTION_ENVELOPE);
	}
	fixture.config.content_filters.outgoing_count = 0;
	(void)fixture_filter(&fixture, "final", NULL, "encrypt('standard')",
	    NULL, NULL);
	(void)fixture_filter(&fixture, "never", NULL, "drop()", NULL, NULL);
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	assert_int_equal(fixture.fate.protection.form, PROTECTION_ENVELOPE);
	fixture_clear(&fixture);
}

/* ---- what is told ---- */

static void
test_tags_and_entries(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "tag-message('A.b-c_9')", "tag-message('second')",
	    "tag-message('A.b-c_9')");
	assert_int_equal(fixture.fate.tag_count, 2);
	assert_text(fixture.fate.tags[0], "A.b-c_9");
	assert_text(fixture.fate.tags[1], "second");
	run(&fixture, "log-entry('$FilterName: $MID')", "log-entry('x')",
	    NULL);
	assert_int_equal(fixture.out.log_entry_count, 2);
	assert_text(fixture.out.log_entries[0], "one: 42");
	fixture_clear(&fixture);
}

static void
test_variables(void **unused)
{
	static const struct {
		const char *template, *expanded;
	} cases[] = {
		{ "$Subject", "[SECURE] Gr\xc3\xbc\xc3\x9f""e" },
		{ "a$subject", "a[SECURE] Gr\xc3\xbc\xc3\x9f""e" },
		{ "$EnvelopeFrom $envelopesender $envelope_sender",
		  "Anna@example.org Anna@example.org Anna@example.org" },
		{ "$EnvelopeRecipients", "Bob@Example.COM, "
		  "carol@example.net" },
		{ "$MID,$Mid!", "42,42!" },
		{ "$Date $Time", "11/21/2026 22:31:53" },
		{ "$GMTimeStamp", "Sat, 21 Nov 2026 22:31:53 +0000" },
		{ "$Timestamp", "Sat, 21 Nov 2026 22:31:53 +0000" },
		{ "$Header['From']", "Anna <anna@example.org>" },
		{ "$header[\"x-MULTI\"]", "one" },
		{ "$Header['X-Missing'].", "." },
		{ "$FilterName", "one" }, { "$MatchedContent", "password" },
		{ "$filenames", "list.csv" }, { "$filesizes", "24" },
		{ "$RemoteIP $remote_ip", "192.0.2.7 192.0.2.7" },
		{ "$Hostname", "gw.example.org" }, { "$Group", "office" },
		{ "$Policy", "relay" }, { "$RecvListener", "inside" },
		{ "$Unknown $ $$ $1 $Header $Header['x $Header[x]",
		  "$Unknown $ $$ $1 $Header $Header['x $Header[x]" },
		{ "", "" }, { "$", "$" },
	};
	struct filter_fixture fixture;
	char action[200];
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer source;

		buffer_init(&source, sizeof(action));
		assert_int_equal(buffer_add_text(&source,
		    TEXT("log-entry(")), 0);
		assert_int_equal(filter_lexer_print_string(
		    text_from(cases[i].template), &source), 0);
		assert_int_equal(buffer_add(&source, ")", 2), 0);
		fixture_run(&fixture, "body-contains('password')",
		    buffer_text(&source).data, NULL, NULL);
		if (!text_equal(fixture.out.log_entries[0],
		    text_from(cases[i].expanded)))
			fail_msg("%s: %.*s", cases[i].template,
			    TEXT_ARG(fixture.out.log_entries[0]));
		buffer_clear(&source);
	}
	fixture.envelope.flow_policy = TEXT("");
	run(&fixture, "log-entry('$Policy $BodySize')", NULL, NULL);
	(void)snprintf(action, sizeof(action), ">Unknown< %zu",
	    fixture.message.len);
	assert_text(fixture.out.log_entries[0], action);
	fixture_clear(&fixture);
}

/* F05: a variable is data, whatever it holds. */
static void
test_hostile_variables(void **unused)
{
	struct filter_fixture fixture;
	struct buffer long_one;
	struct text entry;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	fixture.message = TEXT("Subject: =?utf-8?Q?a=0D=0ABcc:_x=00=1B=7F\""
	    "=E2=80=A8$MID?=\r\n\tmore\r\n\r\nbody\r\n");
	run(&fixture, "insert-header('X-Copy', '$Subject')",
	    "log-entry('$Subject')", "encrypt('standard')");
	entry = fixture.out.log_entries[0];
	for (i = 0; i < entry.len; i++)
		assert_true((unsigned char)entry.data[i] >= ' ' &&
		    entry.data[i] != 0x7f);
	/* What a variable holds is not expanded again. */
	assert_true(text_find(entry, TEXT("$MID")) < entry.len);
	assert_true(text_find(entry, TEXT("\xe2\x80\xa8")) == entry.len);
	assert_int_equal(fixture.fate.body, 1);
	assert_true(text_find(buffer_text(&fixture.changed),
	    TEXT("\nBcc:")) == buffer_len(&fixture.changed));
	buffer_init(&long_one, 1 << 20);
	assert_int_equal(buffer_add_text(&long_one, TEXT("Subject: ")), 0);
	for (i = 0; i < 5000; i++)
		assert_int_equal(buffer_add_text(&long_one,
		    TEXT("\xc3\xa4\xe2\x82\xac ")), 0);
	assert_int_equal(buffer_add_text(&long_one, TEXT("\r\n\r\n")), 0);
	fixture.message = buffer_text(&long_one);
	run(&fixture, "log-entry('$Subject$Subject$AllHeaders')",
	    "insert-header('X', '$Subject')", "encrypt('standard')");
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	assert_true(fixture.out.log_entries[0].len <= FRAME_WORDS_MAX);
	assert_true(fixture.out.log_entries[0].len > FRAME_WORDS_MAX - 4);
	assert_true(fixture.fate.protection.subject.len <= FRAME_WORDS_MAX);
	buffer_clear(&long_one);
	fixture_clear(&fixture);
}

/* ---- header fields ---- */

/* The message with a piece of its header replaced. */
static void
check_changed(struct filter_fixture *fixture, const char *before,
	const char *after)
{
	struct text old = fixture->message;
	struct text now = buffer_text(&fixture->changed);
	size_t at = text_find(old, text_from(before));
	size_t tail = at + strlen(before);

	assert_int_equal(fixture->fate.body, 1);
	assert_int_equal(fixture->out.bodies[0].size, now.len);
	assert_true(at < old.len);
	if (now.len != old.len - strlen(before) + strlen(after) ||
	    !text_equal(text_slice(now, 0, at), text_slice(old, 0, at)) ||
	    !text_equal(text_slice(now, at, strlen(after)),
	    text_from(after)) || !text_equal(text_skip(now,
	    at + strlen(after)), text_skip(old, tail)))
		fail_msg("%.*s", TEXT_ARG(now));
}

#define BEHIND "Content-Type: multipart/mixed; boundary=b\r\n"

static void
test_header_edits(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "insert-header('X-Filter', '$FilterName saw it')",
	    NULL, NULL);
	check_changed(&fixture, BEHIND, BEHIND "X-Filter: one saw it\r\n");
	run(&fixture, "insert-header('X-A', '1')",
	    "insert-header('X-A', 'gr\xc3\xbcn')", NULL);
	check_changed(&fixture, BEHIND, BEHIND "X-A: 1\r\n"
	    "X-A: =?utf-8?B?Z3LDvG4=?=\r\n");
	run(&fixture, "strip-header('X-MULTI')", NULL, NULL);
	check_changed(&fixture,
	    "X-Multi: one\r\nx-multi: two\r\n\ttoo\r\n", "");
	run(&fixture, "edit-header-text('X-Multi', 'o+', '[$MID]')", NULL,
	    NULL);
	check_changed(&fixture,
	    "X-Multi: one\r\nx-multi: two\r\n\ttoo\r\n",
	    "X-Multi: [42]ne\r\nx-multi: tw[42] t[42]\r\n");
	run(&fixture, "edit-header-text('Subject', '(?i)\\[secure\\]\\s*', "
	    "'')", NULL, NULL);
	check_changed(&fixture,
	    "Subject: =?utf-8?Q?[SECURE]_Gr=C3=BC=C3=9Fe?=\r\n",
	    "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n");
	run(&fixture, "strip-header('X-Empty')",
	    "insert-header('X-Empty', 'no')", NULL);
	check_changed(&fixture, "X-Empty:\r\n"
	    "X-Multi: one\r\nx-multi: two\r\n\ttoo\r\nMIME-Version: 1.0\r\n"
	    BEHIND, "X-Multi: one\r\nx-multi: two\r\n\ttoo\r\n"
	    "MIME-Version: 1.0\r\n" BEHIND "X-Empty: no\r\n");
	fixture_clear(&fixture);
}

#define TWO_SENDERS "From: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= <a@evil.example>\r\n" \
	"FROM: b@evil.example\r\n"

static void
test_replaced_sender(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	fixture.message = TEXT(TWO_SENDERS "\r\nFrom: body\r\n");
	run(&fixture, "fed()", NULL, NULL);
	check_changed(&fixture, TWO_SENDERS, "From: Anna@example.org\r\n");
	run(&fixture, "fed('From', '')", NULL, NULL);
	check_changed(&fixture, TWO_SENDERS, "From: Anna@example.org\r\n");
	run(&fixture, "fed('from', 'X-Old')", NULL, NULL);
	check_changed(&fixture, TWO_SENDERS, "X-Old: "
	    "=?utf-8?B?R3LDvMOfZQ==?= <a@evil.example>\r\n"
	    "X-Old: b@evil.example\r\nFrom: Anna@example.org\r\n");
	fixture.envelope.sender = TEXT_EMPTY;
	run(&fixture, "fed()", NULL, NULL);
	check_changed(&fixture, TWO_SENDERS,
	    "From: MAILER-DAEMON@gw.example.org\r\n");
	fixture.message = TEXT("Subject: x\r\n\r\n");
	run(&fixture, "fed()", NULL, NULL);
	check_changed(&fixture, "x\r\n",
	    "x\r\nFrom: MAILER-DAEMON@gw.example.org\r\n");
	fixture_clear(&fixture);
}

/* Nothing to change is no change: no body, byte for byte. */
static void
test_no_change(void **unused)
{
	static const char *const actions[] = {
		"strip-header('X-Missing')",
		"edit-header-text('Subject', 'nothing', 'x')",
		"edit-header-text('X-Missing', '.', 'x')",
		"tag-message('x')", "log-entry('x')",
	};
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		run(&fixture, actions[i], NULL, NULL);
		assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
		assert_int_equal(fixture.fate.body, 0);
	}
	run(&fixture, "insert-header('X-New', 'x')", "strip-header('X-New')",
	    NULL);
	assert_int_equal(fixture.fate.body, 0);
	run(&fixture, "insert-header('X-New', 'x')", "drop()", NULL);
	assert_int_equal(fixture.fate.body, 0);
	fixture_clear(&fixture);
}

/* Rules see what earlier filters made of the header. */
static void
test_later_filters_see_changes(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	(void)fixture_filter(&fixture, "a", NULL,
	    "insert-header('X-Seen', 'yes $MID')", "strip-header('From')",
	    "edit-header-text('Subject', 'SECURE', 'DONE')");
	(void)fixture_filter(&fixture, "b", "header('X-Seen') == '^yes 42$' "
	    "and not header('From') and subject == 'DONE' and "
	    "subject != 'SECURE'", "log-entry('$Subject')",
	    "strip-header('X-Seen')", "drop()");
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	assert_text(fixture.out.log_entries[0],
	    "[DONE] Gr\xc3\xbc\xc3\x9f""e");
	fixture_clear(&fixture);
}

static void
test_odd_messages(void **unused)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "", "X: y\r\n\r\n" },
		{ "A: b\r\n\r\nbody", "A: b\r\nX: y\r\n\r\nbody" },
		{ "A: b\r\n", "A: b\r\nX: y\r\n" },
		{ "A: b", "A: b\r\nX: y\r\n" },
		{ "A: b\r\n\r\n", "A: b\r\nX: y\r\n\r\n" },
	};
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture.message = text_from(cases[i].before);
		run(&fixture, "insert-header('X', 'y')", NULL, NULL);
		if (!text_equal(buffer_text(&fixture.changed),
		    text_from(cases[i].after)))
			fail_msg("%s: %.*s", cases[i].before,
			    TEXT_ARG(buffer_text(&fixture.changed)));
	}
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_encrypt),
		cmocka_unit_test(test_mark_is_sticky),
		cmocka_unit_test(test_tags_and_entries),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_hostile_variables),
		cmocka_unit_test(test_header_edits),
		cmocka_unit_test(test_replaced_sender),
		cmocka_unit_test(test_no_change),
		cmocka_unit_test(test_later_filters_see_changes),
		cmocka_unit_test(test_odd_messages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
