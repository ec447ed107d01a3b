/*
 * Mail policies: patterns, senders in envelope and header, any and all,
 * exceptions, groups by facts, and who is left to the default one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/mail_pattern.h"
#include "policy/mail_policy.h"

#define POLICIES_MAX 4

static struct config_mail_policy policies[POLICIES_MAX];
static struct config config;
static struct arena *arena;
static struct mail_policy_list *list;
static struct fact_list wanted;
static struct frame_fact facts[4];
static size_t fact_count;
static struct reason why;
static struct text member = TEXT_INIT("yes");

static int
set_up(void **state)
{
	(void)state;
	memset(policies, 0, sizeof(policies));
	memset(&config, 0, sizeof(config));
	config.mail_policies.outgoing = policies;
	arena = arena_new((size_t)16 * 1024 * 1024);
	fact_count = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	mail_policy_list_free(list);
	list = NULL;
	arena_free(arena);
	return 0;
}

static struct config_mail_policy *
add(const char *name)
{
	struct config_mail_policy *policy =
	    &policies[config.mail_policies.outgoing_count++];

	policy->name = text_from(name);
	policy->active = 1;
	return policy;
}

#define SET(policy, member, counter, ...) do { \
	static struct text set[] = { __VA_ARGS__ }; \
	(policy)->member = set; \
	(policy)->counter = sizeof(set) / sizeof(set[0]); \
} while (0)

/* The name of the policy; "error" where it cannot be told. */
static struct text
policy_of(const char *sender, const char *header, const char *recipient)
{
	static const struct mime_limits *const limits = &mime_limits_default;
	const struct envelope envelope = { .sender = text_from(sender),
		.direction = ENVELOPE_OUTGOING };
	struct mime_message mime;
	struct mail_policy_match match = { .envelope = &envelope,
		.facts = { facts, fact_count }, .wanted = &wanted,
		.arena = arena, .header = NULL };
	size_t index = 0;

	if (list == NULL)
		list = mail_policy_list_new(&config, ENVELOPE_OUTGOING);
	fact_list_init(&wanted, arena);
	assert_int_equal(mime_message_parse(text_from(header), limits, arena,
	    &mime), 0);
	match.list = list;
	match.header = &mime.parts[0];
	why = (struct reason){ .reply = 0 };
	if (mail_policy_match_begin(&match) != 0 ||
	    mail_policy_match_recipient(&match, text_from(recipient),
	    &index) != 0) {
		why = match.why;
		return TEXT("error");
	}
	return mail_policy_name(list, index);
}

#define assert_policy(wanted_name, sender, header, recipient) \
	assert_true(text_equal(policy_of(sender, header, recipient), \
	    text_from(wanted_name)))

static void
test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		const char *address;
		bool matches;
	} cases[] = {
		{ "bob@example.org", "BOB@Example.ORG", true },
		{ "bob@example.org", "\"bob\"@example.org", true },
		{ "bob@example.org", "bobb@example.org", false },
		{ "bob@", "bob@anywhere.example", true },
		{ "bob@", "rob@anywhere.example", false },
		{ "example.org", "x@example.org", true },
		{ "@example.org", "x@EXAMPLE.org", true },
		{ "example.org", "x@sub.example.org", false },
		{ ".example.org", "x@a.sub.example.org", true },
		{ "@.example.org", "x@sub.example.org", true },
		{ ".example.org", "x@example.org", false },
		{ ".example.org", "x@badexample.org", false },
		{ "all", "x@y.example", true },
		{ "all", "", true },
		{ "example.org", "", false },
		{ "example.org", "a%b@example.org", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text pattern = text_from(cases[i].pattern);
		struct mail_pattern_set *set;

		assert_true(mail_pattern_is_valid(pattern));
		set = mail_pattern_set_new(&pattern, 1);
		if (mail_pattern_set_has(set, text_from(cases[i].address)) !=
		    cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern,
			    cases[i].address);
		mail_pattern_set_free(set);
	}
}

