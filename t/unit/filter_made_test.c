/*
 * Messages that filters make: copies as the message was at that moment,
 * notices that show no more than they may, whatever the order of filters;
 * addresses, return paths, routes.
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>

#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_message.h"
#include "policy/filter_addressee.h"
#include "policy/filter_bodies.h"
#include "policy/filter_made.h"

#define MARKER "The password is"

static void
run(struct filter_fixture *fixture, const char *first, const char *second,
	const char *third)
{
	fixture_run(fixture, NULL, first, second, third);
}

static struct text
body(const struct filter_fixture *fixture, uint32_t number)
{
	size_t at = 0, i;

	if (number == 0)
		return fixture->message;
	assert_true(number <= fixture->out.body_count);
	for (i = 0; i + 1 < number; i++)
		at += (size_t)fixture->out.bodies[i].size;
	return text_slice(buffer_text(&fixture->changed), at,
	    (size_t)fixture->out.bodies[number - 1].size);
}

static const struct frame_made *
only(const struct filter_fixture *fixture, enum frame_made_kind kind)
{
	assert_int_equal(fixture->out.judgement, FRAME_JUDGED);
	assert_int_equal(fixture->out.made_count, 1);
	assert_int_equal(fixture->out.made[0].kind, kind);
	return &fixture->out.made[0];
}

static bool
holds(struct text t, const char *words)
{
	return text_find(t, text_from(words)) < t.len;
}

static void
assert_recipients(const struct frame_made *made, const char *joined)
{
	struct buffer list;
	size_t i;

	buffer_init(&list, 1 << 16);
	for (i = 0; i < made->recipient_count; i++)
		assert_int_equal(buffer_printf(&list, "%s%.*s",
		    i > 0 ? " " : "", TEXT_ARG(made->recipients[i])), 0);
	if (!text_equal(buffer_text(&list), text_from(joined)))
		fail_msg("%.*s", TEXT_ARG(buffer_text(&list)));
	buffer_clear(&list);
}

static void
assert_entry(const struct filter_fixture *fixture, const char *words)
{
	assert_int_equal(fixture->out.log_entry_count, 1);
	if (!text_equal(fixture->out.log_entries[0], text_from(words)))
		fail_msg("%.*s", TEXT_ARG(fixture->out.log_entries[0]));
}

/* ---- copies ---- */

static void
test_bcc(void **unused)
{
	struct filter_fixture fixture;
	const struct frame_made *made;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "bcc('audit@example.org')", NULL, NULL);
	made = only(&fixture, FRAME_MADE_COPY);
	assert_recipients(made, "audit@example.org");
	assert_text(made->sender, "Anna@example.org");
	assert_text(made->key, "one/1");
	assert_text(made->next_hop, "");
	assert_int_equal(made->body, 0);
	assert_int_equal(made->protection.form, PROTECTION_NONE);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	assert_text(fixture.fate.words, "one");
	run(&fixture, "bcc('a@example.org,b@example.org', 'Copy: $Subject', "
	    "'<>', '[192.0.2.1]:2525')", NULL, NULL);
	made = only(&fixture, FRAME_MADE_COPY);
	assert_recipients(made, "a@example.org b@example.org");
	assert_text(made->sender, "");
	assert_text(made->next_hop, "[192.0.2.1]:2525");
	assert_int_equal(fixture.fate.body, 0);
	assert_int_equal(made->body, 1);
	assert_true(holds(body(&fixture, 1), "\r\nSubject: Copy: "
	    "=?utf-8?B?W1NFQ1VSRV0gR3LDvMOfZQ==?=\r\n") ||
	    holds(body(&fixture, 1), "\r\nSubject: Copy: [SECURE] "
	    "=?utf-8?B?R3LDvMOfZQ==?=\r\n"));
	assert_false(holds(body(&fixture, 1), "=?utf-8?Q?[SECURE]"));
	run(&fixture, "bcc('a@example.org', '$Subject', "
	    "'bounces@example.org', 'mx.example.org')", NULL, NULL);
	made = only(&fixture, FRAME_MADE_COPY);
	assert_int_equal(made->body, 0);
	assert_text(made->sender, "bounces@example.org");
	assert_text(made->next_hop, "mx.example.org");
	fixture_clear(&fixture);
}

