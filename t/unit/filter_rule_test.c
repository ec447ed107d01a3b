/*
 * Every rule of the filter language, true and false, and what cannot be
 * judged.
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/fact_text.h"
#include "policy/filter_call.h"

static const struct {
	const char *condition;
	bool is_true;
} rules[] = {
	{ "true", true }, { "not true", false }, { "TRUE", true },
	{ "subject", true },
	{ "subject == '^\\\\[SECURE\\\\] '", true },
	{ "subject == '\\[secure\\]'", false },
	{ "subject == '(?i)\\[secure\\]'", true },
	{ "subject != 'nothing'", true },
	{ "subject != 'Gr\xc3\xbc\xc3\x9f""e'", false },
	{ "subject == 'Gr\xc3\xbc\xc3\x9f""e'", true },
	{ "header('X-Missing')", false }, { "header('x-empty')", true },
	{ "header('X-Empty') == '^$'", true },
	{ "header('X-Multi') == 'two\\s+too'", true },
	{ "header('X-Multi') == 'one'", true },
	{ "header('X-Multi') != 'two'", false },
	{ "header('X-Multi') != 'three'", true },
	{ "header('X-Missing') == 'x'", false },
	{ "header('X-Missing') != 'x'", true },
	{ "body-contains('password')", true },
	{ "body-contains('password', 3)", true },
	{ "body-contains('password', 4)", false },
	{ "body-contains('secret;')", true },
	{ "body-contains('gr\xc3\xbcn')", true },
	{ "body-contains('c2Vj')", false },
	{ "body-contains('SECURE')", false },
	{ "only-body-contains('password', 2)", true },
	{ "only-body-contains('password', 3)", false },
	{ "only-body-contains('secret')", false },
	{ "body-contains('*ssn')", false }, { "body-contains('*aba')", true },
	{ "only-body-contains('*aba', 2)", false },
	{ "body-size > 100", true }, { "body-size < 100", false },
	{ "body-size <= 1M", true }, { "body-size >= 1K", false },
	{ "body-size == 5", false }, { "body-size != 5", true },
	{ "mail-from == '^anna@'", true },
	{ "mail-from == '@example\\.com$'", false },
	{ "mail-from != 'anna'", false },
	{ "rcpt-to == '@EXAMPLE\\.com$'", true },
	{ "rcpt-to == '^carol'", true },
	{ "rcpt-to == 'dave'", false },
	{ "rcpt-to != 'bob'", false }, { "rcpt-to != 'dave'", true },
	{ "rcpt-count == 2", true }, { "rcpt-count > 2", false },
	{ "rcpt-count != 3", true }, { "rcpt-count <= 1", false },
	{ "sendergroup == '^off'", true }, { "sendergroup == '^OFF'", false },
	{ "sendergroup != 'other'", true },
	{ "recv-listener == 'inside'", true },
	{ "recv-listener == 'outside'", false },
	{ "recv-listener != 'outside'", true },
	{ "remote-ip == '192.0.2.7'", true },
	{ "remote-ip == '192.0.2.0/29'", true },
	{ "remote-ip == '192.0.2.8/29'", false },
	{ "remote-ip == '192.0.2.5-192.0.2.7'", true },
	{ "remote-ip == '192.0.2.5-6'", false },
	{ "remote-ip == '192.0.2.7 - 9'", true },
	{ "remote-ip == '::ffff:192.0.2.7'", true },
	{ "remote-ip == '::/0'", false },
	{ "remote-ip != '10.0.0.0/8'", true },
	{ "remote-ip != '0.0.0.0/0'", false },
	/* Received on 2026-11-21T22:31:53Z. */
	{ "date > '11/21/2026 22:31:52'", true },
	{ "date == '11/21/2026 22:31:53'", true },
	{ "date != '11/21/2026 22:31:53'", false },
	{ "date > '11/21/2026 22:31:53'", false },
	{ "date >= '2026-11-21T22:31:53Z'", true },
	{ "date < '2026-11-22'", true }, { "date < '11/21/2026'", false },
	{ "random(1) == 0", true }, { "random(1) > 0", false },
	{ "random(10) < 10", true },
	{ "from-address == '^anna@example\\.org$'", true },
	{ "from-address == 'EXAMPLE'", true },
	{ "from-address == '^Anna$'", false },
	{ "from-address != 'bob'", true },
	{ "from-address != 'anna'", false },
	{ "addr-count('From') == 1", true },
	{ "addr-count('To', 'Cc') > 0", false },
	{ "addr-count('To', 'From', 'Cc', 'Bcc') == 1", true },
	{ "dictionary-match('words')", true },
	{ "dictionary-match('words', 12)", true },
	{ "dictionary-match('words', 13)", false },
	{ "body-dictionary-match('words', 8)", true },
	{ "body-dictionary-match('words', 9)", false },
	{ "attachment-dictionary-match('words', 4)", true },
	{ "attachment-dictionary-match('words', 5)", false },
	{ "subject-dictionary-match('words', 2)", true },
	{ "subject-dictionary-match('words', 3)", false },
	{ "header-dictionary-match('people', 'From')", true },
	{ "header-dictionary-match('people', 'From', 2)", true },
	{ "header-dictionary-match('people', 'From', 3)", false },
	{ "header-dictionary-match('people', 'To')", false },
	{ "mail-from-dictionary-match('people')", true },
	{ "mail-from-dictionary-match('words')", false },
	{ "rcpt-to-dictionary-match('people')", true },
	{ "rcpt-to-dictionary-match('people', 2)", false },
	{ "forged-email-detection('people', 100)", true },
	{ "not forged-email-detection('people', 100)", false },
	{ "dnslist('list.test')", true }, { "dnslist('other.test')", false },
	{ "dnslist('away.test')", false },
	{ "remote-host == '^MAIL\\.'", true },
	{ "remote-host != '^mail'", false },
	{ "remote-host == '^web'", false }, { "remote-host != 'web'", true },
	{ "mail-from-group == 'corp.q:sales'", true },
	{ "mail-from-group != 'corp.q:sales'", false },
	{ "mail-from-group == 'corp.q:board'", false },
	{ "mail-from-group != 'corp.q:board'", true },
	{ "mail-from-group == 'corp.q:away'", false },
	{ "mail-from-group != 'corp.q:away'", false },
	{ "rcpt-to-group == 'corp.q:sales'", true },
	{ "rcpt-to-group != 'corp.q:sales'", false },
	{ "rcpt-to-group == 'corp.q:board'", false },
	{ "rcpt-to-group != 'corp.q:board'", true },
	/* One is doubtful, the other in no group. */
	{ "rcpt-to-group == 'corp.q:away'", false },
	{ "rcpt-to-group != 'corp.q:away'", false },
	{ "sender-attribute('corp.q') == '^sal'", true },
	{ "sender-attribute('corp.q') == 'board'", false },
	{ "sender-attribute('corp.q') != 'board'", true },
	{ "recipient-attribute('corp.q') == '^board$'", true },
	{ "recipient-attribute('corp.q') == 'sales'", false },
	{ "recipient-attribute('corp.q') != 'board'", false },
	{ "workqueue-count > 11", true }, { "workqueue-count < 12", false },
	{ "workqueue-count == 12", true },
	{ "attachment-filename == '^list'", true },
	{ "attachment-filename == '^x'", false },
	{ "attachment-filename != '^x'", true },
	{ "attachment-filename != 'list'", false },
	{ "attachment-type == 'text/csv'", true },
	{ "attachment-type == 'TEXT/plain'", true },
	{ "attachment-type == 'image/*'", false },
	{ "attachment-type != 'image'", true },
	{ "attachment-mimetype == 'text'", true },
	{ "attachment-mimetype == 'text/plain'", false },
	{ "attachment-mimetype != 'text/csv'", false },
	{ "attachment-filetype == 'txt'", true },
	{ "attachment-filetype == 'Executables'", false },
	{ "attachment-filetype != 'exe'", true },
	{ "attachment-filetype != 'Text'", false },
	{ "attachment-mismatch", false },
	{ "not attachment-mismatch", true },
	{ "attachment-size > 10", true }, { "attachment-size >= 1K", false },
	{ "attachment-size == 24", true }, { "attachment-size != 24", false },
	{ "attachment-size != 25", true },
	{ "attachment-contains('secret;')", true },
	{ "attachment-contains('password', 2)", false },
	{ "attachment-contains('other')", false },
	{ "every-attachment-contains('secret')", true },
	{ "every-attachment-contains('other')", false },
	{ "attachment-binary-contains('\\x3bpass.*\\x0a')", true },
	{ "attachment-binary-contains('\\xff')", false },
	{ "valid", true }, { "not valid", false },
	{ "malformed-header", false }, { "not malformed-header", true },
	{ "duplicate_boundaries", false },
	{ "not duplicate_boundaries", true },
	{ "ambiguous", false }, { "not ambiguous", true },
	{ "unscannable", false }, { "not unscannable", true },
	{ "encrypted", false }, { "not encrypted", true },
	{ "subject == 'SECURE' and mail-from == 'anna'", true },
	{ "subject == 'nope' and mail-from == 'anna'", false },
	{ "subject == 'nope' or mail-from == 'anna'", true },
	{ "true or true and not true", false },
	{ "true or (true and not true)", true },
	{ "not (subject == 'nope' or header('X-Missing'))", true },
};