static void
test_order(void **state)
{
	struct config_mail_policy *first = add("first");
	struct config_mail_policy *off = add("off");
	struct config_mail_policy *second = add("second");

	(void)state;
	SET(first, recipients, recipient_count, TEXT_INIT("a@x.example"));
	SET(off, recipients, recipient_count, TEXT_INIT("all"));
	off->active = 0;
	SET(second, recipients, recipient_count, TEXT_INIT("x.example"));
	assert_policy("first", "s@o.example", "", "a@x.example");
	assert_policy("second", "s@o.example", "", "b@x.example");
	assert_policy("default", "s@o.example", "", "b@y.example");
	assert_int_equal(mail_policy_list_count(list), 3);
	assert_false(mail_policy_list_needs_header(list));
	assert_true(mail_policy_has_filter(list, 2, TEXT("any")));
	assert_false(mail_policy_has_filter(list, 0, TEXT("any")));
}

static void
test_any_and_all(void **state)
{
	struct config_mail_policy *all = add("all_of_both");
	struct config_mail_policy *any = add("any_of_both");

	(void)state;
	SET(all, senders, sender_count, TEXT_INIT("o.example"));
	SET(all, recipients, recipient_count, TEXT_INIT("x.example"));
	SET(any, senders, sender_count, TEXT_INIT("p.example"));
	SET(any, recipients, recipient_count, TEXT_INIT("z.example"));
	any->match = CONFIG_FILTER_MATCH_ANY;
	assert_policy("all_of_both", "s@o.example", "", "a@x.example");
	assert_policy("default", "s@o.example", "", "a@y.example");
	assert_policy("default", "s@q.example", "", "a@x.example");
	assert_policy("any_of_both", "s@p.example", "", "a@y.example");
	assert_policy("any_of_both", "s@q.example", "", "a@z.example");
	assert_policy("default", "s@q.example", "", "a@y.example");
}

static void
test_exceptions(void **state)
{
	struct config_mail_policy *policy = add("one");

	(void)state;
	SET(policy, senders, sender_count, TEXT_INIT("all"));
	SET(policy, except_senders, except_sender_count,
	    TEXT_INIT("boss@o.example"));
	SET(policy, except_recipients, except_recipient_count,
	    TEXT_INIT(".partner.example"));
	assert_policy("one", "s@o.example", "", "a@x.example");
	assert_policy("default", "boss@o.example", "", "a@x.example");
	assert_policy("default", "s@o.example", "", "a@eu.partner.example");
	/* Whoever the header names is looked at, too. */
	assert_policy("default", "s@o.example",
	    "From: Boss <boss@o.example>\r\n\r\n", "a@x.example");
}

static void
test_sender_fields(void **state)
{
	struct config_mail_policy *both = add("both");
	struct config_mail_policy *reply = add("reply");

	(void)state;
	SET(both, senders, sender_count, TEXT_INIT("o.example"));
	SET(reply, senders, sender_count, TEXT_INIT("r.example"));
	SET(reply, sender_fields, sender_field_count, TEXT_INIT("reply_to"),
	    TEXT_INIT("sender"));
	assert_policy("both", "s@o.example", "", "a@x.example");
	assert_policy("both", "", "From: X <x@o.example>\r\n\r\n",
	    "a@x.example");
	/* Every address of every field counts. */
	assert_policy("both", "", "From: a@b.example\r\nFROM: c@d.example,\r\n"
	    " \"e\" <e@O.example>\r\n\r\n", "a@x.example");
	assert_policy("reply", "", "Reply-To: x@r.example\r\n\r\n", "a@b.c");
	assert_policy("reply", "", "Sender: x@r.example\r\n\r\n", "a@b.c");
	assert_policy("default", "x@r.example", "From: x@r.example\r\n\r\n",
	    "a@b.c");
	/* M16: a display name is no address, however it is written. */
	assert_policy("default", "", "From: \"x@o.example\" <y@z.example>\r\n"
	    "\r\n", "a@b.c");
	assert_policy("default", "", "From: =?utf-8?Q?=3Cx=40o.example=3E?= "
	    "<y@z.example>\r\n\r\n", "a@b.c");
	assert_true(mail_policy_list_needs_header(list));
}

