/*
 * The mail around an envelope and the file in it: structure, what shows
 * outside and what does not, opened again after relays have encoded it anew;
 * every message of the corpus in and out byte for byte.
 *
 * With arguments MESSAGE PORTAL FILE it makes an envelope for the tests in a
 * browser: writes FILE and prints the service's share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secure_envelope_mail.h"
#include "gateway/base/hex.h"
#include "gateway/mail/base64.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/mime_message.h"

#define ARENA_MAX ((size_t)256 * 1024 * 1024)
#define OUT_MAX ((size_t)256 * 1024 * 1024)

static const struct text canary = TEXT_INIT(
	"From: =?utf-8?B?QWxpY2UgTcO8bGxlcg==?= <alice@example.com>\r\n"
	"To: Bob <bob@partner.example>,\r\n"
	"\tcarol@partner.example\r\n"
	"Cc: dave@partner.example\r\n"
	"Bcc: CANARY-blind@partner.example\r\n"
	"Date: Sun, 22 Nov 2026 12:03:00 +0000\r\n"
	"Subject: CANARY-subject =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\r\n"
	"Message-ID: <CANARY-id@example.com>\r\n"
	"X-Canary: CANARY-field\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=CANARY-boundary\r\n"
	"\r\n"
	"--CANARY-boundary\r\n"
	"Content-Type: multipart/alternative; boundary=in\r\n"
	"\r\n"
	"--in\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"\r\n"
	"CANARY-text\r\n"
	"--in\r\n"
	"Content-Type: text/html; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n"
	"\r\n"
	"<p>CANARY-html gr=FC=DFe</p><img src=3D\"cid:pic\">\r\n"
	"--in--\r\n"
	"--CANARY-boundary\r\n"
	"Content-Type: image/png\r\n"
	"Content-ID: <pic>\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"iVBORw==\r\n"
	"--CANARY-boundary\r\n"
	"Content-Type: application/pdf; name=\"CANARY-name.pdf\"\r\n"
	"Content-Disposition: attachment; filename=\"CANARY-name.pdf\"\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"JVBERi0xLjQK\r\n"
	"--CANARY-boundary\r\n"
	"Content-Type: message/rfc822\r\n"
	"\r\n"
	"Subject: inner\r\n"
	"\r\n"
	"inner text\r\n"
	"--CANARY-boundary--\r\n");

struct fixture {
	struct secure_envelope_header header;
	struct secure_envelope_shares shares;
	struct secure_envelope_mail mail;
	struct arena *arena;
	struct buffer out;
};

static void
fixture_init(struct fixture *f)
{
	static const struct text recipients[] = {
		TEXT_INIT("bob@partner.example"),
	};

	memset(f, 0, sizeof(*f));
	f->header.profile = TEXT("default");
	f->header.sender = TEXT("alice@example.com");
	f->header.organisation = TEXT("Example Ltd");
	f->header.portal_url = TEXT("https://msg.example.com");
	f->header.created_us = INT64_C(1795435200000000);
	secure_envelope_make_keys(&f->header, &f->shares);
	memset(f->header.id, 0x5a, sizeof(f->header.id));
	f->mail.has_link = true;
	f->mail.hostname = TEXT("mx.example.com");
	f->mail.recipients = recipients;
	f->mail.recipient_count = 1;
	f->arena = arena_new(ARENA_MAX);
	buffer_init(&f->out, OUT_MAX);
}

static void
fixture_clear(struct fixture *f)
{
	arena_free(f->arena);
	buffer_clear(&f->out);
}

static struct text
write_mail(struct fixture *f, struct text message)
{
	buffer_reset(&f->out);
	assert_int_equal(secure_envelope_mail_write(&f->mail, &f->header,
		&f->shares, message, f->arena, &f->out), 0);
	return buffer_text(&f->out);
}

static bool
contains(struct text t, const char *needle)
{
	return text_find(t, text_from(needle)) < t.len;
}

/* The same where lines may break at any space. */
static bool
says(struct text t, const char *needle)
{
	struct buffer words;
	bool found;

	buffer_init(&words, OUT_MAX);
	for (size_t i = 0; i < t.len; i++)
		if (t.data[i] != '\r')
			assert_int_equal(buffer_add_byte(&words,
				t.data[i] == '\n' ? ' ' : t.data[i]), 0);
	found = contains(buffer_text(&words), needle);
	buffer_clear(&words);
	return found;
}

