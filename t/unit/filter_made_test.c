/*
 * Copies as the message was at that moment, routes, limits, and what was made
 * for a message against what was made for a splinter of it.
 */
#include "t/unit/filter_made_fixture.h"

#include "policy/filter_bodies.h"
#include "policy/filter_made.h"

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
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_bodies_too_large),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_pure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