static void
test_too_many_senders(void **state)
{
	struct config_mail_policy *policy = add("one");
	struct buffer header;
	size_t i;

	(void)state;
	SET(policy, senders, sender_count, TEXT_INIT("o.example"));
	buffer_init(&header, 1 << 20);
	for (i = 0; i < MAIL_POLICY_SENDERS_MAX; i++)
		assert_int_equal(buffer_printf(&header,
		    "From: a%zu@b.example\r\n", i), 0);
	assert_int_equal(buffer_add(&header, "\r\n", 3), 0);
	assert_policy("error", "s@o.example", buffer_text(&header).data,
	    "a@b.example");
	assert_string_equal(why.text,
	    "it has more sender addresses than 1000");
	/* Where nobody looks at them they do no harm. */
	mail_policy_list_free(list);
	list = NULL;
	SET(policy, sender_fields, sender_field_count, TEXT_INIT("envelope"),
	    TEXT_INIT("sender"));
	assert_policy("one", "s@o.example", buffer_text(&header).data,
	    "a@b.example");
	buffer_clear(&header);
}

static void
answer(const char *source, const char *subject, enum fact_outcome outcome,
	bool is_member)
{
	facts[fact_count++] = (struct frame_fact){ .kind = FACT_GROUP,
		.source = text_from(source), .subject = text_from(subject),
		.outcome = (uint8_t)outcome, .values = &member,
		.value_count = is_member, .reason = TEXT_INIT("no answer") };
}

/* Every question is found in one walk, and only those that matter. */
static void
test_groups(void **state)
{
	struct config_mail_policy *first = add("first");
	struct config_mail_policy *second = add("second");
	struct config_mail_policy *third = add("third");

	(void)state;
	SET(first, sender_groups, sender_group_count, TEXT_INIT("d.q:vip"));
	SET(first, recipients, recipient_count, TEXT_INIT("known.example"));
	first->match = CONFIG_FILTER_MATCH_ANY;
	SET(second, recipient_groups, recipient_group_count,
	    TEXT_INIT("d.q:staff"));
	SET(third, recipients, recipient_count, TEXT_INIT("all"));
	assert_policy("first", "", "", "a@known.example");
	assert_int_equal(wanted.count, 0);
	(void)policy_of("s@o.example", "", "a@x.example");
	assert_int_equal(wanted.count, 2);
	assert_true(text_equal(wanted.facts[0].source, TEXT("d.q:vip")));
	assert_true(text_equal(wanted.facts[0].subject,
	    TEXT("s@o.example")));
	assert_true(text_equal(wanted.facts[1].subject,
	    TEXT("a@x.example")));

	answer("d.q:vip", "s@o.example", FACT_KNOWN, false);
	answer("d.q:staff", "a@x.example", FACT_KNOWN, true);
	assert_policy("second", "s@o.example", "", "a@x.example");
	assert_int_equal(wanted.count, 0);
	facts[1].value_count = 0;
	assert_policy("third", "s@o.example", "", "a@x.example");
	facts[0].value_count = 1;
	assert_policy("first", "s@o.example", "", "a@x.example");
	/* Not to know is never "no". */
	facts[0].outcome = FACT_UNKNOWN;
	assert_policy("error", "s@o.example", "", "a@x.example");
	assert_string_equal(why.text, "whether somebody is in group d.q:vip "
	    "is not known: no answer");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_patterns), TEST(test_order),
		TEST(test_any_and_all), TEST(test_exceptions),
		TEST(test_sender_fields), TEST(test_too_many_senders),
		TEST(test_groups),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
