/*
 * policy/filter_content: what hides in one reading of a message is found in
 * another, and said to be ambiguous; what cannot be searched is said so.
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>
#include <string.h>

struct one {
	const char *message;	/* without its header's first line */
	const char *condition;
	bool is_true;
};

#define TEXT_PLAIN "Content-Type: text/plain\r\n"
#define MIXED "Content-Type: multipart/mixed; "
#define B64 "Content-Transfer-Encoding: base64\r\n"
#define FOUND "body-contains('the secret')"
#define CODED "dGhlIHNlY3JldA==\r\n"	/* "the secret" */
#define AMBIGUOUS FOUND " and ambiguous"
#define SOUND FOUND " and not ambiguous and not unscannable"

static const struct one readings[] = {
	/* M01: two fields, two parameters */
	{ TEXT_PLAIN MIXED "boundary=b\r\n\r\n--b\r\n" B64 "\r\n" CODED
	    "--b--\r\n", AMBIGUOUS, true },
	{ MIXED "boundary=b\r\n" TEXT_PLAIN "\r\n--b\r\n" B64 "\r\n" CODED
	    "--b--\r\n", AMBIGUOUS, true },
	{ MIXED "boundary=a; boundary=b\r\n\r\n--b\r\n" B64 "\r\n" CODED
	    "--b--\r\n", AMBIGUOUS " and duplicate_boundaries", true },
	{ MIXED "boundary=b; boundary=a\r\n\r\n--b\r\n" B64 "\r\n" CODED
	    "--b--\r\n", AMBIGUOUS " and duplicate_boundaries", true },
	{ MIXED "boundary=b; boundary=b\r\n\r\n--b\r\n" B64 "\r\n" CODED
	    "--b--\r\n", SOUND, true },
	/* M02: odd boundaries */
	{ MIXED "boundary=\"\"\r\n\r\n--\r\n\r\n--x\r\n" B64 "\r\n" CODED
	    "--x--\r\n", AMBIGUOUS, true },
	{ MIXED "boundary=b\r\n\r\n--bc\r\n" B64 "\r\n" CODED "--b--\r\n",
	    AMBIGUOUS, true },
	{ MIXED "boundary=\"a\\\"b\"\r\n\r\n--a\\\"b\r\n" B64 "\r\n" CODED
	    "--a\\\"b--\r\n", AMBIGUOUS, true },
	{ MIXED "boundary=a b\r\n\r\n--a\r\n" B64 "\r\n" CODED "--a--\r\n",
	    AMBIGUOUS, true },
	{ MIXED "boundary=missing\r\n\r\n--x\r\n" B64 "\r\n" CODED
	    "--x--\r\n", AMBIGUOUS, true },
	{ "Content-Type: multipart/mixed\r\n\r\n--x\r\n" B64 "\r\n" CODED
	    "--x--\r\n", AMBIGUOUS, true },
	{ MIXED "boundary=\"b \"\r\n\r\n--b\r\n" B64 "\r\n" CODED
	    "--b--\r\n", FOUND, true },
	/* M04: behind the closing delimiter; none at all */
	{ MIXED "boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n" B64
	    "\r\n" CODED, AMBIGUOUS, true },
	{ MIXED "boundary=b\r\n\r\n--b\r\n" B64 "\r\n" CODED, SOUND, true },
	{ MIXED "boundary=b\r\n\r\n--b\r\n" MIXED "boundary=c\r\n\r\n"
	    "--c\r\n\r\nx\r\n--b\r\n" B64 "\r\n" CODED "--b--\r\n", FOUND,
	    true },
	/* M05: encodings that are unknown, doubled, commented, misplaced */
	{ "Content-Transfer-Encoding: x-zip\r\n\r\nthe secret\r\n",
	    AMBIGUOUS, true },
	{ "Content-Transfer-Encoding: base-64\r\n\r\n" CODED, AMBIGUOUS,
	    true },
	{ B64 "Content-Transfer-Encoding: 7bit\r\n\r\nthe secret\r\n",
	    AMBIGUOUS, true },
	{ "Content-Transfer-Encoding: 7bit\r\n" B64 "\r\n" CODED, AMBIGUOUS,
	    true },
	{ "Content-Transfer-Encoding: 7bit (base64)\r\n\r\n" CODED,
	    AMBIGUOUS, true },
	{ "Content-Transfer-Encoding: base64 junk\r\n\r\n" CODED, AMBIGUOUS,
	    true },
	{ "Content-Transfer-Encoding: 7bit; base64\r\n\r\n" CODED,
	    AMBIGUOUS, true },
	/* a multipart in base64: its parts are "the secret" in base64 */
	{ MIXED "boundary=b\r\n" B64 "\r\nLS1iDQpDb250ZW50LVRyYW5zZmVyLUVu"
	    "Y29kaW5nOiBiYXNlNjQNCg0KZEdobElITmxZM0psZEE9PQ0KLS1iLS0NCg=="
	    "",
	    AMBIGUOUS, true },
	{ B64 "\r\n" CODED, SOUND, true },
	/* M06: sloppy base64 */
	{ B64 "\r\ndGhl!IHNl*Y3JldA==\r\n", AMBIGUOUS, true },
	{ B64 "\r\ndGhlIA==c2VjcmV0\r\n", AMBIGUOUS, true },
	{ B64 "\r\ndGhl=IHNlY3JldA==\r\n", AMBIGUOUS, true },
	{ B64 "\r\ndGhlIHNlY3JldA\r\n", FOUND, true },
	{ B64 "\r\nd G h l I H N l Y 3 J l d A = =\r\n", SOUND, true },
	{ B64 "\r\ndGhlIHNlY3JldA==!!!!\r\n", "body-contains('secret$')",
	    true },
	/* lines that end in two ways, and one that is no field */
	{ MIXED "boundary=b\r\n\r\n--b\r\n\r\nx\n--b\n" B64 "\n" CODED,
	    AMBIGUOUS, true },
	{ "no field\r\n" B64 "\r\n" CODED, AMBIGUOUS, true },
	{ B64 "no field\r\nX: y\r\n\r\n" CODED, AMBIGUOUS, true },
	/* messages within, as they stand and encoded */
	{ "Content-Type: message/rfc822\r\n\r\n" B64 "\r\n" CODED, SOUND,
	    true },
	{ "Content-Type: message/rfc822\r\n" B64 "\r\n"
	    "Q29udGVudC1UcmFuc2Zlci1FbmNvZGluZzogYmFzZTY0DQoNCmRHaGxJSE5s"
	    "WTNKbGRBPT0NCg==\r\n", FOUND, true },
	{ "Content-Type: application/octet-stream; name=x.eml\r\n" B64 "\r\n"
	    "Q29udGVudC1UcmFuc2Zlci1FbmNvZGluZzogYmFzZTY0DQoNCmRHaGxJSE5s"
	    "WTNKbGRBPT0NCg==\r\n", FOUND, true },
	/* text that is not called so */
	{ "Content-Type: application/octet-stream\r\n" B64 "\r\n" CODED,
	    SOUND, true },
	{ "Content-Type: text\r\n\r\nthe secret\r\n", FOUND, true },
};

