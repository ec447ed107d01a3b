/*
 * The manifest: what is shown and what is a file, by byte ranges of the
 * message; what cannot be listed is said to be missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <jansson.h>

#include "crypto/secure_envelope_mail.h"

#define MEMORY_MAX ((size_t)64 * 1024 * 1024)

static const struct text sample = TEXT_INIT(
	"From: =?utf-8?B?QWxpY2UgTcO8bGxlcg==?= <alice@example.com>\r\n"
	"To: Bob <bob@partner.example>,\r\n"
	"\tcarol@partner.example\r\n"
	"Cc: dave@partner.example\r\n"
	"Date: Sun, 22 Nov 2026 12:03:00 +0000\r\n"
	"Subject: subject =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\r\n"
	"Message-ID: <id@example.com>\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=boundary\r\n"
	"\r\n"
	"--boundary\r\n"
	"Content-Type: multipart/alternative; boundary=in\r\n"
	"\r\n"
	"--in\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"\r\n"
	"text\r\n"
	"--in\r\n"
	"Content-Type: text/html; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n"
	"\r\n"
	"<p>html gr=FC=DFe</p><img src=3D\"cid:pic\">\r\n"
	"--in--\r\n"
	"--boundary\r\n"
	"Content-Type: image/png\r\n"
	"Content-ID: <pic>\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"iVBORw==\r\n"
	"--boundary\r\n"
	"Content-Type: application/pdf; name=\"name.pdf\"\r\n"
	"Content-Disposition: attachment; filename=\"name.pdf\"\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"JVBERi0xLjQK\r\n"
	"--boundary\r\n"
	"Content-Type: message/rfc822\r\n"
	"\r\n"
	"Subject: inner\r\n"
	"\r\n"
	"inner text\r\n"
	"--boundary--\r\n");

struct fixture {
	struct arena *arena;
	struct buffer out;
};

static void
fixture_init(struct fixture *f)
{
	f->arena = arena_new(MEMORY_MAX);
	buffer_init(&f->out, MEMORY_MAX);
}

static void
fixture_clear(struct fixture *f)
{
	arena_free(f->arena);
	buffer_clear(&f->out);
}

static json_t *
manifest_of(struct fixture *f, struct text message)
{
	struct text manifest;
	struct text again;
	json_error_t why;
	json_t *root;

	buffer_reset(&f->out);
	assert_int_equal(secure_envelope_package(message, f->arena, &f->out),
		0);
	assert_int_equal(secure_envelope_unpack(buffer_text(&f->out),
		&manifest, &again), 0);
	assert_true(text_equal(again, message));
	root = json_loadb(manifest.data, manifest.len, JSON_ALLOW_NUL, &why);
	assert_non_null(root);
	return root;
}

static const char *
member(json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value == NULL ? "" : value;
}

static void
manifest_tells_what_to_show(void **state)
{
	struct fixture f;
	json_t *root;
	json_t *parts;
	json_t *pdf;

	(void)state;
	fixture_init(&f);
	root = manifest_of(&f, sample);
	parts = json_object_get(root, "parts");
	assert_string_equal(member(root, "subject"),
		"subject \xe6\x97\xa5\xe6\x9c\xac");
	assert_string_equal(member(root, "from"),
		"Alice M\xc3\xbcller <alice@example.com>");
	assert_null(json_object_get(root, "cut"));
	assert_int_equal(json_array_size(parts), 4);
	assert_string_equal(member(json_array_get(parts, 0), "show"), "html");
	assert_non_null(strstr(member(json_array_get(parts, 0), "content"),
		"gr\xc3\xbc\xc3\x9f" "e"));
	assert_string_equal(member(json_array_get(parts, 1), "cid"), "pic");
	assert_string_equal(member(json_array_get(parts, 1), "name"),
		"part-2.png");
	pdf = json_array_get(parts, 2);
	assert_string_equal(member(pdf, "name"), "name.pdf");
	assert_string_equal(member(pdf, "encoding"), "base64");
	assert_memory_equal(sample.data + json_integer_value(
		json_object_get(pdf, "offset")), "JVBERi0xLjQK", 12);
	assert_int_equal(json_integer_value(json_object_get(pdf, "size")), 12);
	assert_string_equal(member(json_array_get(parts, 3), "type"),
		"message/rfc822");
	assert_string_equal(member(json_array_get(parts, 3), "name"),
		"part-4.eml");
	json_decref(root);
	fixture_clear(&f);
}

/* Text of unshown alternatives goes, files among them stay. */
static void
manifest_chooses_alternatives(void **state)
{
	struct fixture f;
	json_t *root;
	json_t *parts;

	(void)state;
	fixture_init(&f);
	root = manifest_of(&f, TEXT("Content-Type: multipart/alternative; "
		"boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\nA\r\n"
		"--b\r\n\r\nB\r\n--b\r\nContent-Type: text/calendar\r\n\r\nC"
		"\r\n--b--\r\n"));
	parts = json_object_get(root, "parts");
	assert_int_equal(json_array_size(parts), 2);
	assert_string_equal(member(json_array_get(parts, 0), "show"), "html");
	assert_string_equal(member(json_array_get(parts, 1), "name"),
		"part-2.ics");
	json_decref(root);
	fixture_clear(&f);
}

