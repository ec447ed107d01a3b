/*
 * Actions on the body: disclaimers from text resources, replaced text, and
 * attachments taken out by every criterion.
 */
#include "t/unit/filter_fixture.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/config/config_report.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_message.h"
#include "policy/filter_variable.h"
#include "policy/text_resource.h"

static struct config_text_resource resources[] = {
	{ .name = TEXT_INIT("legal"),
	    .type = CONFIG_TEXT_RESOURCE_DISCLAIMER,
	    .plain = TEXT_INIT("Sent by $EnvelopeFrom.\nNot <secret>.\n"),
	    .html = TEXT_INIT("") },
	{ .name = TEXT_INIT("both"),
	    .type = CONFIG_TEXT_RESOURCE_DISCLAIMER,
	    .plain = TEXT_INIT("About $Subject"),
	    .html = TEXT_INIT("<b>About $Subject</b>\n") },
	{ .name = TEXT_INIT("frame"),
	    .type = CONFIG_TEXT_RESOURCE_TEMPLATE,
	    .plain = TEXT_INIT("x"), .html = TEXT_INIT("") },
};

static void
init(struct filter_fixture *fixture)
{
	fixture_init(fixture);
	fixture->config.text_resources = resources;
	fixture->config.text_resource_count = 3;
}

static void
run(struct filter_fixture *fixture, const char *message, const char *first,
	const char *second, const char *third)
{
	if (message != NULL)
		fixture->message = text_from(message);
	fixture_run(fixture, NULL, first, second, third);
}

#define assert_changed(fixture, wanted) \
	check_changed((fixture), (wanted), __LINE__)

static void
check_changed(const struct filter_fixture *fixture, const char *wanted,
	int line)
{
	struct text now = buffer_text(&fixture->changed);

	if (fixture->out.judgement != FRAME_JUDGED)
		fail_msg("line %d: %.*s", line,
		    TEXT_ARG(fixture->out.reason));
	if (!text_equal(now, text_from(wanted)))
		fail_msg("line %d: got <<%.*s>>", line, TEXT_ARG(now));
	assert_int_equal(fixture->fate.body, 1);
}

static bool
has(const struct filter_fixture *fixture, const char *what)
{
	struct text now = buffer_text(&fixture->changed);

	return text_find(now, text_from(what)) < now.len;
}

/* ---- text resources ----------------------------------------------------- */

static void
test_disclaimer(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	run(&fixture, "Subject: a <b> & c\r\n\r\nhello\r\n",
	    "add-footer('legal')", NULL, NULL);
	assert_changed(&fixture, "Subject: a <b> & c\r\n\r\nhello\r\n\r\n"
	    "Sent by Anna@example.org.\r\nNot <secret>.\r\n");
	run(&fixture, NULL, "add-heading('both')", NULL, NULL);
	assert_changed(&fixture, "Subject: a <b> & c\r\n\r\n"
	    "About a <b> & c\r\n\r\nhello\r\n");
	/* Each sees what the one before it did. */
	run(&fixture, NULL, "add-heading('both')",
	    "insert-header('X', '$BodySize')", "add-footer('both')");
	assert_changed(&fixture, "Subject: a <b> & c\r\nX: 48\r\n\r\n"
	    "About a <b> & c\r\n\r\nhello\r\n\r\nAbout a <b> & c\r\n");
	/* What comes from outside is data in HTML too. */
	run(&fixture, "Subject: a <b> & c\r\nContent-Type: text/html\r\n\r\n"
	    "<p>hello</p>\r\n", "add-footer('both')", NULL, NULL);
	assert_changed(&fixture, "Subject: a <b> & c\r\n"
	    "Content-Type: text/html\r\n\r\n<p>hello</p>\r\n"
	    "<b>About a &lt;b&gt; &amp; c</b>\r\n");
	run(&fixture, NULL, "add-heading('legal')", NULL, NULL);
	assert_changed(&fixture, "Subject: a <b> & c\r\n"
	    "Content-Type: text/html\r\n\r\n<p>Sent by Anna@example.org.<br>"
	    "\r\nNot &lt;secret&gt;.</p>\r\n<p>hello</p>\r\n");
	fixture_clear(&fixture);
}