/* What the DNS, a directory and the queue have said. */
static const char *const fact_lines[] = {
	"dns-list list.test 192.0.2.7 = 127.0.0.2",
	"dns-list other.test 192.0.2.7 =",
	"dns-list away.test 192.0.2.7 = unknown",
	"host-name \"\" 192.0.2.7 = mail.example.org, mx.example.org",
	"group corp.q:sales Anna@example.org = sales",
	"group corp.q:board Anna@example.org =",
	"group corp.q:away Anna@example.org = unknown",
	"group corp.q:sales Bob@Example.COM =",
	"group corp.q:sales carol@example.net = sales",
	"group corp.q:board Bob@Example.COM =",
	"group corp.q:board carol@example.net =",
	"group corp.q:away Bob@Example.COM = unknown",
	"group corp.q:away carol@example.net =",
	"attribute corp.q Anna@example.org = sales, hall",
	"attribute corp.q Bob@Example.COM =",
	"attribute corp.q carol@example.net = board",
	"queue-count \"\" \"\" = 12",
};
#define FACT_LINES (sizeof(fact_lines) / sizeof(fact_lines[0]))

static void
give_facts(struct filter_fixture *fixture)
{
	static struct config_directory_query query = {
		.name = TEXT_INIT("q"), .filter = TEXT_INIT("(mail={a})"),
		.group = TEXT_INIT("(cn={g})"), .attribute = TEXT_INIT("ou") };
	static struct config_directory directory = {
		.name = TEXT_INIT("corp"), .queries = &query,
		.query_count = 1 };
	static struct frame_fact facts[FACT_LINES];
	struct reason why = { 0 };
	size_t i;

	for (i = 0; i < FACT_LINES; i++)
		if (fact_parse(text_from(fact_lines[i]), fixture->arena,
		    &facts[i], &why) != 0)
			fail_msg("%s: %s", fact_lines[i], why.text);
	fixture->facts = (struct fact_table){ facts, FACT_LINES };
	fixture->config.directories = &directory;
	fixture->config.directory_count = 1;
	directory.on_failure = CONFIG_ON_FAILURE_UNKNOWN;
}