static const struct one codings[] = {
	/* M08: files within text */
	{ TEXT_PLAIN "\r\nsee:\r\nbegin 644 plan.exe\r\n"
	    "*=&AE('-E8W)E=```\r\n`\r\nend\r\n", FOUND
	    " and attachment-filename == '^plan.exe$'", true },
	{ TEXT_PLAIN "\r\nto begin 644 years ago\r\n",
	    "attachment-size > 0", false },
	{ TEXT_PLAIN "\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\n"
	    "begin 644 b\r\n*=&AE('-E8W)E=```\r\n`\r\nend\r\n", FOUND
	    " and attachment-contains('^Cat')", true },
	{ TEXT_PLAIN "\r\nx\r\n=ybegin line=128 size=1 name=a\r\n",
	    "unscannable", true },
	{ TEXT_PLAIN "\r\n(This file must be converted with BinHex 4.0)\r\n",
	    "unscannable", true },
	/* M18 */
	{ "Content-Type: message/partial; id=x; number=1\r\n\r\nabc\r\n",
	    "unscannable", true },
	{ "Content-Type: message/external-body; access-type=x\r\n\r\n",
	    "unscannable", true },
	{ "Content-Type: message/delivery-status\r\n\r\nthe secret\r\n",
	    SOUND, true },
	/* M14: charsets */
	{ "Content-Type: text/plain; charset=x-nine\r\n\r\nthe secret\r\n",
	    AMBIGUOUS, true },
	{ "Content-Type: text/plain; charset=\"utf-8;x\"\r\n\r\n"
	    "the secret\r\n", FOUND, true },
	{ "Content-Type: text/plain; charset=utf-7\r\n\r\n"
	    "+AHQAaABl- secret\r\n", AMBIGUOUS, true },
	{ "Content-Type: text/plain; charset=utf-7\r\n\r\n"
	    "+AHQAaABl- secret\r\n", "body-contains('AHQAaABl')", true },
	{ "Content-Type: text/plain; charset=utf-16\r\n" B64 "\r\n"
	    "dABoAGUAIABzAGUAYwByAGUAdAA=\r\n", AMBIGUOUS, true },
	{ "Content-Type: text/plain; charset=utf-16\r\n" B64 "\r\n"
	    "AHQAaABlACAAcwBlAGMAcgBlAHQ=\r\n", FOUND, true },
	{ TEXT_PLAIN B64 "\r\ndABoAGUAIABzAGUAYwByAGUAdAA=\r\n", FOUND,
	    true },
	{ "Content-Type: text/plain; charset=utf-8; charset=utf-16le\r\n"
	    B64 "\r\ndABoAGUAIABzAGUAYwByAGUAdAA=\r\n", AMBIGUOUS, true },
	{ "Content-Type: text/plain; charset=ibm037\r\n" B64 "\r\n"
	    "o4iFQKKFg5mFow==\r\n", FOUND, true },
	{ "Content-Type: text/plain; charset=utf-8\r\n\r\n"
	    "\xff" "the secret\xfe\r\n", AMBIGUOUS, true },
	{ TEXT_PLAIN "\r\nthe sec\x1b(Bret\r\n", FOUND, true },
	{ "Content-Type: text/plain; charset=utf-8\r\n\r\n"
	    "the s\xe2\x80\x8b" "ec\xc2\xadret\r\n", FOUND, true },
	/* M19: HTML as it is seen, and as it is written */
	{ "Content-Type: text/html\r\n\r\nthe se<b></b>c<!-- x -->re<span "
	    "title='>'>t</span>", SOUND, true },
	{ "Content-Type: text/html\r\n\r\nthe&#32;&#x73;e&shy;c&zwnj;ret",
	    FOUND, true },
	{ "Content-Type: text/html\r\n\r\n<p>the</p><p>secret</p>", FOUND,
	    false },
	{ "Content-Type: text/html\r\n\r\nthe\r\n  secret", FOUND, true },
	{ "Content-Type: text/html\r\n\r\n<a title='the secret'>x</a>",
	    FOUND, true },
	{ "Content-Type: text/html\r\n\r\n<!-- the secret -->", FOUND,
	    true },
	{ "Content-Type: text/html\r\n\r\none secret",
	    "body-contains('secret', 2)", false },
	{ "Content-Type: text/html\r\n\r\none secret, two secret",
	    "body-contains('secret', 2)", true },
	{ MIXED "boundary=b\r\n\r\n--b\r\n\r\nsafe\r\n--b\r\n"
	    "Content-Type: text/html\r\n\r\nthe s<i>ecret\r\n--b--", FOUND,
	    true },
};