static void
check_mistake(struct filter_fixture *fixture, const char *action,
	const char *words)
{
	struct filter_set *set = NULL;
	struct reason why = { 0 };

	fixture->config.content_filters.outgoing_count = 0;
	(void)fixture_filter(fixture, "one", NULL, action, NULL, NULL);
	assert_int_equal(filter_set_new(&fixture->config, &set, &why),
	    ERROR_MALFORMED);
	if (strstr(why.text, words) == NULL)
		fail_msg("%s: %s", action, why.text);
}

static void
test_mistakes(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	check_mistake(&fixture, "add-footer('none')",
	    "there is no text resource \"none\"");
	check_mistake(&fixture, "add-footer('frame')", "is no disclaimer");
	check_mistake(&fixture, "drop-attachments-by-type('a b')",
	    "no MIME type");
	check_mistake(&fixture, "drop-attachments-by-filetype('nothing')",
	    "there is no type of files");
	check_mistake(&fixture, "drop-attachments-by-size('x')",
	    "expected a size");
	fixture_clear(&fixture);
}

static void
test_variables_are_known(void **unused)
{
	struct config_text_resource bad[] = {
		{ .name = TEXT_INIT("good"), .plain = TEXT_INIT("$mid $5 $"),
		    .html = TEXT_INIT("") },
		{ .name = TEXT_INIT("bad"), .plain = TEXT_INIT("a $Nobody"),
		    .html = TEXT_INIT("$Header['x'] $Else") },
	};
	const struct config config = { .text_resources = bad,
		.text_resource_count = 2 };
	struct arena *arena = arena_new(1 << 20);
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct config_report report = { .arena = arena, .errors = errors,
		.file = TEXT_INIT("test") };
	struct buffer words;

	(void)unused;
	assert_int_equal(text_resource_check(&config, &report),
	    ERROR_MALFORMED);
	buffer_init(&words, 4096);
	assert_int_equal(config_errors_print(errors, &words), 0);
	assert_true(text_find(buffer_text(&words), TEXT("text_resources.bad."
	    "text: there is no variable \"$Nobody\"")) < buffer_len(&words));
	assert_true(text_find(buffer_text(&words), TEXT("text_resources.bad."
	    "html: there is no variable \"$Else\"")) < buffer_len(&words));
	assert_true(text_find(buffer_text(&words), TEXT("good")) ==
	    buffer_len(&words));
	buffer_clear(&words);
	free(errors);
	arena_free(arena);
}

/* ---- replacements ------------------------------------------------------- */

