/*
 * The whole judgement: message filters, mail policies, splinters; what is
 * sticky, what is stored once, and that it is pure.
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/filter_protection.h"
#include "policy/filter_set_private.h"
#include "policy/filter_trace.h"

/* Two recipients, two policies: "net" for the second, else "default". */
struct rig {
	struct filter_fixture fixture;
	struct config_mail_policy policies[2];
	struct text net;
	struct text net_filters[FIXTURE_FILTERS];
	struct text default_filters[FIXTURE_FILTERS];
};

static struct rig rig;

static int
set_up(void **state)
{
	struct config_mail_policy *net = &rig.policies[0];
	struct config_mail_policy *rest = &rig.policies[1];

	(void)state;
	memset(&rig, 0, sizeof(rig));
	fixture_init(&rig.fixture);
	rig.fixture.recipients[0].rid = 1;
	rig.fixture.recipients[1].rid = 2;
	rig.net = TEXT("example.net");
	*net = (struct config_mail_policy){ .name = TEXT_INIT("net"),
		.active = 1, .recipients = &rig.net, .recipient_count = 1,
		.content_filters = rig.net_filters };
	*rest = (struct config_mail_policy){ .name = TEXT_INIT("default"),
		.active = 1, .content_filters = rig.default_filters };
	rig.fixture.config.mail_policies.outgoing = rig.policies;
	rig.fixture.config.mail_policies.outgoing_count = 2;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_clear(&rig.fixture);
	return 0;
}

static void
script(const char *source)
{
	rig.fixture.config.message_filters_text = text_from(source);
}

/* A content filter that one of the policies applies, or both. */
static void
filter(const char *name, const char *action, bool net, bool rest)
{
	(void)fixture_filter(&rig.fixture, name, NULL, action, NULL, NULL);
	if (net)
		rig.net_filters[rig.policies[0].content_filter_count++] =
		    text_from(name);
	if (rest)
		rig.default_filters[rig.policies[1].content_filter_count++] =
		    text_from(name);
}

static const struct frame_splinter *
splinter(size_t index)
{
	assert_true(index < rig.fixture.out.splinter_count);
	return &rig.fixture.out.splinters[index];
}

static struct text
body(size_t number)
{
	const struct frame_disposition *out = &rig.fixture.out;
	struct text all = buffer_text(&rig.fixture.changed);
	size_t i, at = 0;

	assert_in_range(number, 1, out->body_count);
	for (i = 0; i + 1 < number; i++)
		at += out->bodies[i].size;
	return text_slice(all, at, out->bodies[number - 1].size);
}

static bool
has(struct text t, const char *words)
{
	return text_find(t, text_from(words)) < t.len;
}

static void
test_two_policies(void **state)
{
	(void)state;
	filter("both", "tag-message('both')", true, true);
	filter("second", "insert-header('X-Net', 'yes')", true, false);
	filter("first", "quarantine('Policy')", false, true);
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.judgement, FRAME_JUDGED);
	assert_int_equal(rig.fixture.out.splinter_count, 2);
	assert_text(splinter(0)->policy, "default");
	assert_int_equal(splinter(0)->rid_count, 1);
	assert_int_equal(splinter(0)->rids[0].rid, 1);
	assert_int_equal(splinter(0)->verdict, FRAME_VERDICT_QUARANTINE);
	assert_text(splinter(0)->words, "both, first");
	assert_int_equal(splinter(0)->body, 0);
	assert_text(splinter(1)->policy, "net");
	assert_int_equal(splinter(1)->rids[0].rid, 2);
	assert_int_equal(splinter(1)->verdict, FRAME_VERDICT_DELIVER);
	assert_text(splinter(1)->words, "both, second");
	assert_true(has(body(splinter(1)->body), "\r\nX-Net: yes\r\n"));
	assert_int_equal(splinter(1)->tag_count, 1);
}

/* All recipients in one policy: nothing is divided. */
static void
test_one_policy(void **state)
{
	(void)state;
	rig.net = TEXT("nobody.example");
	filter("second", "drop()", true, false);
	filter("log", "log-entry('to $EnvelopeRecipients')", false, true);
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.splinter_count, 1);
	assert_int_equal(splinter(0)->rid_count, 0);
	assert_text(splinter(0)->policy, "default");
	assert_int_equal(splinter(0)->verdict, FRAME_VERDICT_DELIVER);
	assert_text(rig.fixture.out.log_entries[0],
	    "to Bob@Example.COM, carol@example.net");
}