static const struct one attachments[] = {
	/* M12: every name that a reader may show */
	{ "Content-Type: application/x; name=\"a.txt\"\r\n"
	    "Content-Disposition: attachment; filename=\"b.exe\"\r\n\r\n",
	    "attachment-filename == '\\\\.exe$' and "
	    "attachment-filename == '\\\\.txt$'", true },
	{ "Content-Disposition: attachment; filename*1=xe; filename*0=a.e"
	    "\r\n\r\n", "attachment-filename == '^a.exe$'", true },
	{ "Content-Disposition: attachment; filename=a.txt\r\n"
	    "Content-Disposition: attachment; filename=a.exe\r\n\r\nx",
	    "attachment-filename == '\\\\.exe$' and "
	    "attachment-filename == '\\\\.txt$' and ambiguous", true },
	/* M13: declared and found */
	{ "Content-Type: image/png\r\n" B64 "\r\nUEsDBBQAAAAIAAAA",
	    "attachment-filetype == 'zip' and attachment-mismatch and "
	    "attachment-type == 'application/zip' and "
	    "attachment-mimetype == 'image/png'", true },
	{ "Content-Type: image/png\r\n" B64 "\r\n"
	    "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABQRQAATAE=",
	    "attachment-filetype == 'exe' and attachment-mismatch", true },
	{ "Content-Type: image/png\r\n\r\n<html><script>x</script>",
	    "attachment-filetype == 'html' and attachment-mismatch", true },
	{ "Content-Type: image/gif\r\n" B64 "\r\n"
	    "R0lGODlhAQABAIAAAAAAAP///w==", "attachment-filetype == 'Image'"
	    " and not attachment-mismatch", true },
	{ "Content-Type: image/gif\r\n" B64 "\r\n"	/* and an archive */
	    "R0lGODlhAQABAFBLBQYAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "attachment-filetype == 'gif' and attachment-filetype == 'zip' "
	    "and attachment-mismatch", true },
	{ "Content-Type: application/x-thing\r\n" B64 "\r\nJVBERi0xLjQK",
	    "attachment-filetype == 'pdf' and not attachment-mismatch",
	    true },
	{ MIXED "boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\n"
	    "x\r\n--b\r\nContent-Type: application/pdf\r\n\r\ny\r\n--b--",
	    "attachment-mimetype != 'image/png'", false },
	{ MIXED "boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment"
	    "\r\n\r\nx\r\n--b\r\nContent-Disposition: attachment\r\n\r\n"
	    "y\r\n--b--", "every-attachment-contains('x')", false },
	{ MIXED "boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment"
	    "\r\n\r\nxz\r\n--b\r\nContent-Disposition: attachment\r\n\r\n"
	    "xy\r\n--b--", "every-attachment-contains('x')", true },
	{ "\r\nno attachment", "every-attachment-contains('no')", false },
	{ "Content-Type: message/rfc822\r\nContent-Disposition: attachment"
	    "\r\n\r\n\r\nthe secret", "attachment-contains('secret') and "
	    "not only-body-contains('secret')", true },
};