static void
test_edit(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	run(&fixture, NULL, "edit-body-text('(?i)password', '[$MID]')", NULL,
	    NULL);
	assert_true(has(&fixture, "The [42] is gr=FCn, the other [42] too."
	    "\r\nPay to 021000021.\r\n"));
	/* An attachment is no body. */
	assert_true(has(&fixture, "c2VjcmV0O3Bhc3N3b3JkCg=="));
	run(&fixture, NULL, "edit-body-text('gr\xc3\xbcn', '\xe6\x97\xa5')",
	    NULL, NULL);
	assert_true(has(&fixture, "charset=utf-8"));
	assert_true(has(&fixture, "is =E6=97=A5,"));
	run(&fixture, NULL, "edit-body-text('nothing such', 'x')", NULL,
	    NULL);
	assert_int_equal(fixture.fate.body, 0);
	run(&fixture, "Subject: <x>\r\nContent-Type: text/html\r\n\r\n"
	    "<p>a</p>\r\n", "edit-body-text('a', '<i>$Subject</i>')", NULL,
	    NULL);
	assert_changed(&fixture, "Subject: <x>\r\nContent-Type: text/html"
	    "\r\n\r\n<p><i>&lt;x&gt;</i></p>\r\n");
	/* A line end cut in two does not become one of the message's. */
	run(&fixture, "Subject: x\r\n\r\na\r\n.\r\n", "edit-body-text("
	    "'a\\r', '')", NULL, NULL);
	assert_true(has(&fixture, "=0A=2E") || has(&fixture, "=0A."));
	/* What cannot be read cannot be searched. */
	run(&fixture, "Content-Type: text/plain; charset=x-own\r\n\r\na\r\n",
	    "edit-body-text('a', 'b')", NULL, NULL);
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	/* Two delimiters in a row hold an empty text without a place. */
	run(&fixture, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\n--b--\r\n", "edit-body-text('^', 'b')", NULL, NULL);
	assert_int_equal(fixture.out.judgement, FRAME_JUDGED);
	assert_int_equal(fixture.fate.body, 0);
	fixture_clear(&fixture);
}

static void
test_convert(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	run(&fixture, "Subject: s\r\nContent-Type: text/html; "
	    "charset=iso-8859-1\r\n\r\n<p>gr\xfcn &amp; <b>b</b>lau</p>"
	    "<style>x</style>\r\n", "html-convert()", NULL, NULL);
	assert_changed(&fixture, "Subject: s\r\nContent-Type: text/plain; "
	    "charset=utf-8\r\nMIME-Version: 1.0\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "gr=C3=BCn & blau\r\n");
	run(&fixture, "Subject: s\r\n\r\n<p>x</p>\r\n", "html-convert()",
	    NULL, NULL);
	assert_int_equal(fixture.fate.body, 0);
	fixture_clear(&fixture);
}

/* What a rule found outlives the content that it was found in. */
static void
test_matched_stays(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	fixture.config.content_filters.outgoing_count = 0;
	(void)fixture_filter(&fixture, "one", "body-contains('pass.*gr.n')",
	    "edit-body-text('password', 'x')",
	    "add-footer('legal')", "log-entry('$MatchedContent')");
	fixture_judge(&fixture);
	assert_text(fixture.out.log_entries[0],
	    "password is gr\xc3\xbcn");
	fixture_clear(&fixture);
}

/* ---- attachments -------------------------------------------------------- */

#define HEAD "Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define BODY "--b\r\n\r\nbody secret secret\r\n"
#define PICTURE "--b\r\nContent-Type: image/png; name=\"p.png\"\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\nAAAABBBB\r\n"
#define SHEET "--b\r\nContent-Type: application/octet-stream\r\n" \
	"Content-Disposition: attachment; filename=\"r\xc3\xa9sum\xc3\xa9" \
	".XLSX\"\r\n\r\nsecret and secret\r\n"
#define INNER "--b\r\nContent-Type: message/rfc822\r\n\r\n" \
	"Subject: inner\r\nContent-Type: application/pdf; name=i.pdf\r\n" \
	"\r\n%PDF-1.4 secret\r\n"
#define END "--b--\r\n"
#define WHOLE HEAD BODY PICTURE SHEET INNER END
#define GONE(words) "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n" \
	"Content-Transfer-Encoding: 7bit\r\n" \
	"Content-Disposition: inline\r\n\r\n" words "\r\n"
#define INNER_GONE(words) "--b\r\nContent-Type: message/rfc822\r\n\r\n" \
	"Subject: inner\r\nContent-Type: text/plain; charset=us-ascii\r\n" \
	"Content-Transfer-Encoding: 7bit\r\n" \
	"Content-Disposition: inline\r\nMIME-Version: 1.0\r\n\r\n" words \
	"\r\n\r\n"

static void
test_strip(void **unused)
{
	static const struct {
		const char *action, *after;	/* NULL: unchanged */
	} cases[] = {
		{ "drop-attachments-by-name('^p\\.png$')",
		  HEAD BODY GONE("The attachment p.png was removed.") SHEET
		  INNER END },
		{ "drop-attachments-by-name('png', '')",
		  HEAD BODY SHEET INNER END },
		{ "drop-attachments-by-name('\xc3\xa9\\.XLSX$', '$MID')",
		  HEAD BODY PICTURE GONE("42") INNER END },
		{ "drop-attachments-by-name('xlsx')", NULL },
		{ "drop-attachments-by-name('i.pdf', 'x')",
		  HEAD BODY PICTURE SHEET INNER_GONE("x") END },
		{ "drop-attachments-by-mimetype('IMAGE/png', 'x')",
		  HEAD BODY GONE("x") SHEET INNER END },
		{ "drop-attachments-by-mimetype('image/gif')", NULL },
		{ "drop-attachments-by-mimetype('message/rfc822', "
		  "'$dropped_filename')",
		  HEAD BODY PICTURE SHEET GONE("message/rfc822") END },
		{ "drop-attachments-by-type('application/pdf', 'x')",
		  HEAD BODY PICTURE SHEET INNER_GONE("x") END },
		{ "drop-attachments-by-filetype('PDF', 'x')",
		  HEAD BODY PICTURE SHEET INNER_GONE("x") END },
		{ "drop-attachments-by-filetype('Executables')", NULL },
		{ "drop-attachments-by-type('image/*', '')",
		  HEAD BODY SHEET INNER END },
		{ "drop-attachments-by-type('image', '')",
		  HEAD BODY SHEET INNER END },
		{ "drop-attachments-by-type('audio')", NULL },
		{ "drop-attachments-by-size(8, '')", HEAD BODY END },
		{ "drop-attachments-by-size(12, '')", HEAD BODY PICTURE END },
		{ "drop-attachments-by-size(1K)", NULL },
		{ "drop-attachments-where-contains('secret', 2, 'x')",
		  HEAD BODY PICTURE GONE("x") INNER END },
		{ "drop-attachments-where-contains('PDF', 1, 'x')",
		  HEAD BODY PICTURE SHEET GONE("x") END },
		{ "drop-attachments-where-contains('secret', 3)", NULL },
		{ "drop-attachments-where-contains('*credit')", NULL },
	};
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	init(&fixture);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&fixture, WHOLE, cases[i].action, NULL, NULL);
		if (cases[i].after == NULL) {
			assert_int_equal(fixture.out.judgement,
			    FRAME_JUDGED);
			assert_int_equal(fixture.fate.body, 0);
			continue;
		}
		if (!text_equal(buffer_text(&fixture.changed),
		    text_from(cases[i].after)))
			fail_msg("%s: %.*s <<%.*s>>", cases[i].action,
			    TEXT_ARG(fixture.out.reason),
			    TEXT_ARG(buffer_text(&fixture.changed)));
	}
	fixture_clear(&fixture);
}