/* A splinter's rules and variables are about its own recipients. */
static void
test_own_recipients(void **state)
{
	(void)state;
	filter("log", "log-entry('to $EnvelopeRecipients')", true, true);
	fixture_judge(&rig.fixture);
	assert_text(rig.fixture.out.log_entries[0], "to Bob@Example.COM");
	assert_text(rig.fixture.out.log_entries[1], "to carol@example.net");
}

static void
test_message_filters(void **state)
{
	(void)state;
	script("one: if subject == 'SECURE' { insert-header('X-One', '1'); "
	    "if (header('X-One') == '^1$') { tag-message('seen'); } else { "
	    "drop(); } } else if true { bounce(); } else { drop(); }\n"
	    "two: if not header('X-One') { drop(); }\n"
	    "off! if true { drop(); }\n"
	    "end: if true { skip-filters(); drop(); }\n"
	    "three: if true { drop(); }\n");
	filter("second", "insert-header('X-Net', '2')", true, false);
	filter("nets", "tag-message('net')", true, false);
	filter("rests", "tag-message('rest')", false, true);
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.splinter_count, 2);
	assert_text(splinter(0)->words, "one, end, rests");
	assert_text(splinter(1)->words, "one, end, second, nets");
	/* Each has its own list, which began as the common one. */
	assert_int_equal(splinter(0)->tag_count, 2);
	assert_text(splinter(0)->tags[0], "seen");
	assert_text(splinter(0)->tags[1], "rest");
	assert_text(splinter(1)->tags[1], "net");
	assert_int_equal(rig.fixture.out.body_count, 2);
	assert_true(has(body(splinter(0)->body), "X-One: 1\r\n"));
	assert_false(has(body(splinter(0)->body), "X-Net"));
	assert_true(has(body(splinter(1)->body), "X-Net: 2\r\n"));
}

static void
test_final_in_message_filters(void **state)
{
	static const struct {
		const char *action;
		enum frame_verdict verdict;
		enum protection_form form;
	} cases[] = {
		{ "drop()", FRAME_VERDICT_DROP, PROTECTION_NONE },
		{ "bounce()", FRAME_VERDICT_BOUNCE, PROTECTION_NONE },
		{ "encrypt('standard')", FRAME_VERDICT_DELIVER,
		    PROTECTION_ENVELOPE },
	};
	char source[128];
	size_t i;

	(void)state;
	filter("any", "quarantine('Policy')", true, true);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(source, sizeof(source), "f: if true { "
		    "insert-header('X', 'y'); %s; }", cases[i].action);
		script(source);
		fixture_judge(&rig.fixture);
		assert_int_equal(rig.fixture.out.splinter_count, 1);
		assert_int_equal(splinter(0)->rid_count, 0);
		assert_text(splinter(0)->policy, "");
		assert_int_equal(splinter(0)->verdict, cases[i].verdict);
		assert_int_equal(splinter(0)->protection.form,
		    cases[i].form);
		assert_int_equal(rig.fixture.out.body_count,
		    cases[i].verdict == FRAME_VERDICT_DELIVER);
	}
}

/* Equal bytes are stored once, however they came about. */
static void
test_bodies_once(void **state)
{
	(void)state;
	filter("a", "insert-header('X', 'same')", true, false);
	filter("b", "insert-header('X', 'same')", false, true);
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.body_count, 1);
	assert_int_equal(splinter(0)->body, 1);
	assert_int_equal(splinter(1)->body, 1);
	script("m: if true { insert-header('Y', 'all'); }");
	rig.fixture.config.content_filters.outgoing_count = 0;
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.body_count, 1);
	assert_int_equal(splinter(1)->body, 1);
	filter("c", "drop()", true, false);
	fixture_judge(&rig.fixture);
	assert_int_equal(splinter(0)->body, 1);
	assert_int_equal(splinter(1)->body, 0);
}

/*
 * F06: every sequence of three actions, in every division between the
 * stages: what one asked for is met in the end.
 */
