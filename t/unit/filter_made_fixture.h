/*
 * What the tests of messages that filters make share.
 */
#ifndef T_UNIT_FILTER_MADE_FIXTURE_H
#define T_UNIT_FILTER_MADE_FIXTURE_H

#include "t/unit/filter_fixture.h"

#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_message.h"

/* Words of the body of fixture_message. */
#define MARKER "The password is"

static inline void
run(struct filter_fixture *fixture, const char *first, const char *second,
	const char *third)
{
	fixture_run(fixture, NULL, first, second, third);
}

static inline struct text
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

static inline const struct frame_made *
only(const struct filter_fixture *fixture, enum frame_made_kind kind)
{
	assert_int_equal(fixture->out.judgement, FRAME_JUDGED);
	assert_int_equal(fixture->out.made_count, 1);
	assert_int_equal(fixture->out.made[0].kind, kind);
	return &fixture->out.made[0];
}

static inline bool
holds(struct text t, const char *words)
{
	return text_find(t, text_from(words)) < t.len;
}

static inline void
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

static inline void
assert_entry(const struct filter_fixture *fixture, const char *words)
{
	assert_int_equal(fixture->out.log_entry_count, 1);
	if (!text_equal(fixture->out.log_entries[0], text_from(words)))
		fail_msg("%.*s", TEXT_ARG(fixture->out.log_entries[0]));
}

/* Parse it, check what must always be there; its text is in the arena. */
static inline struct text
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

#endif