static void
test_dropped_variables(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	run(&fixture, WHOLE, "drop-attachments-by-name('png', "
	    "'$dropped_filename/$dropped_filenames/$dropped_filetypes')",
	    "drop-attachments-by-name('pdf')", "insert-header('X', "
	    "'$dropped_filename; $dropped_filenames; $dropped_filetypes')");
	assert_true(has(&fixture, "\r\n\r\np.png/p.png/image/png\r\n"));
	assert_true(has(&fixture, "X: i.pdf; p.png, i.pdf; image/png, "
	    "application/pdf\r\n"));
	fixture_clear(&fixture);
}

static void
test_only_an_attachment(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	run(&fixture, "Subject: s\r\nContent-Type: application/pdf; "
	    "name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
	    "drop-attachments-by-name('pdf')", NULL, NULL);
	assert_changed(&fixture, "Subject: s\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "Content-Disposition: inline\r\nMIME-Version: 1.0\r\n\r\n"
	    "The attachment a.pdf was removed.\r\n");
	fixture_clear(&fixture);
}

#define SIGNED(subtype, one, two) "Content-Type: multipart/" subtype \
	";\r\n\tboundary=\"s\"\r\n\r\n--s\r\n" HEAD BODY one END "--s\r\n" two \
	"--s--\r\n"

static void
test_signed(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	run(&fixture, SIGNED("signed", PICTURE, "Content-Type: "
	    "application/pkcs7-signature; name=smime.p7s\r\n\r\nx\r\n"),
	    "drop-attachments-by-name('png')", NULL, NULL);
	assert_true(has(&fixture, "Content-Type: multipart/mixed;\r\n"
	    "\tboundary=\"s\"\r\n"));
	assert_true(has(&fixture, "The attachment p.png was removed."));
	assert_true(has(&fixture, "The signature of this message was "
	    "removed, because an attachment was removed."));
	assert_false(has(&fixture, "p7s"));
	/* Nothing matches: nothing is broken. */
	run(&fixture, NULL, "drop-attachments-by-name('gif')", NULL, NULL);
	assert_int_equal(fixture.fate.body, 0);
	fixture_clear(&fixture);
}