static const char *const fates[] = {
	"encrypt-deferred('standard', 'x', 'always')",
	"encrypt-deferred('other', 'x', 'tls')",
	"encrypt('standard', 'x', 'tls')", "deliver()", "skip-filters()",
	"quarantine('Policy')", "drop()", "bounce()", "tag-message('t')",
};
#define FATES (sizeof(fates) / sizeof(fates[0]))

static struct frame_protection
asked_for(size_t fate)
{
	struct frame_protection out = { .form = PROTECTION_NONE };

	if (fate == 0)
		out.form = PROTECTION_ENVELOPE;
	else if (fate <= 2)
		out.form = PROTECTION_TLS_OR_ENVELOPE;
	return out;
}

/* Whether no action stands behind it in its list. */
static bool
ends(size_t fate)
{
	return fate == 2 || fate == 3 || fate == 4 || fate == 6 || fate == 7;
}

static bool
ends_all(size_t fate)
{
	return fate == 2 || fate == 6 || fate == 7;
}

static void
check_sticky(size_t first, size_t second, size_t third)
{
	struct frame_protection most = asked_for(first);
	struct frame_protection later = asked_for(second);
	char source[256];

	rig.fixture.config.content_filters.outgoing_count = 0;
	rig.policies[0].content_filter_count = 0;
	rig.policies[1].content_filter_count = 0;
	(void)snprintf(source, sizeof(source), "m: if true { %s; }",
	    fates[first]);
	script(source);
	filter("second", fates[second], true, true);
	filter("third", fates[third], true, true);
	fixture_judge(&rig.fixture);
	if (!ends_all(first)) {
		filter_protection_raise(&most, &later);
		later = asked_for(third);
		if (!ends(second))
			filter_protection_raise(&most, &later);
	}
	for (size_t i = 0; i < rig.fixture.out.splinter_count; i++)
		if (splinter(i)->protection.form != most.form)
			fail_msg("%s, %s, %s: %u, not %u", fates[first],
			    fates[second], fates[third],
			    splinter(i)->protection.form, most.form);
}

static void
test_sticky(void **state)
{
	size_t i, k, l;

	(void)state;
	for (i = 0; i < FATES; i++)
		for (k = 0; k < FATES; k++)
			for (l = 0; l < FATES; l++) {
				arena_reset(rig.fixture.arena);
				check_sticky(i, k, l);
			}
}

/* F08: whatever goes round and round ends. */
static void
test_passes(void **state)
{
	(void)state;
	filter("any", "tag-message('t')", true, true);
	rig.fixture.passes = FILTER_PASSES_MAX;
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.judgement, FRAME_JUDGED);
	rig.fixture.passes = FILTER_PASSES_MAX + 1;
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.judgement, FRAME_SET_ASIDE);
	assert_text(rig.fixture.out.reason,
	    "it came back to the filters too often");
}

/* One splinter that cannot be judged holds all of them. */
static void
test_set_aside(void **state)
{
	(void)state;
	/* More steps than a pattern may take. */
	rig.fixture.message = TEXT("Subject: x\r\n\r\n"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx y\r\n");
	script("m: if true { insert-header('X', 'y'); }");
	filter("fine", "tag-message('t')", false, true);
	(void)fixture_filter(&rig.fixture, "bad",
	    "body-contains('(*SLOW)(x+x+)+y')", "drop()", NULL, NULL);
	rig.net_filters[rig.policies[0].content_filter_count++] =
	    TEXT("bad");
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.judgement, FRAME_SET_ASIDE);
	assert_int_equal(rig.fixture.out.splinter_count, 0);
	assert_int_equal(rig.fixture.out.body_count, 0);
	assert_int_equal(buffer_len(&rig.fixture.changed), 0);
	assert_text(rig.fixture.out.words, "bad");
	assert_true(rig.fixture.out.reason.len > 0);
}