static const struct one structures[] = {
	{ "X: a\r\n\r\n", "valid and not malformed-header", true },
	{ "To: a\r\nTo: b\r\n\r\n", "malformed-header and not valid", true },
	{ "bad line\r\n\r\n", "malformed-header and not valid", true },
	{ MIXED "boundary=b\r\n\r\n--b\r\n\r\nx", "not valid and "
	    "not malformed-header", true },
	{ MIXED "boundary=b\r\n\r\n--b\r\n" MIXED "boundary=b\r\n\r\n--b\r\n"
	    "\r\nx\r\n--b--\r\n", "duplicate_boundaries", true },
	{ MIXED "boundary=b\r\n\r\n--b\r\n" MIXED "boundary=c\r\n\r\n--c\r\n"
	    "\r\nx\r\n--c--\r\n--b--\r\n", "duplicate_boundaries", false },
	{ "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\n"
	    "x\r\n--b--", "encrypted", true },
	{ "\r\n-----BEGIN PGP MESSAGE-----\r\n", "encrypted", true },
	{ "\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n", "encrypted", false },
	{ "Content-Type: application/pkcs7-mime; smime-type=enveloped-data"
	    "\r\n\r\n", "encrypted", true },
	{ "Content-Type: application/pkcs7-mime; smime-type=signed-data"
	    "\r\n\r\n", "encrypted", false },
	{ "Content-Type: application/x-pkcs7-mime\r\n" B64 "\r\n"
	    "MIAGCSqGSIb3DQEHA6CA\r\n", "encrypted", true },
	{ "Content-Type: application/x-pkcs7-mime\r\n" B64 "\r\n"
	    "MIAGCSqGSIb3DQEHAqCA\r\n", "encrypted", false },
};