static const struct mime_part *
find_file(const struct mime_message *parsed)
{
	for (size_t i = 0; i < parsed->part_count; i++)
		if (mime_part_is_attachment(&parsed->parts[i]))
			return &parsed->parts[i];
	return NULL;
}

/* From a file's bytes to the message. */
static void
expect_opens(struct fixture *f, struct text file, struct text message)
{
	struct secure_envelope_shares shares = f->shares;
	struct secure_envelope_file found;
	struct text manifest;
	struct text again;
	struct buffer package;

	memset(shares.envelope, 0, sizeof(shares.envelope));
	buffer_init(&package, OUT_MAX);
	assert_int_equal(secure_envelope_file_read(file, f->arena, &found),
		0);
	memcpy(shares.envelope, found.share, sizeof(shares.envelope));
	assert_int_equal(secure_envelope_open(found.header, &shares,
		found.payload, &package), 0);
	assert_int_equal(secure_envelope_unpack(buffer_text(&package),
		&manifest, &again), 0);
	assert_true(text_equal(again, message));
	buffer_clear(&package);
}

/* From a mail's bytes, by our MIME parser. */
static void
expect_mail_opens(struct fixture *f, struct text mail, struct text message)
{
	const struct mime_part *part;
	struct mime_message parsed;
	struct buffer file;

	assert_int_equal(mime_message_parse(mail, &mime_limits_default,
		f->arena, &parsed), 0);
	assert_int_equal(parsed.flags, 0);
	part = find_file(&parsed);
	assert_non_null(part);
	buffer_init(&file, OUT_MAX);
	assert_int_equal(mime_decode(part, &file, NULL), 0);
	expect_opens(f, buffer_text(&file), message);
	buffer_clear(&file);
}

