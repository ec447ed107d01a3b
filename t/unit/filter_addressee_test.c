/*
 * Addresses of messages that filters make: what a message may choose, and
 * what is left out.
 */
#include "t/unit/filter_made_fixture.h"

#include <stdio.h>

#include "policy/filter_addressee.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_return_path),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