static void
test_rules(void **unused)
{
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	give_facts(&fixture);
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		fixture_run(&fixture, rules[i].condition, "drop()", NULL,
		    NULL);
		if (fixture.out.judgement != FRAME_JUDGED)
			fail_msg("%s: not judged", rules[i].condition);
		if (fixture.fate.verdict != (rules[i].is_true ?
		    FRAME_VERDICT_DROP : FRAME_VERDICT_DELIVER))
			fail_msg("%s: %s", rules[i].condition,
			    frame_verdict_name(fixture.fate.verdict));
		if (rules[i].is_true)
			assert_text(fixture.fate.words, "one");
		else
			assert_text(fixture.fate.words, "");
	}
	fixture_clear(&fixture);
}

/* What From says, and what of it is a name or an address (M16). */
static const struct {
	const char *from;
	const char *condition;
	bool is_true;
} senders[] = {
	{ "\"anna@example.org\" <x@evil.example>", "from-address == 'anna'",
	    false },
	{ "\"anna@example.org\" <x@evil.example>", "from-address == 'evil'",
	    true },
	{ "=?utf-8?q?anna=40example.org=2C?= <x@evil.example>",
	    "from-address == 'anna'", false },
	{ "a@b.example, Anna <anna@example.org>", "from-address == '^anna@'",
	    true },
	{ "x@evil.example\r\nFrom: anna@example.org",
	    "from-address == '^anna@'", true },
	{ "(anna@example.org) x@evil.example", "from-address == 'anna'",
	    false },
	{ "Us: anna@example.org, x@evil.example;", "from-address == 'evil'",
	    true },
	{ "nobody", "from-address != 'evil'", true },
	{ "anna@b.example, \"c, d@e\" <c@b.example>",
	    "addr-count('From') == 2", true },
	{ "=?utf-8?q?Carol?= <x@evil.example>",
	    "forged-email-detection('people', 100)", true },
	{ "\"EXAMPLE, Anna\" <x@evil.example>",
	    "forged-email-detection('people', 100)", true },
	{ "Cara <x@evil.example>", "forged-email-detection('people', 60)",
	    true },
	{ "Cara <x@evil.example>", "forged-email-detection('people', 61)",
	    false },
	{ "x@evil.example (Carol)", "forged-email-detection('people', 100)",
	    true },
	{ "\xd0\xa1\xd0\xb0rol <x@evil.example>",
	    "forged-email-detection('people', 100)", true },
	{ "A <a@b.example>\r\nFrom: Carol <x@evil.example>",
	    "forged-email-detection('people', 100)", true },
	{ "<carol@evil.example>", "forged-email-detection('people', 50)",
	    false },
	{ "Dave <x@evil.example>", "forged-email-detection('people', 70)",
	    false },
};