/* What only other readers see as an attachment goes too. */
static void
test_every_reading(void **unused)
{
	static const char *const messages[] = {
		/* Two types; two boundaries in one. */
		"Content-Type: text/plain\r\nContent-Type: multipart/mixed;"
		    " boundary=b\r\n\r\n" BODY PICTURE END,
		"Content-Type: multipart/mixed; boundary=a; boundary=b"
		    "\r\n\r\n--a\r\n\r\nx\r\n" PICTURE "--a--\r\n",
	};
	struct filter_fixture fixture;
	size_t i;

	(void)unused;
	init(&fixture);
	for (i = 0; i < 2; i++) {
		run(&fixture, messages[i], "drop-attachments-by-name('png')",
		    NULL, NULL);
		assert_int_equal(fixture.out.judgement, FRAME_JUDGED);
		assert_int_equal(fixture.fate.body, 1);
		assert_false(has(&fixture, "AAAABBBB"));
		assert_true(has(&fixture, "The attachment p.png was"));
	}
	fixture_clear(&fixture);
}

/* What a mail program finds in an attachment goes with it. */
static void
test_within(void **unused)
{
	static const char *const parts[] = {
		/* "Content-Type: image/png; name=p.png\r\n\r\nx" */
		"Content-Type: message/rfc822\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n"
		    "Q29udGVudC1UeXBlOiBpbWFnZS9wbmc7IG5hbWU9cC5wbmcNCg0KeA=="
		    "\r\n",
		"Content-Disposition: attachment\r\n\r\nlook:\r\n"
		    "begin 644 p.png\r\n#0V%T\r\n`\r\nend\r\n",
	};
	struct filter_fixture fixture;
	struct buffer message;
	size_t i;

	(void)unused;
	init(&fixture);
	buffer_init(&message, 4096);
	for (i = 0; i < 2; i++) {
		buffer_reset(&message);
		assert_int_equal(buffer_printf(&message, HEAD BODY
		    "--b\r\n%s" END, parts[i]), 0);
		fixture.message = buffer_text(&message);
		run(&fixture, NULL, "drop-attachments-by-name('p.png', 'x')",
		    NULL, NULL);
		assert_changed(&fixture, HEAD BODY GONE("x") END);
		run(&fixture, NULL, "drop-attachments-by-name('q.png')",
		    NULL, NULL);
		assert_int_equal(fixture.fate.body, 0);
		assert_int_equal(fixture.out.judgement, FRAME_JUDGED);
	}
	buffer_clear(&message);
	fixture_clear(&fixture);
}

/* Limits are never "no change". */
static void
test_limits(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	buffer_clear(&fixture.changed);
	buffer_init(&fixture.changed, 60);
	run(&fixture, "Subject: s\r\n\r\nhello\r\n", "add-footer('legal')",
	    NULL, NULL);
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	run(&fixture, NULL, "edit-body-text('l', "
	    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", NULL, NULL);
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	fixture_clear(&fixture);
}

/* A message whose lines end in LF alone. */
static void
test_lf(void **unused)
{
	struct filter_fixture fixture;

	(void)unused;
	init(&fixture);
	run(&fixture, "Subject: s\n\nhello\n", "add-footer('both')", NULL,
	    NULL);
	assert_changed(&fixture, "Subject: s\r\n\r\nhello\r\n\r\nAbout s\r\n");
	run(&fixture, NULL, "drop-attachments-by-name('x')", NULL, NULL);
	assert_int_equal(fixture.fate.body, 0);
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disclaimer),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_variables_are_known),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_convert),
		cmocka_unit_test(test_matched_stays),
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_dropped_variables),
		cmocka_unit_test(test_only_an_attachment),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_every_reading),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_lf),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