static void
test_wanted_facts(void **state)
{
	static struct text group = TEXT_INIT("d.q:staff");
	static struct text yes = TEXT_INIT("yes");
	struct frame_fact facts[2] = {
		{ .kind = FACT_GROUP, .source = group,
		  .subject = TEXT_INIT("Bob@Example.COM"),
		  .outcome = FACT_KNOWN, .values = &yes, .value_count = 1 },
		{ .kind = FACT_GROUP, .source = group,
		  .subject = TEXT_INIT("carol@example.net"),
		  .outcome = FACT_KNOWN },
	};

	(void)state;
	rig.policies[0].recipient_count = 0;
	rig.policies[0].recipient_groups = &group;
	rig.policies[0].recipient_group_count = 1;
	filter("any", "tag-message('t')", true, true);
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.judgement, FRAME_WANTS_FACTS);
	assert_int_equal(rig.fixture.out.wanted_count, 2);
	assert_int_equal(rig.fixture.out.splinter_count, 0);
	rig.fixture.facts = (struct fact_table){ facts, 2 };
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.judgement, FRAME_JUDGED);
	assert_text(splinter(0)->policy, "net");
	assert_text(splinter(1)->policy, "default");
	facts[1].outcome = FACT_UNKNOWN;
	fixture_judge(&rig.fixture);
	assert_int_equal(rig.fixture.out.judgement, FRAME_SET_ASIDE);
}

/* Pure: the same bytes, a thousand times. */
static void
test_pure(void **state)
{
	struct buffer first, again, first_bodies;
	size_t i;

	(void)state;
	script("m: if true { insert-header('X', '$Subject $Date $MID'); "
	    "encrypt-deferred('standard'); log-entry('$AllHeaders'); }");
	filter("a", "edit-header-text('Subject', '[a-z]', '$Time')", true,
	    false);
	filter("b", "quarantine('Policy')", false, true);
	buffer_init(&first, 1 << 20);
	buffer_init(&again, 1 << 20);
	buffer_init(&first_bodies, 1 << 20);
	for (i = 0; i < 1000; i++) {
		arena_reset(rig.fixture.arena);
		fixture_judge(&rig.fixture);
		buffer_reset(&again);
		assert_int_equal(record_encode(&frame_disposition_shape,
		    &rig.fixture.out, i == 0 ? &first : &again), 0);
		if (i == 0)
			assert_int_equal(buffer_add_text(&first_bodies,
			    buffer_text(&rig.fixture.changed)), 0);
		else
			assert_true(text_equal(buffer_text(&first),
			    buffer_text(&again)));
		assert_true(text_equal(buffer_text(&first_bodies),
		    buffer_text(&rig.fixture.changed)));
	}
	assert_int_equal(rig.fixture.out.body_count, 2);
	buffer_clear(&first);
	buffer_clear(&again);
	buffer_clear(&first_bodies);
}

static void
note_stage(void *context, struct text words)
{
	assert_int_equal(buffer_printf(context, "[%.*s]", TEXT_ARG(words)),
	    0);
}

static void
note_splinter(void *context, const struct frame_splinter *one)
{
	assert_int_equal(buffer_printf(context, "{%u}", one->rids[0].rid),
	    0);
}

static void
test_trace(void **state)
{
	struct buffer notes, bodies;
	const struct filter_trace trace = { .stage = note_stage,
		.splinter = note_splinter, .context = &notes };
	struct filter_set *set = NULL;
	struct frame_disposition out;
	struct reason why = { 0 };

	(void)state;
	buffer_init(&notes, 4096);
	buffer_init(&bodies, 4096);
	script("m: if true { tag-message('t'); }");
	assert_int_equal(filter_set_new(&rig.fixture.config, &set, &why), 0);
	filter_set_judge(set, &(struct filter_request){
	    .envelope = &rig.fixture.envelope,
	    .message = rig.fixture.message, .trace = &trace },
	    rig.fixture.arena, &bodies, &out);
	assert_text(buffer_text(&notes), "[message filters]{1}[content "
	    "filters of policy default]{2}[content filters of policy net]");
	filter_set_free(set);
	buffer_clear(&notes);
	buffer_clear(&bodies);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_two_policies), TEST(test_one_policy),
		TEST(test_own_recipients), TEST(test_message_filters),
		TEST(test_final_in_message_filters), TEST(test_bodies_once),
		TEST(test_sticky), TEST(test_passes),
		TEST(test_set_aside), TEST(test_wanted_facts),
		TEST(test_pure), TEST(test_trace),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
