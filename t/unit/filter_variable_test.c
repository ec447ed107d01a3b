/*
 * Action variables: every one of them, what they need to know, and that they
 * are data whatever they hold (F05).
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>

#include "gateway/mail/mime_message.h"
#include "gateway/mail/utf8.h"
#include "policy/filter_bodies.h"
#include "policy/filter_call.h"
#include "policy/filter_variable.h"

#define ROUNDS 400

struct rig {
	struct filter_fixture fixture;
	struct filter_judge judge;
};

static void
rig_open(struct rig *rig, struct text message)
{
	struct filter_fixture *fixture = &rig->fixture;
	struct filter_content *content = NULL;

	rig->judge = (struct filter_judge){ .config = &fixture->config,
		.envelope = &fixture->envelope, .facts = fixture->facts,
		.original = message, .arena = fixture->arena,
		.filter_name = TEXT_INIT("one") };
	assert_int_equal(filter_content_open(message, fixture->arena,
	    &content, &rig->judge.why), 0);
	assert_int_equal(filter_message_open(&rig->judge.message, content,
	    fixture->arena), 0);
}

static struct text
expand(struct rig *rig, struct text template, size_t most)
{
	struct text out = TEXT_EMPTY;

	assert_int_equal(filter_variable_expand(&rig->judge, template, most,
	    &out), 0);
	return out;
}

static void
assert_expands(struct rig *rig, const char *template, const char *wanted)
{
	struct text out = expand(rig, text_from(template), 1024);

	if (!text_equal(out, text_from(wanted)))
		fail_msg("%s: %.*s", template, TEXT_ARG(out));
}

static void
test_values(void **unused)
{
	struct rig rig;

	(void)unused;
	fixture_init(&rig.fixture);
	rig_open(&rig, rig.fixture.message);
	assert_expands(&rig, "$From|$to|", "Anna <anna@example.org>||");
	assert_expands(&rig, "$filetypes $file_types", "text/csv text/csv");
	assert_expands(&rig, "$RecvInt $recv_listener", "inside inside");
	assert_expands(&rig, "$Reputation|$CertificateSigners|", "None||");
	assert_expands(&rig, "$dropped_filename|$dropped_filenames|"
	    "$dropped_filetypes", "||");
	rig.judge.message.dropped = (struct filter_dropped){
		.name = TEXT("b.zip"), .names = TEXT("a.exe, b.zip"),
		.types = TEXT("application/x-dosexec, application/zip") };
	assert_expands(&rig, "$dropped_filename|$DroppedFileNames|"
	    "$dropped_filetypes", "b.zip|a.exe, b.zip|"
	    "application/x-dosexec, application/zip");
	filter_message_close(&rig.judge.message);
	fixture_clear(&rig.fixture);
}

/* A name that nobody verified is none. */
static void
test_remote_host(void **unused)
{
	static struct text names[] = { TEXT_INIT("mail.example.com"),
		TEXT_INIT("other.example.com") };
	struct frame_fact fact = { .kind = FACT_HOST_NAME,
		.subject = TEXT_INIT("192.0.2.7"), .outcome = FACT_KNOWN,
		.values = names, .value_count = 2 };
	struct rig rig;

	(void)unused;
	fixture_init(&rig.fixture);
	rig.fixture.envelope.helo = TEXT("forged.example.com");
	rig_open(&rig, rig.fixture.message);
	assert_expands(&rig, "[$RemoteHost]", "[]");
	rig.judge.facts = (struct fact_table){ &fact, 1 };
	assert_expands(&rig, "$remotehost $remote_host",
	    "mail.example.com mail.example.com");
	fact.value_count = 0;
	assert_expands(&rig, "[$RemoteHost]", "[]");
	fact.value_count = 2;
	fact.outcome = FACT_UNKNOWN;
	assert_expands(&rig, "[$RemoteHost]", "[]");
	filter_message_close(&rig.judge.message);
	fixture_clear(&rig.fixture);
}

/* Whoever uses the name has it asked for, and nobody else. */
static void
test_asks(void **unused)
{
	static const struct {
		const char *action;
		bool asks;
	} cases[] = {
		{ "log-entry('from $remote_host')", true },
		{ "insert-header('X', '$RemoteHost')", true },
		{ "edit-header-text('X', 'a', '$RemoteHost')", true },
		{ "encrypt('standard', '$RemoteHost')", true },
		{ "encrypt-deferred('standard', '$RemoteHost')", true },
		{ "bcc('a@example.org', '$RemoteHost')", true },
		{ "bcc-scan('a@example.org', '$RemoteHost')", true },
		{ "notify('a@example.org', 'x $remotehost')", true },
		{ "notify-copy('a@example.org', 'x $remotehost')", true },
		{ "notify('abuse@$RemoteHost')", true },
		{ "log-entry('$RemoteHosts $RemoteIP $ $$ RemoteHost')",
		    false },
		{ "tag-message('x')", false },
		{ "drop()", false },
	};
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_run(&fixture, NULL, cases[i].action, NULL, NULL);
		if (fixture.out.wanted_count != cases[i].asks)
			fail_msg("%s", cases[i].action);
		if (!cases[i].asks)
			continue;
		assert_int_equal(fixture.out.judgement, FRAME_WANTS_FACTS);
		assert_int_equal(fixture.out.wanted[0].kind, FACT_HOST_NAME);
		assert_text(fixture.out.wanted[0].subject, "192.0.2.7");
	}
	fixture_clear(&fixture);
}

