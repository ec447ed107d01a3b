/*
 * mail/mime_write: parts of messages changed, replaced, removed and wrapped;
 * everything else stays byte for byte.
 */
#include "t/unit/mime_write_fixture.h"

#include "gateway/mail/charset.h"
#include "gateway/mail/quoted_printable.h"

/* ---- encodings ---------------------------------------------------------- */

static void
test_quoted_printable(void **unused)
{
	static const struct {
		const char *plain, *encoded;
	} cases[] = {
		{ "", "" },
		{ "a\r\nb", "a\r\nb" },
		{ "a \r\n\tb\t", "a=20\r\n\tb=09" },
		{ "x=y", "x=3Dy" },
		{ "gr\xc3\xbcn\r\n", "gr=C3=BCn\r\n" },
		{ ".\r\n..a", "=2E\r\n=2E.a" },
		{ "From me\r\nto From you", "=46rom me\r\nto From you" },
		{ "--b\r\n-- \r\n", "=2D-b\r\n=2D-=20\r\n" },
		{ "a\nb\rc", "a=0Ab=0Dc" },
		{ "0123456789012345678901234567890123456789"
		  "0123456789012345678901234567890123456789",
		  "0123456789012345678901234567890123456789"
		  "01234567890123456789012345678901234=\r\n56789" },
		{ "012345678901234567890123456789012345678901234567890123456"
		  "789012345678901234.b",
		  "012345678901234567890123456789012345678901234567890123456"
		  "789012345678901234=\r\n=2Eb" },
	};
	struct buffer out;
	size_t i;

	(void)unused;
	buffer_init(&out, 4096);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int flags;

		buffer_reset(&out);
		assert_int_equal(quoted_printable_encode(
		    text_from(cases[i].plain), &out), 0);
		assert_bytes(buffer_text(&out), cases[i].encoded);
		buffer_reset(&out);
		assert_int_equal(quoted_printable_decode(
		    text_from(cases[i].encoded), &out, &flags), 0);
		assert_bytes(buffer_text(&out), cases[i].plain);
		assert_int_equal(flags, 0);
	}
	buffer_clear(&out);
	buffer_init(&out, 4);
	assert_int_equal(quoted_printable_encode(TEXT("abcde"), &out),
	    ERROR_LIMIT);
	assert_int_equal(buffer_len(&out), 0);
	buffer_clear(&out);
}

static void
test_charset_from_utf8(void **unused)
{
	static const struct {
		const char *charset, *utf8;
		const char *bytes;	/* NULL: not there */
	} cases[] = {
		{ "utf-8", "gr\xc3\xbcn", "gr\xc3\xbcn" },
		{ "us-ascii", "plain", "plain" },
		{ "us-ascii", "gr\xc3\xbcn", NULL },
		{ "iso-8859-1", "gr\xc3\xbcn", "gr\xfcn" },
		{ "ISO-8859-15", "\xe2\x82\xac", "\xa4" },
		/* Only the larger set has it. */
		{ "iso-8859-1", "\xe2\x82\xac", NULL },
		{ "windows-1252", "\xe2\x82\xac", "\x80" },
		{ "koi8-r", "\xd0\x9c", "\xed" },
		{ "iso-8859-1", "\xe6\x97\xa5\xe6\x9c\xac", NULL },
		{ "shift_jis", "ascii", "ascii" },
		{ "shift_jis", "\xe6\x97\xa5", NULL },
		{ "iso-2022-jp", "ascii", NULL },
		{ "utf-16", "ascii", NULL },
		{ "utf-7", "a+b", NULL },
		{ "x-nobody", "a", NULL },
	};
	struct buffer out;
	size_t i;

	(void)unused;
	buffer_init(&out, 100);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int error;

		buffer_reset(&out);
		error = charset_from_utf8(text_from(cases[i].charset),
		    text_from(cases[i].utf8), &out);
		if (error != (cases[i].bytes == NULL ? ERROR_NOT_FOUND : 0))
			fail_msg("%s %s: %d", cases[i].charset,
			    cases[i].utf8, error);
		assert_bytes(buffer_text(&out), cases[i].bytes == NULL ? "" :
		    cases[i].bytes);
	}
	buffer_clear(&out);
}

/* ---- changes ------------------------------------------------------------ */