static void
check(const struct one *all, size_t count)
{
	struct filter_fixture fixture;
	size_t i;

	fixture_init(&fixture);
	for (i = 0; i < count; i++) {
		fixture.message = arena_printf(fixture.arena,
		    "Subject: x\r\n%s", all[i].message);
		fixture_run(&fixture, all[i].condition, "drop()", NULL,
		    NULL);
		if (fixture.out.judgement == FRAME_JUDGED &&
		    fixture.fate.verdict == (all[i].is_true ?
		    FRAME_VERDICT_DROP : FRAME_VERDICT_DELIVER))
			continue;
		fail_msg("%zu: %s: %.*s", i, all[i].condition,
		    TEXT_ARG(fixture.out.reason));
	}
	fixture_clear(&fixture);
}
#define CHECK(table) check((table), sizeof(table) / sizeof((table)[0]))

static void
test_readings(void **unused)
{
	(void)unused;
	CHECK(readings);
}

static void
test_codings(void **unused)
{
	(void)unused;
	CHECK(codings);
}

static void
test_attachments(void **unused)
{
	(void)unused;
	CHECK(attachments);
}

static void
test_structures(void **unused)
{
	(void)unused;
	CHECK(structures);
}

/* A limit is a verdict: set aside, whatever the rule would say. */
static void
check_aside(const char *message, const char *condition, const char *words)
{
	struct filter_fixture fixture;

	fixture_init(&fixture);
	fixture.message = text_from(message);
	fixture_run(&fixture, condition, "deliver()", NULL, NULL);
	assert_int_equal(fixture.out.judgement, FRAME_SET_ASIDE);
	if (strstr(fixture.out.reason.data, words) == NULL)
		fail_msg("%.*s", TEXT_ARG(fixture.out.reason));
	fixture_clear(&fixture);
}

static void
test_limits(void **unused)
{
	(void)unused;
	check_aside("Content-Type: a/b\r\nContent-Type: c/d\r\n"
	    "Content-Type: e/f\r\n\r\n", "ambiguous", "too many ways");
	check_aside("no field\r\n" TEXT_PLAIN
	    MIXED "boundary=a; boundary=b\r\n\r\n--ac\r\n\r\n--a--\r\n"
	    "--a\r\n\r\n--b--\r\n--b\r\n\r\n--bc\r\n", "ambiguous",
	    "too many ways");
}

/* ---- real messages ---- */

#define FOLDER "../shared/testdata/mime"
#define MESSAGE_MAX ((size_t)64 << 20)

static bool
is_judged(struct filter_fixture *fixture, const char *path)
{
	struct buffer bytes;
	FILE *in = fopen(path, "rb");
	char piece[4096];
	size_t len;

	assert_non_null(in);
	buffer_init(&bytes, MESSAGE_MAX);
	while ((len = fread(piece, 1, sizeof(piece), in)) > 0)
		assert_int_equal(buffer_add(&bytes, piece, len), 0);
	assert_int_equal(fclose(in), 0);
	arena_reset(fixture->arena);
	fixture->message = buffer_text(&bytes);
	fixture_run(fixture, "ambiguous", "drop()", NULL, NULL);
	buffer_clear(&bytes);
	return fixture->out.judgement == FRAME_JUDGED;
}

/* None of them is set aside, few are ambiguous. */
static void
test_real_messages(void **unused)
{
	FILE *list = fopen(FOLDER "/MESSAGES.tsv", "r");
	struct filter_fixture fixture;
	size_t count = 0, ambiguous = 0;
	char line[1024], path[2048];

	(void)unused;
	if (list == NULL) {
		print_message("# skipped: no %s\n", FOLDER);
		skip();
	}
	fixture_init(&fixture);
	while (fgets(line, sizeof(line), list) != NULL) {
		if (line[0] == '#')
			continue;
		line[strcspn(line, "\t\n")] = '\0';
		(void)snprintf(path, sizeof(path), FOLDER "/%s", line);
		if (!is_judged(&fixture, path))
			fail_msg("%s: %.*s", line,
			    TEXT_ARG(fixture.out.reason));
		count++;
		if (fixture.fate.verdict == FRAME_VERDICT_DROP)
			ambiguous++;
	}
	assert_int_equal(fclose(list), 0);
	print_message("# %zu of %zu messages are ambiguous\n", ambiguous,
	    count);
	assert_true(count > 1000);
	assert_true(ambiguous * 8 < count);
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_structures),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_real_messages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