static void
test_whole(void **unused)
{
	static const struct {
		const char *text, *name, *argument;
	} cases[] = {
		{ "$from", "From", "" }, { "$EnvelopeFrom", "EnvelopeFrom", "" },
		{ "$header['Reply-To']", "Header", "Reply-To" },
		{ "$From ", NULL, "" }, { "x$From", NULL, "" },
		{ "$", NULL, "" }, { "", NULL, "" }, { "$Header", NULL, "" },
		{ "$Header['x'", NULL, "" }, { "$Nothing", NULL, "" },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text argument = TEXT_EMPTY;
		const struct filter_variable *variable =
		    filter_variable_whole(text_from(cases[i].text),
		    &argument);

		assert_int_equal(variable != NULL, cases[i].name != NULL);
		if (variable == NULL)
			continue;
		assert_string_equal(variable->name, cases[i].name);
		assert_text(argument, cases[i].argument);
	}
}

/* ---- F05 ---- */

static uint32_t seed = 20261122;

static uint32_t
chance(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Bytes that have ended lines, fields, words and programs before. */
static struct text
hostile(struct arena *arena)
{
	static const char *const pieces[] = { "\r\n", "\n", "\r", "\"", "\\",
		"\x1b[2J", "%s%n", "=?utf-8?Q?=0D=0ABcc:_x=40y.example?=",
		"=?utf-8?B?AAAN?=", "\xe2\x80\xa8", "\xc2\x85", "\xff\xfe",
		"\xf0\x9f\x98\x80", "\xe2\x80\xae", "$MID", "${Subject}",
		"$Header['X']", "<a@b.example>", "--b", "; rm -rf", "\t",
		"\r\n.\r\n", "\r\n\r\n", "\x7f", "\xc3\xa4", "=?", "?=",
		"Bcc: c@d.example" };
	struct text all = TEXT_EMPTY;
	size_t i, count = chance(40);

	for (i = 0; i < count; i++)
		all = arena_printf(arena, "%.*s%s", TEXT_ARG(all),
		    pieces[chance(sizeof(pieces) / sizeof(pieces[0]))]);
	return all;
}

static struct text
hostile_message(struct arena *arena)
{
	struct text t[5];
	size_t i;

	for (i = 0; i < 5; i++)
		t[i] = hostile(arena);
	return arena_printf(arena, "Subject: %.*s\r\nFrom: %.*s\r\n"
	    "X: %.*s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Disposition: attachment; filename=\"%.*s\"\r\n"
	    "Content-Type: a/%.*s\r\n\r\nx\r\n--b--\r\n", TEXT_ARG(t[0]),
	    TEXT_ARG(t[1]), TEXT_ARG(t[2]), TEXT_ARG(t[3]), TEXT_ARG(t[4]));
}

static void
assert_data(struct text t, size_t most)
{
	uint32_t point = 0;
	size_t len;

	assert_true(t.len <= most);
	for (; t.len > 0; t = text_skip(t, len)) {
		len = utf8_next(t, &point);
		assert_true(len > 0);
		assert_true(point >= ' ' && (point < 0x7f || point >= 0xa0));
		assert_true(point != 0x2028 && point != 0x2029);
	}
}

/* One more field, and that one is ours. */
static void
assert_one_field(struct rig *rig, struct text value)
{
	struct filter_message *message = &rig->judge.message;
	struct mime_message before, after;
	struct buffer out;

	assert_int_equal(filter_message_insert(message, TEXT("X-Ours"),
	    value), 0);
	buffer_init(&out, 1 << 20);
	assert_int_equal(filter_message_write(message, &out), 0);
	assert_int_equal(mime_message_parse(rig->judge.original,
	    &mime_limits_default, rig->fixture.arena, &before), 0);
	assert_int_equal(mime_message_parse(buffer_text(&out),
	    &mime_limits_default, rig->fixture.arena, &after), 0);
	assert_int_equal(after.parts[0].field_count,
	    before.parts[0].field_count + 1);
	buffer_clear(&out);
}

static void
check_round(struct rig *rig)
{
	const struct filter_variable *variable;
	struct text every = TEXT_EMPTY, value;
	size_t i, most;

	for (i = 0; (variable = filter_variable_at(i)) != NULL; i++) {
		struct text template = arena_printf(rig->fixture.arena,
		    "$%s%s", variable->name, strcmp(variable->name,
		    "Header") == 0 ? "['x']" : "");

		most = chance(2) == 0 ? chance(100) : 5000;
		value = expand(rig, template, most);
		assert_data(value, most);
		every = arena_printf(rig->fixture.arena, "%.*s %.*s",
		    TEXT_ARG(every), TEXT_ARG(template));
	}
	value = expand(rig, every, 4096);
	assert_data(value, 4096);
	assert_one_field(rig, value);
}

static void
test_hostile_values(void **unused)
{
	struct text name;
	struct frame_fact fact = { .kind = FACT_HOST_NAME,
		.outcome = FACT_KNOWN, .values = &name, .value_count = 1 };
	struct rig rig;
	size_t i;

	(void)unused;
	fixture_init(&rig.fixture);
	for (i = 0; i < ROUNDS; i++) {
		struct arena *arena = rig.fixture.arena;
		struct envelope *envelope = &rig.fixture.envelope;

		arena_reset(arena);
		name = hostile(arena);
		envelope->sender = hostile(arena);
		rig.fixture.recipients[1].address = hostile(arena);
		envelope->client = fact.subject = hostile(arena);
		envelope->sender_group = hostile(arena);
		rig.fixture.facts = (struct fact_table){ &fact, 1 };
		rig_open(&rig, hostile_message(arena));
		rig.judge.matched = hostile(arena);
		rig.judge.message.dropped = (struct filter_dropped){
			.name = name, .names = name, .types = name };
		check_round(&rig);
		filter_message_close(&rig.judge.message);
	}
	fixture_clear(&rig.fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_remote_host),
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_hostile_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