#define MIXED "Subject: s\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
#define ONE "--b\r\nContent-Type: text/plain\r\n\r\none\r\n"
#define TWO "--b\r\nContent-Type: image/png; name=a.png\r\n\r\ntwo\r\n"
#define THREE "--b\r\n\r\nthree\r\n"
#define END "--b--\r\nepilogue\r\n"
#define GONE "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n" \
	"Content-Transfer-Encoding: 7bit\r\n" \
	"Content-Disposition: inline\r\n\r\n"

static void
test_remove(void **unused)
{
	static const struct {
		const char *numbers;	/* of parts that go, from 1 */
		const char *after;
	} cases[] = {
		{ "", MIXED ONE TWO THREE END },
		{ "1", MIXED TWO THREE END },
		{ "2", MIXED ONE THREE END },
		{ "3", MIXED ONE TWO END },
		{ "12", MIXED THREE END },
		{ "23", MIXED ONE END },
		{ "13", MIXED TWO END },
		{ "123", MIXED GONE "\r\n" END },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;
		const char *at;

		open_bytes(&fixture, TEXT(MIXED ONE TWO THREE END));
		for (at = cases[i].numbers; *at != '\0'; at++)
			mime_write_remove(&fixture.write,
			    (size_t)(*at - '0'));
		assert_bytes(finish(&fixture), cases[i].after);
		close_all(&fixture);
	}
}