/* Edits before it are in the copy, edits behind it are not. */
static void
test_copy_is_of_its_moment(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "insert-header('X-First', '1')",
	    "bcc('audit@example.org')", "insert-header('X-Second', '2')");
	assert_int_equal(only(&fixture, FRAME_MADE_COPY)->body, 1);
	assert_text(fixture.out.made[0].key, "one/2");
	assert_true(holds(body(&fixture, 1), "\r\nX-First: 1\r\n"));
	assert_false(holds(body(&fixture, 1), "X-Second"));
	assert_int_equal(fixture.fate.body, 2);
	assert_true(holds(body(&fixture, 2), "\r\nX-Second: 2\r\n"));
	run(&fixture, "insert-header('X-First', '1')",
	    "bcc('audit@example.org')", "drop()");
	assert_int_equal(fixture.out.body_count, 1);
	assert_int_equal(only(&fixture, FRAME_MADE_COPY)->body, 1);
	assert_int_equal(fixture.fate.body, 0);
	/* The same bytes are there once. */
	run(&fixture, "insert-header('X-First', '1')",
	    "bcc('audit@example.org')", NULL);
	assert_int_equal(fixture.out.body_count, 1);
	assert_int_equal(fixture.fate.body, 1);
	fixture_clear(&fixture);
}

/* F08: what comes back is counted, and comes back three times at most. */
static void
test_rescan_ends(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	/* A forged mark in the message means nothing. */
	fixture.message = TEXT("X-Postern-Passes: 9\r\nSubject: x\r\n\r\n");
	for (fixture.passes = 0; fixture.passes < 3; fixture.passes++) {
		run(&fixture, "bcc-scan('audit@example.org')", NULL, NULL);
		assert_recipients(only(&fixture, FRAME_MADE_RESCAN),
		    "audit@example.org");
		assert_int_equal(fixture.out.log_entry_count, 0);
	}
	run(&fixture, "bcc-scan('audit@example.org')",
	    "bcc('audit@example.org')", NULL);
	(void)only(&fixture, FRAME_MADE_COPY);
	assert_entry(&fixture, "bcc-scan in filter one: made no copy: the "
	    "message is itself a copy of a copy");
	fixture_clear(&fixture);
}

static void
test_duplicate(void **unused)
{
	struct filter_fixture fixture;
	const struct frame_made *made;

	(void)unused;
	fixture_init(&fixture);
	run(&fixture, "duplicate-quarantine('Policy')", NULL, NULL);
	made = only(&fixture, FRAME_MADE_DUPLICATE);
	assert_recipients(made, "Bob@Example.COM carol@example.net");
	assert_text(made->sender, "Anna@example.org");
	assert_text(made->quarantine, "Policy");
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	run(&fixture, "alt-rcpt-to('other@example.org')",
	    "alt-mailhost('mx.example.org:26')",
	    "duplicate-quarantine('Second')");
	made = only(&fixture, FRAME_MADE_DUPLICATE);
	assert_recipients(made, "other@example.org");
	assert_text(made->next_hop, "mx.example.org:26");
	fixture_clear(&fixture);
}

/* ---- routes ---- */

static void
assert_route(const struct filter_fixture *fixture, const char *recipient,
	const char *next_hop, const char *profile)
{
	assert_text(fixture->fate.recipient, recipient);
	assert_text(fixture->fate.next_hop, next_hop);
	assert_text(fixture->fate.bounce_profile, profile);
}

static void
test_routes(void **unused)
{
	static struct config_bounce_profile profiles[] = {
		{ .name = TEXT_INIT("default") }, { .name = TEXT_INIT("p") } };
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	fixture.config.bounce_profiles = profiles;
	fixture.config.bounce_profile_count = 2;
	run(&fixture, "alt-rcpt-to('x@example.org')",
	    "alt-mailhost('[2001:db8::1]:25')", "bounce-profile('p')");
	assert_route(&fixture, "x@example.org", "[2001:db8::1]:25", "p");
	run(&fixture, "alt-rcpt-to('x@example.org')",
	    "alt-rcpt-to('y@example.org')", "alt-mailhost('192.0.2.1')");
	assert_route(&fixture, "y@example.org", "192.0.2.1", "");
	run(&fixture, "alt-mailhost('[192.0.2.1]')",
	    "quarantine('Policy')", NULL);
	assert_route(&fixture, "", "[192.0.2.1]", "");
	run(&fixture, "alt-rcpt-to('x@example.org')",
	    "alt-mailhost('mx.example.org')", "drop()");
	assert_route(&fixture, "", "", "");
	run(&fixture, "alt-rcpt-to('x@example.org')",
	    "alt-mailhost('mx.example.org')", "bounce()");
	assert_route(&fixture, "", "", "");
	run(&fixture, "no-op()", NULL, NULL);
	assert_route(&fixture, "", "", "");
	assert_text(fixture.fate.words, "one");
	assert_int_equal(fixture.out.made_count, 0);
	fixture_clear(&fixture);
}