static void
test_senders(void **unused)
{
	struct filter_fixture fixture;
	char message[1024];
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		snprintf(message, sizeof(message), "From: %s\r\n\r\nx\r\n",
		    senders[i].from);
		fixture.message = text_from(message);
		fixture_run(&fixture, senders[i].condition, "drop()", NULL,
		    NULL);
		if (fixture.fate.verdict != (senders[i].is_true ?
		    FRAME_VERDICT_DROP : FRAME_VERDICT_DELIVER))
			fail_msg("%s: %s", senders[i].from,
			    senders[i].condition);
	}
	fixture_clear(&fixture);
}

/* Chance: the same again, another for another message, all values occur. */
static void
test_random(void **unused)
{
	struct filter_fixture fixture;
	size_t i, low = 0, same;
	uint8_t first;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < 400; i++) {
		fixture.envelope.mid = 1000 + i;
		fixture_run(&fixture, "random(4) < 1", "drop()", NULL, NULL);
		first = fixture.fate.verdict;
		fixture_judge(&fixture);
		assert_int_equal(fixture.fate.verdict, first);
		low += first == FRAME_VERDICT_DROP;
	}
	assert_in_range(low, 60, 140);
	fixture.envelope.mid = 1;
	for (i = 0, same = 0; i < 16; i++) {
		fixture.envelope.sha256[7] = (uint8_t)i;
		fixture_run(&fixture, "random(2) == 0", "drop()", NULL, NULL);
		same += fixture.fate.verdict == FRAME_VERDICT_DROP;
	}
	assert_in_range(same, 2, 14);
	/* Two calls are two throws. */
	for (i = 0, same = 0; i < 32; i++) {
		fixture.envelope.mid = i;
		fixture_run(&fixture, "random(2) == 0 and random(2) == 1",
		    "drop()", NULL, NULL);
		same += fixture.fate.verdict == FRAME_VERDICT_DROP;
	}
	assert_in_range(same, 1, 31);
	fixture_clear(&fixture);
}