static void
has_the_structure(void **state)
{
	static const char *const types[] = { "mixed", "alternative", "plain",
		"html", "html" };
	struct mime_message parsed;
	struct fixture f;
	struct text mail;

	(void)state;
	fixture_init(&f);
	mail = write_mail(&f, canary);
	assert_int_equal(mime_message_parse(mail, &mime_limits_default,
		f.arena, &parsed), 0);
	assert_int_equal(parsed.flags, 0);
	assert_int_equal(parsed.part_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_true(text_equal(parsed.parts[i].subtype,
			text_from(types[i])));
	assert_int_equal(parsed.parts[4].parent, 0);
	assert_int_equal(parsed.parts[4].encoding, MIME_ENCODING_7BIT);
	expect_mail_opens(&f, mail, canary);
	fixture_clear(&f);
}

/* All of it ASCII, short lines, no line that a mailbox would change. */
static void
is_safe_for_transport(void **state)
{
	struct fixture f;
	struct text rest;
	struct text line;

	(void)state;
	fixture_init(&f);
	f.header.organisation = TEXT("B\xc3\xa4rten & S\xc3\xb6hne <GmbH>");
	rest = write_mail(&f, canary);
	while (text_split(&rest, '\n', &line)) {
		if (rest.data != NULL)
			assert_true(line.len > 0 &&
				line.data[line.len - 1] == '\r');
		if (line.len > 77)
			print_message("%.*s\n", TEXT_ARG(line));
		assert_true(line.len <= 77);
		assert_false(text_starts(line, TEXT("From ")));
		assert_false(line.len > 1 && line.data[line.len - 2] == ' ');
		for (size_t i = 0; i + 1 < line.len; i++)
			assert_true(line.data[i] == '\t' ||
				(line.data[i] >= 32 && line.data[i] < 127));
	}
	assert_true(contains(buffer_text(&f.out),
		"B&#228;rten &amp; S&#246;hne"));
	fixture_clear(&f);
}

/* X05 */
static void
leaks_nothing(void **state)
{
	struct fixture f;
	struct text mail;

	(void)state;
	fixture_init(&f);
	mail = write_mail(&f, canary);
	assert_false(contains(mail, "CANARY"));
	assert_false(contains(mail, "X-"));
	assert_false(contains(mail, "\r\nReferences:"));
	assert_true(contains(mail, "From: =?utf-8?B?QWxpY2UgTcO8bGxlcg==?= "
		"<alice@example.com>\r\n"));
	assert_true(contains(mail, "To: Bob <bob@partner.example>,\r\n"
		"\tcarol@partner.example\r\n"));
	assert_true(contains(mail, "Cc: dave@partner.example\r\n"));
	assert_true(contains(mail,
		"Date: Sun, 22 Nov 2026 12:03:00 +0000\r\n"));
	assert_true(contains(mail,
		"Subject: Message from alice@example.com\r\n"));
	f.mail.subject = TEXT("Protected");
	assert_true(contains(write_mail(&f, canary),
		"Subject: Protected\r\n"));
	fixture_clear(&f);
}

/* The header's hash, too, knows nothing of blind copies. */
static void
hides_blind_copies(void **state)
{
	static const struct text all[] = {
		TEXT_INIT("carol@PARTNER.example"),
		TEXT_INIT("CANARY-blind@partner.example"),
		TEXT_INIT("bob@partner.example"),
	};
	static const struct text named[] = {
		TEXT_INIT("bob@partner.example"),
		TEXT_INIT("carol@partner.example"),
	};
	struct secure_envelope_file found;
	struct secure_envelope_header header;
	struct fixture f;
	uint8_t expected[32];

	(void)state;
	fixture_init(&f);
	f.mail.recipients = all;
	f.mail.recipient_count = 3;
	secure_envelope_recipients(all, 3, f.header.recipients_sha256);
	secure_envelope_recipients(named, 2, expected);
	assert_int_equal(secure_envelope_file_read(write_mail(&f, canary),
		f.arena, &found), 0);
	assert_int_equal(secure_envelope_header_decode(found.header, &header),
		0);
	assert_memory_equal(header.recipients_sha256, expected, 32);
	fixture_clear(&f);
}

static void
sends_for_nobody(void **state)
{
	struct fixture f;
	struct text mail;

	(void)state;
	fixture_init(&f);
	f.header.sender = TEXT_EMPTY;
	mail = write_mail(&f, TEXT("Subject: x\r\n\r\nx"));
	assert_true(contains(mail, "From: <postmaster@mx.example.com>\r\n"));
	assert_true(contains(mail,
		"Subject: Message from an automatic system\r\n"));
	fixture_clear(&f);
}

static void
notification_is_complete(void **state)
{
	static const char *const both[] = {
		"alice@example.com (Example Ltd) sent you a protected",
		"23 November 2026, 12:40 UTC",
		"https://msg.example.com",
		"securedoc.html",
		"We never ask for the password of your e-mail account.",
	};
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	struct fixture f;
	struct mime_message parsed;

	(void)state;
	fixture_init(&f);
	f.header.created_us = INT64_C(1795437600000000);
	secure_envelope_reference(f.header.id, reference);
	for (int has_link = 0; has_link < 2; has_link++) {
		f.mail.has_link = has_link != 0;
		assert_int_equal(mime_message_parse(write_mail(&f,
			canary), &mime_limits_default, f.arena,
			&parsed), 0);
		for (size_t part = 2; part < 4; part++) {
			struct text body = parsed.parts[part].body;
			for (size_t i = 0; i < sizeof(both) / sizeof(*both);
			    i++)
				assert_true(says(body, both[i]));
			assert_true(contains(body, reference));
			assert_int_equal(contains(body,
				"/m/5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"),
				has_link);
		}
	}
	fixture_clear(&f);
}

/* X01, X09: what comes from outside is text; nothing asks for a password. */
static void
escapes_everything(void **state)
{
	struct fixture f;
	struct text mail;
	struct text page;

	(void)state;
	fixture_init(&f);
	f.header.organisation =
		TEXT("</script><script>alert(1)</script>\" onload=\"x");
	f.header.sender = TEXT("\"<b>{{share}}'\"@example.com");
	mail = write_mail(&f, TEXT("Subject: </script>\r\n\r\n<script>"));
	page = text_skip(mail, text_find(mail, TEXT("<!DOCTYPE")));
	assert_false(contains(page, "<script>alert"));
	assert_false(contains(page, "\" onload=\""));
	assert_false(contains(mail, "type=\"password\""));
	expect_mail_opens(&f, mail,
		TEXT("Subject: </script>\r\n\r\n<script>"));
	fixture_clear(&f);
}

static void
writes_raw_fields_anew(void **state)
{
	struct fixture f;
	struct text mail;

	(void)state;
	fixture_init(&f);
	mail = write_mail(&f, TEXT("From: M\xfcller <alice@example.com>\r\n"
		"To: \"J\xc3\xb6rg\" <bob@partner.example>, "
		"carol@partner.example\r\nDate: \x01\r\n\r\nx"));
	assert_true(contains(mail, "From: <alice@example.com>\r\n"));
	assert_true(contains(mail, "To: <bob@partner.example>, "
		"<carol@partner.example>\r\n"));
	assert_true(contains(mail, "Date: Mon, 23 Nov 2026 12:00:00"));
	mail = write_mail(&f, TEXT("Bcc: bob@partner.example\r\n\r\nx"));
	assert_true(contains(mail, "From: <alice@example.com>\r\n"));
	assert_true(contains(mail, "To: undisclosed-recipients:;\r\n"));
	mail = write_mail(&f, TEXT("no header at all"));
	expect_mail_opens(&f, mail, TEXT("no header at all"));
	mail = write_mail(&f, TEXT_EMPTY);
	expect_mail_opens(&f, mail, TEXT_EMPTY);
	fixture_clear(&f);
}

static void
encode_quoted(struct text t, struct buffer *out)
{
	size_t column = 0;

	for (size_t i = 0; i < t.len; i++) {
		char c = t.data[i];
		if (c == '\r' || c == '\n') {
			assert_int_equal(buffer_add_byte(out, c), 0);
			column = 0;
			continue;
		}
		if (column >= 70) {
			assert_int_equal(buffer_add_text(out, TEXT("=\r\n")),
				0);
			column = 0;
		}
		if (c > 32 && c < 127 && c != '=')
			assert_int_equal(buffer_add_byte(out, c), 0);
		else
			assert_int_equal(buffer_printf(out, "=%02X",
				(unsigned char)c), 0);
		column += 3;
	}
}

/* A relay encodes the file anew, or changes its line ends. */
static void
survives_relays(void **state)
{
	static const char *const names[] = { "base64", "quoted-printable" };
	const struct mime_part *part;
	struct mime_message parsed;
	struct fixture f;
	struct text mail;
	struct buffer again;

	(void)state;
	fixture_init(&f);
	mail = write_mail(&f, canary);
	assert_int_equal(mime_message_parse(mail, &mime_limits_default,
		f.arena, &parsed), 0);
	part = find_file(&parsed);
	assert_non_null(part);
	for (size_t i = 0; i < 2; i++) {
		buffer_init(&again, OUT_MAX);
		assert_int_equal(buffer_printf(&again,
			"Content-Type: text/html; charset=us-ascii\r\n"
			"Content-Disposition: attachment\r\n"
			"Content-Transfer-Encoding: %s\r\n\r\n", names[i]),
			0);
		if (i == 0)
			assert_int_equal(base64_encode(part->body, 76,
				&again), 0);
		else
			encode_quoted(part->body, &again);
		expect_mail_opens(&f, buffer_text(&again), canary);
		buffer_clear(&again);
	}
	buffer_init(&again, OUT_MAX);
	for (size_t i = 0; i < part->body.len; i++)
		if (part->body.data[i] != '\r')
			assert_int_equal(buffer_add_byte(&again,
				part->body.data[i]), 0);
	expect_opens(&f, buffer_text(&again), canary);
	buffer_clear(&again);
	fixture_clear(&f);
}

static void
file_reader_refuses(void **state)
{
	static const struct {
		struct text file;
		int error;
	} cases[] = {
		{ TEXT_INIT(""), ERROR_NOT_FOUND },
		{ TEXT_INIT("<html>nothing"), ERROR_NOT_FOUND },
		{ TEXT_INIT("name=\"header\" value=\"AAAA\""),
		    ERROR_MALFORMED },
		{ TEXT_INIT("name=\"header\" value=\"AAAA\" name=\"share\" "
		    "value=\"AAAA\" name=\"payload\">AAAA<"),
		    ERROR_MALFORMED },
		{ TEXT_INIT("name=\"header\" value=\"A*AA\" name=\"share\" "
		    "value=\"AAAA\" name=\"payload\">AAAA<"),
		    ERROR_MALFORMED },
	};
	struct secure_envelope_file found;
	struct arena *arena = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(secure_envelope_file_read(cases[i].file,
			arena, &found), cases[i].error);
	arena_free(arena);
}

static void
keeps_its_limits(void **state)
{
	struct fixture f;
	struct text huge = { canary.data,
		(size_t)SECURE_ENVELOPE_MESSAGE_MAX + 1 };

	(void)state;
	fixture_init(&f);
	assert_int_equal(secure_envelope_package(huge, f.arena, &f.out),
		ERROR_LIMIT);
	assert_int_equal(secure_envelope_mail_write(&f.mail, &f.header,
		&f.shares, huge, f.arena, &f.out), ERROR_LIMIT);
	buffer_clear(&f.out);
	buffer_init(&f.out, 1000);
	assert_int_equal(secure_envelope_mail_write(&f.mail, &f.header,
		&f.shares, canary, f.arena, &f.out), ERROR_LIMIT);
	assert_int_equal(buffer_len(&f.out), 0);
	fixture_clear(&f);
}

static const char *const corpus = "../shared/testdata/mime";
static size_t messages;

static void
read_file(const char *path, struct buffer *out)
{
	FILE *in = fopen(path, "rb");
	char piece[4096];
	size_t len;

	assert_non_null(in);
	buffer_init(out, OUT_MAX);
	while ((len = fread(piece, 1, sizeof(piece), in)) > 0)
		assert_int_equal(buffer_add(out, piece, len), 0);
	(void)fclose(in);
}

static int
try_message(const char *path, const struct stat *info, int kind,
	struct FTW *place)
{
	struct buffer bytes;
	struct fixture f;

	(void)place;
	if (kind != FTW_F || info->st_size > 8 * 1024 * 1024)
		return 0;
	read_file(path, &bytes);
	fixture_init(&f);
	expect_mail_opens(&f, write_mail(&f, buffer_text(&bytes)),
		buffer_text(&bytes));
	fixture_clear(&f);
	buffer_clear(&bytes);
	messages++;
	return 0;
}

/* Every file there, message or verdict: bytes are bytes. */
static void
takes_the_corpus(void **state)
{
	(void)state;
	if (access(corpus, R_OK) != 0)
		skip();
	assert_int_equal(nftw(corpus, try_message, 16, FTW_PHYS), 0);
	assert_true(messages > 100);
}

static int
make_file(char **arguments)
{
	char share[HEX_SIZE(SECURE_ENVELOPE_SHARE_LEN)];
	struct mime_message parsed;
	struct buffer bytes;
	struct fixture f;
	FILE *out = fopen(arguments[3], "wb");

	assert_non_null(out);
	read_file(arguments[1], &bytes);
	fixture_init(&f);
	f.header.portal_url = text_from(arguments[2]);
	assert_int_equal(mime_message_parse(write_mail(&f,
		buffer_text(&bytes)), &mime_limits_default, f.arena,
		&parsed), 0);
	(void)fwrite(parsed.parts[4].body.data, 1, parsed.parts[4].body.len,
		out);
	assert_int_equal(fclose(out), 0);
	hex_encode(f.shares.service, sizeof(f.shares.service), share);
	(void)puts(share);
	fixture_clear(&f);
	buffer_clear(&bytes);
	return 0;
}

int
main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_structure),
		cmocka_unit_test(is_safe_for_transport),
		cmocka_unit_test(leaks_nothing),
		cmocka_unit_test(hides_blind_copies),
		cmocka_unit_test(sends_for_nobody),
		cmocka_unit_test(notification_is_complete),
		cmocka_unit_test(escapes_everything),
		cmocka_unit_test(writes_raw_fields_anew),
		cmocka_unit_test(survives_relays),
		cmocka_unit_test(file_reader_refuses),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(takes_the_corpus),
	};

	if (count == 4)
		return make_file(arguments);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
