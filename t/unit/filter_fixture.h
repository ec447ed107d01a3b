/*
 * What the tests of filters share: a configuration, a message and its
 * judgement.
 */
#ifndef T_UNIT_FILTER_FIXTURE_H
#define T_UNIT_FILTER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "policy/filter_set.h"

#define FIXTURE_FILTERS 4
#define FIXTURE_TEXTS 8

static const char fixture_message[] =
    "Received: from here\r\n"
    "Subject: =?utf-8?Q?[SECURE]_Gr=C3=BC=C3=9Fe?=\r\n"
    "From: Anna <anna@example.org>\r\n"
    "X-Empty:\r\n"
    "X-Multi: one\r\n"
    "x-multi: two\r\n"
    "\ttoo\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "The password is gr=FCn, the other pass=\r\nword too.\r\n"
    "Pay to 021000021.\r\n"
    "--b\r\n"
    "Content-Type: text/csv; name=\"list.csv\"\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename=\"list.csv\"\r\n"
    "\r\n"
    "c2VjcmV0O3Bhc3N3b3JkCg==\r\n"
    "--b--\r\n";

static struct text fixture_words[] = {
	TEXT_INIT("password"), TEXT_INIT("secret, 3"),
	TEXT_INIT("GR\xc3\x9c""N"), TEXT_INIT("*aba, 5"),
	TEXT_INIT("/gr[\xc3\xbc\xc3\xb6]\xc3\x9f/, 2"),
};
static struct text fixture_people[] = {
	TEXT_INIT("anna"), TEXT_INIT("Carol"), TEXT_INIT("Example Anna"),
};
static struct config_dictionary fixture_dictionaries[] = {
	{ .name = TEXT_INIT("words"), .ignore_case = 1,
	    .terms = fixture_words, .term_count = 5 },
	{ .name = TEXT_INIT("people"), .ignore_case = 1, .whole_words = 1,
	    .terms = fixture_people, .term_count = 3 },
};
static struct config_listener fixture_listeners[] = {
	{ .name = TEXT_INIT("inside") }, { .name = TEXT_INIT("outside") },
};

struct filter_fixture {
	struct config config;
	struct config_content_filter filters[FIXTURE_FILTERS];
	struct text conditions[FIXTURE_FILTERS][FIXTURE_TEXTS];
	struct text actions[FIXTURE_FILTERS][FIXTURE_TEXTS];
	struct config_encryption_profile profiles[2];
	struct config_quarantine quarantines[2];
	struct envelope envelope;
	struct envelope_recipient recipients[2];
	struct text message;
	struct fact_table facts;
	uint8_t passes;
	struct frame_protection protection;
	struct arena *arena;
	struct buffer changed;
	struct frame_disposition out;
	struct frame_splinter fate;	/* of the first splinter */
};

static inline void
fixture_init(struct filter_fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->arena = arena_new((size_t)64 * 1024 * 1024);
	buffer_init(&fixture->changed, 1 << 20);
	fixture->profiles[0].name = TEXT("standard");
	fixture->profiles[1].name = TEXT("other");
	fixture->quarantines[0].name = TEXT("Policy");
	fixture->quarantines[1].name = TEXT("Second");
	fixture->config.hostname = TEXT("gw.example.org");
	fixture->config.encryption.profiles = fixture->profiles;
	fixture->config.encryption.profile_count = 2;
	fixture->config.quarantines = fixture->quarantines;
	fixture->config.quarantine_count = 2;
	fixture->config.content_filters.outgoing = fixture->filters;
	fixture->config.dictionaries = fixture_dictionaries;
	fixture->config.dictionary_count = 2;
	fixture->config.listeners = fixture_listeners;
	fixture->config.listener_count = 2;
	fixture->recipients[0].address = TEXT("Bob@Example.COM");
	fixture->recipients[1].address = TEXT("carol@example.net");
	fixture->envelope = (struct envelope){ .mid = 42,
		.sender = TEXT_INIT("Anna@example.org"),
		.recipients = fixture->recipients, .recipient_count = 2,
		.received_us = INT64_C(1795300313123456),
		.direction = ENVELOPE_OUTGOING,
		.client = TEXT_INIT("192.0.2.7"),
		.listener = TEXT_INIT("inside"),
		.sender_group = TEXT_INIT("office"),
		.flow_policy = TEXT_INIT("relay") };
	fixture->message = text_of(fixture_message,
	    sizeof(fixture_message) - 1);
}

static inline void
fixture_clear(struct filter_fixture *fixture)
{
	buffer_clear(&fixture->changed);
	arena_free(fixture->arena);
}

/* A filter with one condition (NULL: none) and up to three actions. */
static inline struct config_content_filter *
fixture_filter(struct filter_fixture *fixture, const char *name,
	const char *condition, const char *first, const char *second,
	const char *third)
{
	const char *const actions[] = { first, second, third };
	size_t at = fixture->config.content_filters.outgoing_count++, i;
	struct config_content_filter *filter = &fixture->filters[at];

	assert_true(at < FIXTURE_FILTERS);
	*filter = (struct config_content_filter){ .name = text_from(name),
		.active = 1, .conditions = fixture->conditions[at],
		.actions = fixture->actions[at] };
	if (condition != NULL)
		fixture->conditions[at][filter->condition_count++] =
		    text_from(condition);
	for (i = 0; i < 3 && actions[i] != NULL; i++)
		fixture->actions[at][filter->action_count++] =
		    text_from(actions[i]);
	return filter;
}

static inline void
fixture_judge(struct filter_fixture *fixture)
{
	struct filter_set *set = NULL;
	struct frame_disposition out;
	struct reason why = { 0 };

	if (filter_set_new(&fixture->config, &set, &why) != 0)
		fail_msg("%s", why.text);
	filter_set_accelerate(set);
	buffer_reset(&fixture->changed);
	filter_set_judge(set, &(struct filter_request){
	    .envelope = &fixture->envelope, .message = fixture->message,
	    .facts = fixture->facts, .passes = fixture->passes,
	    .protection = fixture->protection },
	    fixture->arena, &fixture->changed, &out);
	assert_true(out.judgement < FRAME_JUDGEMENTS);
	assert_int_equal(record_copy(&frame_disposition_shape, &out,
	    fixture->arena, &fixture->out), 0);
	fixture->fate = fixture->out.splinter_count > 0 ?
	    fixture->out.splinters[0] : (struct frame_splinter){ 0 };
	filter_set_free(set);
}

/* Judge by one filter only. */
static inline void
fixture_run(struct filter_fixture *fixture, const char *condition,
	const char *first, const char *second, const char *third)
{
	fixture->config.content_filters.outgoing_count = 0;
	(void)fixture_filter(fixture, "one", condition, first, second, third);
	fixture_judge(fixture);
}

#define assert_text(t, wanted) \
	assert_true(text_equal((t), text_from(wanted)))

#endif