/* ---- notices ---- */

/* Parse it, check what must always be there; its text is in the arena. */
static struct text
notice_text(struct filter_fixture *fixture, const struct frame_made *made,
	size_t parts)
{
	struct mime_message mime;
	const struct mime_part *text;
	struct buffer decoded;
	struct text out = TEXT_EMPTY;
	unsigned int flags = 0;

	assert_int_equal(made->kind, FRAME_MADE_NOTICE);
	assert_text(made->sender, "");
	assert_int_equal(made->protection.form, PROTECTION_NONE);
	assert_true(made->body > 0);
	assert_int_equal(mime_message_parse(body(fixture, made->body),
	    &mime_limits_default, fixture->arena, &mime), 0);
	assert_int_equal(mime.flags, 0);
	assert_int_equal(mime.part_count, parts);
	assert_text(text_trim(mime_part_field(&mime.parts[0],
	    "Auto-Submitted")->value), "auto-generated");
	text = &mime.parts[parts > 1 ? 1 : 0];
	assert_true(mime_part_is(text, "text", "plain"));
	buffer_init(&decoded, 1 << 20);
	assert_int_equal(mime_decode_text(text, &decoded, &flags), 0);
	assert_int_equal(flags, 0);
	assert_int_equal(arena_copy(fixture->arena, buffer_text(&decoded),
	    &out), 0);
	buffer_clear(&decoded);
	return out;
}

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

/* ---- addresses ---- */

static void
test_addresses(void **unused)
{
	static const struct {
		const char *header, *to, *expected, *entry;
	} cases[] = {
		{ "From: \"ceo@us.example, x\" <x@evil.example>\r\n", "$From",
		    "x@evil.example", NULL },
		/* An encoded display name is no address. */
		{ "From: =?utf-8?Q?victim=40us.example=2C?= "
		    "<x@evil.example>\r\n", "$From", "x@evil.example", NULL },
		{ "To: a@x.example, B <b@x.example>,\r\n\t(c) c@x.example\r\n"
		    "To: A@X.example, d@x.example\r\n", "$To",
		    "a@x.example b@x.example c@x.example d@x.example", NULL },
		{ "Reply-To: r@x.example\r\n", "$Header['Reply-To']",
		    "r@x.example", NULL },
		{ "From: a@x.example\r\n", "boss@y.example, $from, "
		    "a@x.example", "boss@y.example a@x.example", NULL },
		{ "X-Team: blue\r\n", "$Header['X-Team']-team@x.example",
		    "blue-team@x.example", NULL },
		{ "X-Team: a@y.example, blue\r\n",
		    "$Header['X-Team']-team@x.example", "",
		    "left out what is no address" },
		{ "From: a@x..example, b@x.example\r\n", "$From",
		    "b@x.example", "left out what is no address" },
		{ "From: nobody\r\n", "$From", "",
		    "made no message: there is no address to send it to" },
		{ "X: y\r\n", "$From", "",
		    "made no message: there is no address to send it to" },
		{ "From: <a\xc3\xa4@x.example>\r\n", "$From, "
		    "b\xc3\xbc@y.example",
		    "a\xc3\xa4@x.example b\xc3\xbc@y.example", NULL },
		{ "From: <a\xff@x.example>\r\n", "$From", "",
		    "left out what is no address" },
	};
	struct filter_fixture fixture;
	char action[200], message[200];
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(message, sizeof(message), "%s\r\nx\r\n",
		    cases[i].header);
		(void)snprintf(action, sizeof(action), "notify(\"%s\")",
		    cases[i].to);
		fixture.message = text_from(message);
		run(&fixture, action, NULL, NULL);
		assert_int_equal(fixture.out.made_count,
		    cases[i].expected[0] != '\0');
		if (fixture.out.made_count > 0)
			assert_recipients(&fixture.out.made[0],
			    cases[i].expected);
		assert_int_equal(fixture.out.log_entry_count > 0,
		    cases[i].entry != NULL);
		if (cases[i].entry != NULL && !holds(
		    fixture.out.log_entries[0], cases[i].entry))
			fail_msg("case %zu: %.*s", i,
			    TEXT_ARG(fixture.out.log_entries[0]));
	}
	fixture_clear(&fixture);
}