/* Deeper than the parser goes, and a multipart without parts. */
static void
manifest_says_what_is_missing(void **state)
{
	static const struct text part = TEXT_INIT("Content-Type: "
		"multipart/mixed; boundary=b%\r\n\r\n--b%\r\n");
	struct buffer deep;
	struct fixture f;
	json_t *root;

	(void)state;
	fixture_init(&f);
	buffer_init(&deep, MEMORY_MAX);
	for (int i = 0; i < 100; i++)
		for (size_t k = 0; k < part.len; k++)
			assert_int_equal(part.data[k] == '%' ?
				buffer_printf(&deep, "%d", i) :
				buffer_add_byte(&deep, part.data[k]), 0);
	root = manifest_of(&f, buffer_text(&deep));
	assert_true(json_is_true(json_object_get(root, "cut")));
	json_decref(root);
	root = manifest_of(&f, TEXT("Content-Type: multipart/mixed\r\n\r\n"
		"--x\r\n\r\nhidden\r\n"));
	assert_int_equal(json_array_size(json_object_get(root, "parts")) > 0,
		json_object_get(root, "cut") == NULL);
	json_decref(root);
	buffer_clear(&deep);
	fixture_clear(&f);
}

/* Text that would have to be stored twice is a file when it is too much. */
static void
manifest_stores_little_twice(void **state)
{
	static const struct text header = TEXT_INIT("Content-Type: "
		"text/plain; charset=iso-8859-1\r\n\r\n");
	const size_t size = 3 * 1024 * 1024;
	struct buffer message;
	struct fixture f;
	json_t *root;
	json_t *part;
	char *room;

	(void)state;
	fixture_init(&f);
	buffer_init(&message, MEMORY_MAX);
	assert_int_equal(buffer_add_text(&message, header), 0);
	assert_int_equal(buffer_reserve(&message, size, &room), 0);
	memset(room, 0xe4, size);
	buffer_commit(&message, size);
	root = manifest_of(&f, buffer_text(&message));
	part = json_array_get(json_object_get(root, "parts"), 0);
	assert_string_equal(member(part, "name"), "part-1.txt");
	assert_null(json_object_get(part, "show"));
	assert_null(json_object_get(part, "content"));
	json_decref(root);
	buffer_clear(&message);
	fixture_clear(&f);
}

static void
package_is_checked(void **state)
{
	static const struct text bad[] = {
		TEXT_INIT(""), TEXT_INIT("PSTP"),
		TEXT_INIT("PSTP\1\0\0\0\0\0\0\0\1\0\0\0"),
		TEXT_INIT("PSTP\1\0\0\0\0\0\0\0\0\0\0\0x"),
		TEXT_INIT("PSTP\2\0\0\0\0\0\0\0\1\0\0\0x"),
		TEXT_INIT("PSTP\1\0\1\0\0\0\0\0\1\0\0\0x"),
		TEXT_INIT("PSTP\1\0\0\0\377\377\377\377\2\0\0\0x"),
	};
	struct text manifest;
	struct text message;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(secure_envelope_unpack(bad[i], &manifest,
			&message), ERROR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_tells_what_to_show),
		cmocka_unit_test(manifest_chooses_alternatives),
		cmocka_unit_test(manifest_says_what_is_missing),
		cmocka_unit_test(manifest_stores_little_twice),
		cmocka_unit_test(package_is_checked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