static void
test_replace(void **unused)
{
	struct fixture fixture;

	(void)unused;
	open_bytes(&fixture, TEXT(MIXED ONE TWO THREE END));
	assert_int_equal(mime_write_replace(&fixture.write, 2,
	    TEXT("a.png went")), 0);
	assert_bytes(finish(&fixture), MIXED ONE GONE "a.png went\r\n" THREE
	    END);
	close_all(&fixture);
	/* A message that is nothing but the attachment. */
	open_bytes(&fixture, TEXT("Subject: s\r\nContent-Type: image/png\r\n"
	    "X-Keep:  this\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "AAAA\r\n"));
	assert_int_equal(mime_write_replace(&fixture.write, 0,
	    TEXT("gr\xc3\xbcn went")), 0);
	assert_bytes(finish(&fixture), "Subject: s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "Content-Disposition: inline\r\n"
	    "X-Keep:  this\r\nMIME-Version: 1.0\r\n\r\n"
	    "gr=C3=BCn went\r\n");
	close_all(&fixture);
}

/* What is below something that goes is gone with it. */
static void
test_nested(void **unused)
{
	struct fixture fixture;
	struct text rest;

	(void)unused;
	open_bytes(&fixture, TEXT(MIXED ONE "--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n"
	    "Content-Type: application/pdf\r\n\r\npdf\r\n" THREE END));
	assert_int_equal(fixture.message.part_count, 5);
	mime_write_remove(&fixture.write, 3);
	rest = finish(&fixture);
	assert_true(text_find(rest, TEXT("pdf")) == rest.len);
	assert_true(text_find(rest, TEXT("Subject: inner\r\n"
	    "Content-Type: text/plain")) < rest.len);
	buffer_reset(&fixture.out);
	mime_write_remove(&fixture.write, 2);
	assert_bytes(finish(&fixture), MIXED ONE THREE END);
	close_all(&fixture);
}

static void
test_unsign(void **unused)
{
	struct fixture fixture;

	(void)unused;
	open_bytes(&fixture, TEXT("Content-Type: multipart/signed;"
	    " micalg=sha-256; protocol=\"application/pkcs7-signature\";"
	    " boundary=\"b\"\r\nMIME-Version: 1.0\r\n\r\n"
	    ONE "--b\r\nContent-Type: application/pkcs7-signature\r\n\r\n"
	    "sig\r\n" END));
	assert_int_equal(mime_write_replace(&fixture.write, 1, TEXT("new")),
	    0);
	assert_int_equal(mime_write_unsign(&fixture.write, 1,
	    TEXT("unsigned")), 0);
	assert_bytes(finish(&fixture), "Content-Type: multipart/mixed;\r\n"
	    "\tboundary=\"b\"\r\nMIME-Version: 1.0\r\n\r\n"
	    GONE "new\r\n" GONE "unsigned\r\n" END);
	close_all(&fixture);
}

static void
give(struct fixture *fixture, size_t index, const char *bytes,
	const char *charset)
{
	struct buffer body;

	buffer_init(&body, OUT_MAX);
	assert_int_equal(buffer_add_text(&body, text_from(bytes)), 0);
	mime_write_body(&fixture->write, index, &body, text_from(charset));
	buffer_clear(&body);
}

static void
test_body(void **unused)
{
	static const struct {
		const char *header, *bytes, *charset, *after;
	} cases[] = {
		{ "", "new\r\n", "", "\r\nnew\r\n" },
		{ "", "gr\xfcn\r\n", "", "MIME-Version: 1.0\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "gr=FCn\r\n" },
		{ "Content-Transfer-Encoding: 8bit\r\n", "gr\xfcn\r\n", "",
		  "Content-Transfer-Encoding: 8bit\r\n\r\ngr\xfcn\r\n" },
		{ "Content-Transfer-Encoding: base64\r\nContent-MD5: x\r\n",
		  "abc", "", "Content-Transfer-Encoding: base64\r\n\r\n"
		  "YWJj\r\n" },
		{ "Content-Type: text/plain; charset=x; format=flowed;"
		  " name=\"a b\"\r\n", "new\r\n", "utf-8",
		  "Content-Type: text/plain; charset=utf-8;\r\n"
		  "\tformat=\"flowed\";\r\n\tname=\"a b\"\r\n"
		  "MIME-Version: 1.0\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "new\r\n" },
		/* A line alone would end in the middle of the message. */
		{ "", "a\nb", "", "MIME-Version: 1.0\r\n"
		  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		  "a=0Ab" },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;
		struct buffer message;

		buffer_init(&message, 4096);
		assert_int_equal(buffer_printf(&message,
		    "Subject: s\r\n%s\r\nb2xk\r\n", cases[i].header), 0);
		open_bytes(&fixture, buffer_text(&message));
		give(&fixture, 0, cases[i].bytes, cases[i].charset);
		assert_bytes(text_skip(finish(&fixture), 12),
		    cases[i].after);
		close_all(&fixture);
		buffer_clear(&message);
	}
}

/* Text that looks like a delimiter of the multipart around it. */
static void
test_delimiter_in_body(void **unused)
{
	struct fixture fixture;
	struct mime_message again;
	struct buffer decoded;

	(void)unused;
	open_bytes(&fixture, TEXT(MIXED ONE TWO END));
	give(&fixture, 1, "x\r\n--b\r\n\r\nevil\r\n--b--", "");
	assert_int_equal(mime_message_parse(finish(&fixture),
	    &mime_limits_default, fixture.arena, &again), 0);
	assert_int_equal(again.part_count, 3);
	buffer_init(&decoded, 100);
	assert_int_equal(mime_decode(&again.parts[1], &decoded, NULL), 0);
	assert_bytes(buffer_text(&decoded), "x\r\n--b\r\n\r\nevil\r\n--b--");
	buffer_clear(&decoded);
	close_all(&fixture);
}

static void
test_lines(void **unused)
{
	struct buffer out;

	(void)unused;
	buffer_init(&out, 100);
	assert_int_equal(mime_write_lines(TEXT("a\nb\r\nc\rd\n"), &out), 0);
	assert_bytes(buffer_text(&out), "a\r\nb\r\nc\r\nd\r\n");
	buffer_clear(&out);
}

/* Whoever knows a boundary beforehand cannot close what we open. */
static void
test_boundary(void **unused)
{
	struct fixture fixture;
	struct mime_message again;
	struct text once;

	(void)unused;
	open_bytes(&fixture, TEXT("Subject: s\r\n\r\nbody\r\n"));
	assert_int_equal(mime_write_wrap(&fixture.write, 0, TEXT("a\r\n"),
	    TEXT("b\r\n")), 0);
	once = finish(&fixture);
	assert_int_equal(mime_message_parse(once, &mime_limits_default,
	    fixture.arena, &again), 0);
	assert_int_equal(again.part_count, 4);
	assert_bytes(again.parts[2].body, "body\r\n");
	assert_bytes(again.parts[1].body, "a\r\n");
	assert_bytes(again.parts[3].body, "b\r\n");
	/* Again over the result: other boundaries, one part more around it. */
	struct fixture second;
	open_bytes(&second, once);
	assert_int_equal(mime_write_wrap(&second.write, 0, TEXT_EMPTY,
	    TEXT("c\r\n")), 0);
	assert_int_equal(mime_message_parse(finish(&second),
	    &mime_limits_default, second.arena, &again), 0);
	assert_int_equal(again.part_count, 6);
	assert_bytes(again.parts[5].body, "c\r\n");
	close_all(&second);
	close_all(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_charset_from_utf8),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_unsign),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_delimiter_in_body),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_boundary),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