static void
test_many_addresses(void **unused)
{
	struct filter_fixture fixture;
	struct buffer message;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	buffer_init(&message, 1 << 20);
	assert_int_equal(buffer_add_text(&message, TEXT("To: x@y.example")),
	    0);
	for (i = 0; i < 5000; i++)
		assert_int_equal(buffer_printf(&message,
		    ",\r\n user%zu@y.example", i), 0);
	assert_int_equal(buffer_add_text(&message, TEXT("\r\n\r\nx\r\n")),
	    0);
	fixture.message = buffer_text(&message);
	run(&fixture, "bcc('$To')", NULL, NULL);
	assert_int_equal(only(&fixture, FRAME_MADE_COPY)->recipient_count,
	    FILTER_ADDRESSEES_MAX);
	assert_entry(&fixture,
	    "bcc in filter one: left out further addresses");
	buffer_clear(&message);
	fixture_clear(&fixture);
}

/* A return path that is no address is the null sender, not the message's. */
static void
test_return_path(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	fixture.message = TEXT("Reply-To: a b c\r\nFrom: x@y.example\r\n\r\n");
	run(&fixture, "bcc('a@example.org', '', \"$Header['From']\")", NULL,
	    NULL);
	assert_text(only(&fixture, FRAME_MADE_COPY)->sender, "x@y.example");
	run(&fixture, "bcc('a@example.org', '', '$Header[\"From\"]x y')",
	    NULL, NULL);
	assert_text(only(&fixture, FRAME_MADE_COPY)->sender, "");
	assert_entry(&fixture, "bcc in filter one: its return path is no "
	    "address; the copy gets the null sender");
	fixture.envelope.sender = TEXT("");
	run(&fixture, "bcc('a@example.org', '', '$EnvelopeFrom')", NULL,
	    NULL);
	assert_text(only(&fixture, FRAME_MADE_COPY)->sender, "");
	assert_int_equal(fixture.out.log_entry_count, 0);
	fixture_clear(&fixture);
}

/* ---- limits ---- */

static void
test_too_many(void **unused)
{
	struct filter_fixture fixture;
	struct text many[FRAME_MADE_MAX + 1];
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i <= FRAME_MADE_MAX; i++)
		many[i] = TEXT("bcc('a@example.org')");
	(void)fixture_filter(&fixture, "many", NULL, "no-op()", NULL, NULL);
	fixture.filters[0].actions = many;
	fixture.filters[0].action_count = FRAME_MADE_MAX;
	fixture_judge(&fixture);
	assert_int_equal(fixture.out.judgement, FRAME_JUDGED);
	assert_int_equal(fixture.out.made_count, FRAME_MADE_MAX);
	fixture.filters[0].action_count = FRAME_MADE_MAX + 1;
	fixture_judge(&fixture);
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	assert_text(fixture.out.reason,
	    "filters made more than 256 messages about it");
	assert_int_equal(fixture.out.made_count, 0);
	fixture_clear(&fixture);
}

static void
test_bodies_too_large(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	fixture.changed.max = fixture.message.len + 200;
	run(&fixture, "bcc('a@example.org', 'one')",
	    "bcc('a@example.org', 'two')", "bcc('a@example.org', 'three')");
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	assert_text(fixture.out.reason,
	    "it is too large with the copies that filters made");
	run(&fixture, "notify-copy('a@example.org')",
	    "notify-copy('b@example.org')", "notify('c@example.org')");
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	assert_text(fixture.out.reason, "notices about it are too large");
	fixture_clear(&fixture);
}

/* ---- messages and splinters ---- */

struct levels {
	struct filter_fixture fixture;
	struct frame_disposition out;
	struct frame_splinter splinters[2];
	struct filter_bodies bodies;
	struct filter_judge judge;
};

static void
levels_act(struct levels *levels, const char *name, const char *argument,
	size_t number)
{
	struct filter_call call = {
		.action = filter_action_find(text_from(name)),
		.arguments = { { .text = text_from(argument) } },
		.argument_count = 1, .number = number };

	assert_non_null(call.action);
	assert_int_equal(call.action->act(&levels->judge, &call), 0);
}

