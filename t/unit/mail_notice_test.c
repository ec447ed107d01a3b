/*
 * Notices: what our own parser makes of them, whatever their values hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/arena.h"
#include "gateway/mail/mail_notice.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_enclosure.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/mime_message.h"
#include "gateway/mail/utf8.h"

static const struct text to[] = { TEXT_INIT("admin@example.org"),
	TEXT_INIT("second@example.org") };

struct rig {
	struct arena *arena;
	struct mail_notice notice;
	struct buffer out;
	struct mime_message mime;
};

static void
rig_init(struct rig *rig)
{
	*rig = (struct rig){ .arena = arena_new(1 << 24),
		.notice = { .mid = 42, .number = 1,
		.date_us = INT64_C(1795300313123456),
		.hostname = TEXT_INIT("gw.example.org"), .to = to,
		.to_count = 2, .subject = TEXT_INIT("About it"),
		.text = TEXT_INIT("Some words.\r\n") } };
	buffer_init(&rig->out, 1 << 20);
}

static void
rig_clear(struct rig *rig)
{
	buffer_clear(&rig->out);
	arena_free(rig->arena);
}

/* Written and read again; lines as RFC 5322 2.1.1 wants them. */
static void
write(struct rig *rig)
{
	buffer_reset(&rig->out);
	assert_int_equal(mail_notice_write(&rig->notice, &rig->out), 0);
	assert_true(mime_enclosure_is_clean(buffer_text(&rig->out)));
	assert_int_equal(mime_message_parse(buffer_text(&rig->out),
	    &mime_limits_default, rig->arena, &rig->mime), 0);
	assert_int_equal(rig->mime.parts[0].flags, 0);
}

static void
assert_field(struct rig *rig, const char *name, const char *wanted)
{
	const struct mime_field *field = mime_part_field(&rig->mime.parts[0],
	    name);
	struct buffer decoded;

	assert_non_null(field);
	buffer_init(&decoded, 1 << 16);
	assert_int_equal(mime_header_decode(field->value, &decoded), 0);
	if (!text_equal(text_trim(buffer_text(&decoded)), text_from(wanted)))
		fail_msg("%s:%.*s", name, TEXT_ARG(buffer_text(&decoded)));
	buffer_clear(&decoded);
}

static void
assert_part(struct rig *rig, size_t index, struct text wanted)
{
	struct buffer decoded;

	buffer_init(&decoded, 1 << 20);
	assert_int_equal(mime_decode(&rig->mime.parts[index], &decoded,
	    NULL), 0);
	assert_true(text_equal(buffer_text(&decoded), wanted));
	buffer_clear(&decoded);
}

static void
test_plain(void **unused)
{
	struct rig rig;

	(void)unused;
	rig_init(&rig);
	write(&rig);
	assert_int_equal(rig.mime.part_count, 1);
	assert_int_equal(rig.mime.parts[0].field_count, 9);
	assert_field(&rig, "From",
	    "Mail Gateway <MAILER-DAEMON@gw.example.org>");
	assert_field(&rig, "To",
	    "<admin@example.org>, <second@example.org>");
	assert_field(&rig, "Subject", "About it");
	assert_field(&rig, "Date", "Sat, 21 Nov 2026 22:31:53 +0000");
	assert_field(&rig, "Message-ID",
	    "<notice.42.1.1795300313123456@gw.example.org>");
	assert_field(&rig, "Auto-Submitted", "auto-generated");
	assert_field(&rig, "Content-Transfer-Encoding", "7bit");
	assert_part(&rig, 0, rig.notice.text);
	rig.notice.from = TEXT("police@example.org");
	write(&rig);
	assert_field(&rig, "From", "<police@example.org>");
	rig_clear(&rig);
}

static void
test_text(void **unused)
{
	static const char *const texts[] = { "gr\xc3\xbcn\r\n",
		"bare\nline feeds\n", "", "--=_postern_2a_1_0\r\n",
		"\r\n.\r\nX: y\r\n", "a\rb" };
	struct rig rig;
	char line[2000];
	size_t i;

	(void)unused;
	rig_init(&rig);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		rig.notice.text = text_from(texts[i]);
		write(&rig);
		assert_part(&rig, 0, rig.notice.text);
	}
	memset(line, 'x', sizeof(line));
	rig.notice.text = text_of(line, sizeof(line));
	write(&rig);
	assert_part(&rig, 0, rig.notice.text);
	rig_clear(&rig);
}

static void
test_original(void **unused)
{
	static const struct {
		const char *original;
		bool is_message;
		const char *encoding;	/* of the whole */
	} cases[] = {
		{ "Subject: x\r\n\r\nbody\r\n", true, NULL },
		{ "Subject: x\r\n\r\nbody", true, NULL },
		{ "Subject: x\r\n\r\n\xc3\xa4 \xff\r\n", true, "8bit" },
		{ "Subject: x\n\nbody \xff\n", false, NULL },
		{ "Content-Type: multipart/mixed; boundary=\""
		  "=_postern_2a_660d0ed6dca80_0\"\r\n\r\n"
		  "--=_postern_2a_660d0ed6dca80_0\r\n\r\nx\r\n"
		  "--=_postern_2a_660d0ed6dca80_0--\r\n", true, NULL },
	};
	struct rig rig;
	size_t i;

	(void)unused;
	rig_init(&rig);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text original = text_from(cases[i].original);

		rig.notice.original = original;
		write(&rig);
		assert_true(rig.mime.part_count >= 3);
		assert_part(&rig, 1, rig.notice.text);
		assert_int_equal(rig.mime.parts[2].is_message,
		    cases[i].is_message);
		if (cases[i].is_message)
			assert_true(text_equal(rig.mime.parts[2].body,
			    original));
		else
			assert_part(&rig, 2, original);
		assert_int_equal(mime_part_field(&rig.mime.parts[0],
		    "Content-Transfer-Encoding") != NULL,
		    cases[i].encoding != NULL);
		if (cases[i].encoding != NULL)
			assert_field(&rig, "Content-Transfer-Encoding",
			    cases[i].encoding);
	}
	rig_clear(&rig);
}

/* No value begins a field of its own. */
static void
test_hostile_subject(void **unused)
{
	static const char *const subjects[] = { "a\r\nBcc: x@y.example",
		"\r\n\r\nbody", "=?utf-8?Q?a=0D=0ABcc:_x?=", "\xff\x00",
		"\xe2\x80\xa8", "" };
	struct rig rig;
	size_t i;

	(void)unused;
	rig_init(&rig);
	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		rig.notice.subject = text_from(subjects[i]);
		write(&rig);
		assert_int_equal(rig.mime.parts[0].field_count, 9);
		assert_part(&rig, 0, rig.notice.text);
	}
	rig_clear(&rig);
}

static void
test_full(void **unused)
{
	struct rig rig;
	struct buffer small;

	(void)unused;
	rig_init(&rig);
	rig.notice.original = TEXT("Subject: x\r\n\r\nbody\r\n");
	write(&rig);
	buffer_init(&small, buffer_len(&rig.out) - 1 + 4);
	assert_int_equal(buffer_add_text(&small, TEXT("kept")), 0);
	assert_int_equal(mail_notice_write(&rig.notice, &small),
	    ERROR_LIMIT);
	assert_true(text_equal(buffer_text(&small), TEXT("kept")));
	buffer_clear(&small);
	rig_clear(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_original),
		cmocka_unit_test(test_hostile_subject),
		cmocka_unit_test(test_full),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