/* A row that no test looks at is a mistake of ours. */
static void
test_rules_are_complete(void **unused)
{
	const struct filter_rule *rule;
	size_t at, i;

	(void)unused;
	for (at = 0; (rule = filter_rule_at(at)) != NULL; at++) {
		struct text name = text_from(rule->signature.name);
		bool is_seen[2] = { false, false };

		for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
			if (text_find(text_from(rules[i].condition), name) <
			    strlen(rules[i].condition))
				is_seen[rules[i].is_true] = true;
		assert_true(is_seen[0] && is_seen[1]);
	}
}

/* What is not there is asked for; what is unknown may hold the message. */
static void
test_facts(void **unused)
{
	struct filter_fixture fixture;
	struct config_directory *directory;

	(void)unused;
	fixture_init(&fixture);
	give_facts(&fixture);
	fixture_run(&fixture, "rcpt-to-group == 'corp.q:new' or "
	    "mail-from-group == 'corp.q:sales' or "
	    "mail-from-group == 'corp.q:new' or dnslist('new.test')",
	    "drop()", NULL, NULL);
	assert_int_equal(fixture.out.judgement, FRAME_WANTS_FACTS);
	assert_int_equal(fixture.out.wanted_count, 4);
	assert_int_equal(fixture.out.splinter_count, 0);
	directory = fixture.config.directories;
	directory->on_failure = CONFIG_ON_FAILURE_HOLD;
	fixture_run(&fixture, "mail-from-group == 'corp.q:away'", "drop()",
	    NULL, NULL);
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	assert_true(text_find(fixture.out.reason, TEXT("corp.q:away")) <
	    fixture.out.reason.len);
	/* A rule that is not looked at holds nothing. */
	fixture_run(&fixture, "true or mail-from-group == 'corp.q:away'",
	    "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	/* Mail without a client, or without a sender, needs no answers. */
	fixture.facts.count = 0;
	fixture.envelope.client = TEXT_EMPTY;
	fixture.envelope.sender = TEXT_EMPTY;
	fixture_run(&fixture, "not dnslist('new.test') and "
	    "remote-host != 'x' and mail-from-group != 'corp.q:new' and "
	    "sender-attribute('corp.q') != 'x'", "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	fixture_clear(&fixture);
}

static void
test_match_all_or_any(void **unused)
{
	struct filter_fixture fixture;
	struct config_content_filter *filter;

	(void)unused;
	fixture_init(&fixture);
	filter = fixture_filter(&fixture, "two", "subject == 'SECURE'",
	    "drop()", NULL, NULL);
	filter->conditions[filter->condition_count++] =
	    TEXT("mail-from == 'nobody'");
	filter->match = CONFIG_FILTER_MATCH_ALL;
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	filter->match = CONFIG_FILTER_MATCH_ANY;
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	filter->conditions[1] = TEXT("mail-from == 'anna'");
	filter->match = CONFIG_FILTER_MATCH_ALL;
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	filter->condition_count = 0;
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	filter->active = 0;
	fixture_judge(&fixture);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	fixture_clear(&fixture);
}

static void
test_who_is_judged(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	fixture.envelope.class = ENVELOPE_CLASS_SERVICE;
	fixture_run(&fixture, NULL, "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	fixture.envelope.class = ENVELOPE_CLASS_MAIL;
	fixture.envelope.direction = ENVELOPE_INCOMING;
	fixture_run(&fixture, NULL, "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	fixture.envelope.sender = TEXT("");
	fixture.envelope.direction = ENVELOPE_OUTGOING;
	fixture_run(&fixture, "mail-from == '^$'", "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	fixture_clear(&fixture);
}

/* ---- fail closed: never "no match", never "deliver" ---- */

static void
check_set_aside(struct filter_fixture *fixture, const char *condition,
	const char *words)
{
	fixture_run(fixture, condition, "deliver()", NULL, NULL);
	assert_int_equal(fixture->out.judgement, FRAME_SET_ASIDE);
	if (strstr(fixture->out.reason.data, words) == NULL)
		fail_msg("%.*s", TEXT_ARG(fixture->out.reason));
	assert_int_equal(fixture->fate.body, 0);
	assert_int_equal(fixture->fate.protection.form, PROTECTION_NONE);
}

static struct text
join(struct filter_fixture *fixture, const char *header, size_t count,
	const char *piece)
{
	size_t len = strlen(piece), i;
	char *bytes = arena_alloc(fixture->arena, strlen(header) +
	    count * len + 1);

	assert_non_null(bytes);
	memcpy(bytes, header, strlen(header));
	for (i = 0; i < count; i++)
		memcpy(bytes + strlen(header) + i * len, piece, len);
	return text_of(bytes, strlen(header) + count * len);
}

static void
test_limits(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	/* F01 */
	fixture.message = join(&fixture, "Subject: x\r\n\r\n", 100000, "a");
	check_set_aside(&fixture, "body-contains('^(a|aa)+$')",
	    "a pattern ran into a limit");
	fixture.message = join(&fixture, "Subject: x\r\n\r\n", 100000, "x");
	check_set_aside(&fixture,
	    "not body-contains('^(x+)+[yz]')", "a pattern ran into a limit");
	/* F07, and structures that pass a limit */
	fixture.message = join(&fixture, "Subject: x\r\n", 100001,
	    "A: b\r\n");
	check_set_aside(&fixture, "subject == 'y'", "too many header fields");
	fixture.message = TEXT("Content-Type: text/plain\r\n"
	    "Content-Type: text/html\r\nContent-Type: text/x\r\n\r\n");
	check_set_aside(&fixture, "body-contains('y')", "too many ways");
	fixture_clear(&fixture);
}

static void
test_depth(void **unused)
{
	struct filter_fixture fixture;
	struct buffer bytes;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	buffer_init(&bytes, 1 << 20);
	for (i = 0; i < 100; i++)
		assert_int_equal(buffer_printf(&bytes, "%sContent-Type: "
		    "multipart/mixed; boundary=b%zu\r\n\r\n--b%zu\r\n",
		    i == 0 ? "Subject: x\r\n" : "", i, i), 0);
	fixture.message = buffer_text(&bytes);
	check_set_aside(&fixture, "subject == 'y'", "nested too deep");
	buffer_reset(&bytes);
	assert_int_equal(buffer_add_text(&bytes, TEXT("Content-Type: "
	    "multipart/mixed; boundary=b\r\n\r\n")), 0);
	for (i = 0; i < 10100; i++)
		assert_int_equal(buffer_add_text(&bytes,
		    TEXT("--b\r\n\r\nx\r\n")), 0);
	fixture.message = buffer_text(&bytes);
	check_set_aside(&fixture, "subject == 'y'", "too many parts");
	buffer_clear(&bytes);
	fixture_clear(&fixture);
}

/* F03: broken UTF-8 in a subject and a body is still looked at. */
static void
test_broken_text(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	fixture_init(&fixture);
	fixture.message = TEXT("Subject: \xff\xfe secret\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\n"
	    "\xc3\x28 hidden\r\n");
	fixture_run(&fixture, "subject == 'secret'", "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	fixture_run(&fixture, "body-contains('hidden')", "drop()", NULL,
	    NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	fixture.envelope.sender = TEXT("\xff\xfe@secret");
	fixture_run(&fixture, "mail-from == 'secret'", "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DROP);
	fixture.message = TEXT("");
	fixture_run(&fixture, "subject", "drop()", NULL, NULL);
	assert_int_equal(fixture.fate.verdict, FRAME_VERDICT_DELIVER);
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_rules_are_complete),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_match_all_or_any),
		cmocka_unit_test(test_who_is_judged),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_broken_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