static void
levels_init(struct levels *levels)
{
	struct filter_fixture *fixture = &levels->fixture;
	struct filter_content *content = NULL;

	*levels = (struct levels){ .out = { .mid = 42 } };
	fixture_init(fixture);
	filter_bodies_init(&levels->bodies, &fixture->changed,
	    fixture->arena);
	levels->judge = (struct filter_judge){ .config = &fixture->config,
		.envelope = &fixture->envelope,
		.original = fixture->message, .arena = fixture->arena,
		.out = &levels->splinters[0],
		.disposition = &levels->out, .bodies = &levels->bodies,
		.filter_name = TEXT_INIT("f") };
	assert_int_equal(filter_content_open(fixture->message,
	    fixture->arena, &content, &levels->judge.why), 0);
	assert_int_equal(filter_message_open(&levels->judge.message, content,
	    fixture->arena), 0);
}

static void
levels_clear(struct levels *levels)
{
	filter_message_close(&levels->judge.message);
	fixture_clear(&levels->fixture);
}

/* Each is settled by the protection of those whom it is about. */
static void
test_levels(void **unused)
{
	static const struct frame_protection none = {
		.form = PROTECTION_NONE };
	static const struct frame_protection envelope = {
		.form = PROTECTION_ENVELOPE,
		.profile = TEXT_INIT("standard") };
	struct envelope part;
	struct levels levels;
	const struct frame_made *made;

	(void)unused;
	levels_init(&levels);
	levels_act(&levels, "bcc", "m@example.org", 1);
	levels_act(&levels, "notify-copy", "m@example.org", 2);
	assert_int_equal(levels.out.made_count, 2);
	/* What was never settled cannot be sent. */
	assert_true(levels.out.made[1].body > FRAME_BODIES_MAX);
	part = levels.fixture.envelope;
	part.recipient_count = 1;
	levels.judge.envelope = &part;
	levels_act(&levels, "notify-copy", "s@example.org", 1);
	levels_act(&levels, "duplicate-quarantine", "Policy", 2);
	levels.judge.out = &levels.splinters[1];
	levels_act(&levels, "bcc", "s@example.org", 1);
	levels_act(&levels, "notify-copy", "s@example.org", 2);
	assert_int_equal(filter_made_settle(&levels.judge, 0, 2, &envelope),
	    0);
	assert_int_equal(filter_made_settle(&levels.judge, 2, 4, &none), 0);
	assert_int_equal(filter_made_settle(&levels.judge, 4, 6, &envelope),
	    0);
	made = levels.out.made;
	levels.fixture.out.body_count = levels.bodies.count;
	levels.fixture.out.bodies = levels.bodies.list;
	assert_int_equal(made[0].protection.form, PROTECTION_ENVELOPE);
	assert_text(made[0].protection.profile, "standard");
	(void)notice_text(&levels.fixture, &made[1], 1);
	assert_true(holds(body(&levels.fixture, made[2].body), MARKER));
	assert_int_equal(made[3].protection.form, PROTECTION_NONE);
	assert_recipients(&made[3], "Bob@Example.COM");
	assert_int_equal(made[4].protection.form, PROTECTION_ENVELOPE);
	assert_false(holds(body(&levels.fixture, made[5].body), MARKER));
	levels_clear(&levels);
}

/* The same in, the same out, whatever ran before. */
static void
test_pure(void **unused)
{
	struct filter_fixture fixture;
	struct buffer first, again;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	buffer_init(&first, 1 << 20);
	buffer_init(&again, 1 << 20);
	for (i = 0; i < 50; i++) {
		struct buffer *wire = i == 0 ? &first : &again;

		buffer_reset(wire);
		run(&fixture, "bcc('a@example.org', 'x $MID')",
		    "notify-copy('$EnvelopeFrom', '$Subject')",
		    "bcc-scan('b@example.org')");
		assert_int_equal(record_encode(&frame_disposition_shape,
		    &fixture.out, wire), 0);
		assert_int_equal(buffer_add_text(wire,
		    buffer_text(&fixture.changed)), 0);
		assert_true(text_equal(buffer_text(wire),
		    buffer_text(&first)));
	}
	buffer_clear(&again);
	buffer_clear(&first);
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bcc),
		cmocka_unit_test(test_copy_is_of_its_moment),
		cmocka_unit_test(test_rescan_ends),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_notify_copy),
		cmocka_unit_test(test_large_message_is_not_attached),
		cmocka_unit_test(test_protected_content_stays_out),
		cmocka_unit_test(test_protection_is_inherited),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_return_path),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_bodies_too_large),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_pure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
