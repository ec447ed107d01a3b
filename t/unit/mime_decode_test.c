/* mail/mime_decode with its codings, and mail/charset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/charset.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/quoted_printable.h"
#include "gateway/mail/utf8.h"
#include "gateway/mail/uuencode.h"

#define ROOM 4096

static void
assert_text(struct text got, const char *want)
{
	if (!text_equal(got, text_from(want)))
		print_message("# got \"%.*s\", want \"%s\"\n", TEXT_ARG(got),
			want);
	assert_true(text_equal(got, text_from(want)));
}

/* One part of that header and body, decoded as text. */
static unsigned int
decode_text(const char *header, const char *body, struct buffer *out)
{
	struct arena *arena = arena_new(1 << 20);
	struct mime_message message;
	struct buffer bytes;
	unsigned int flags = 0;

	buffer_init(&bytes, 1 << 20);
	assert_int_equal(buffer_printf(&bytes, "%s\r\n\r\n%s", header, body),
		0);
	assert_int_equal(mime_message_parse(buffer_text(&bytes),
		&mime_limits_default, arena, &message), 0);
	buffer_reset(out);
	assert_int_equal(mime_decode_text(&message.parts[0], out, &flags), 0);
	buffer_clear(&bytes);
	arena_free(arena);
	return flags;
}

static void
decodes_quoted_printable(void **state)
{
	static const struct {
		const char *coded;
		const char *plain;
		unsigned int flags;
	} cases[] = {
		{ "a=3Db=\r\nc \t\r\nd", "a=bc\r\nd", 0 },
		{ "a= \t\r\nb=\nc\n", "abc\n", 0 },
		{ "=e4=C3", "\xe4\xc3", 0 },
		{ "=", "", 0 }, { "x=\r\n", "x", 0 },
		{ "=4", "=4", QUOTED_PRINTABLE_JUNK | QUOTED_PRINTABLE_CUT },
		{ "a=zz==3D", "a=zz==", QUOTED_PRINTABLE_JUNK },
		{ "=3\r\nD", "=3\r\nD", QUOTED_PRINTABLE_JUNK },
		{ "\xe4", "\xe4", QUOTED_PRINTABLE_JUNK },
		{ "=3D3D", "=3D", 0 },	/* once */
		{ " \r\n \r\n", "\r\n\r\n", 0 },
		{ "", "", 0 },
	};
	struct buffer out;

	(void)state;
	buffer_init(&out, ROOM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned int flags = 99;
		buffer_reset(&out);
		assert_int_equal(quoted_printable_decode(
			text_from(cases[i].coded), &out, &flags), 0);
		assert_text(buffer_text(&out), cases[i].plain);
		assert_int_equal(flags, cases[i].flags);
	}
	buffer_clear(&out);
	for (size_t max = 1; max < 6; max++) {
		unsigned int flags;
		buffer_init(&out, max);
		assert_int_equal(quoted_printable_decode(TEXT("a=3Db\r\nc"),
			&out, &flags), ERROR_LIMIT);
		assert_true(text_starts(TEXT("a=b\r\nc"), buffer_text(&out)));
		assert_int_equal(buffer_len(&out), max);
		buffer_clear(&out);
	}
}

static void
decodes_uuencode(void **state)
{
	static const struct {
		const char *coded;
		const char *plain;
		unsigned int flags;
	} cases[] = {
		{ "text\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nmore",
			"Cat", 0 },
		{ "begin 0600 cat.txt\n#0V%T\n \nend", "Cat", 0 },
		{ "begin 644 cat.txt\n#0V%T\n", "Cat", UUENCODE_CUT },
		{ "begin 644 cat.txt\n#0V%T\n\nend\n", "Cat", 0 },
		{ "begin 644 cat.txt\n#0v%T\nend\n", "C\x66T", UUENCODE_JUNK },
		{ "begin nothing\n#0V%T\nend\n", "", UUENCODE_NONE },
		{ "", "", UUENCODE_NONE },
	};
	struct buffer out;
	struct text name;

	(void)state;
	buffer_init(&out, ROOM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned int flags = 99;
		buffer_reset(&out);
		assert_int_equal(uuencode_decode(text_from(cases[i].coded),
			&out, &name, &flags), 0);
		assert_int_equal(flags, cases[i].flags);
		if (flags == 0)
			assert_text(buffer_text(&out), cases[i].plain);
		assert_text(name, (flags & UUENCODE_NONE) != 0 ? "" :
			"cat.txt");
	}
	/* Spaces that transport took off a line's end are zeros. */
	buffer_reset(&out);
	unsigned int flags;
	assert_int_equal(uuencode_decode(TEXT("begin 644 x\nM\nend\n"), &out,
		NULL, &flags), 0);
	assert_int_equal(buffer_len(&out), 45);
	buffer_clear(&out);
}

static void
decodes_parts(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, ROOM);
	assert_int_equal(decode_text("Content-Type: text/plain; "
		"charset=iso-8859-1\r\nContent-Transfer-Encoding: base64",
		"4fw=\r\n", &out), 0);
	assert_text(buffer_text(&out), "\xc3\xa1\xc3\xbc");
	assert_int_equal(decode_text("Content-Type: text/plain; "
		"charset=utf-8\r\nContent-Transfer-Encoding: "
		"Quoted-Printable", "f=C3=BCr", &out), 0);
	assert_text(buffer_text(&out), "f\xc3\xbcr");
	assert_int_equal(decode_text("Content-Type: text/plain; "
		"charset=koi8-r\r\nContent-Transfer-Encoding: x-uuencode",
		"begin 644 x\r\n!P0``\r\n`\r\nend\r\n", &out), 0);
	assert_text(buffer_text(&out), "\xd0\xb0");
	assert_int_equal(decode_text("Content-Transfer-Encoding: uuencode",
		"plain", &out), MIME_DECODE_JUNK);
	assert_text(buffer_text(&out), "plain");
	assert_int_equal(decode_text("Content-Transfer-Encoding: x-own",
		"a=3D", &out), 0);
	assert_text(buffer_text(&out), "a=3D");
	/* M06 */
	assert_int_equal(decode_text("Content-Transfer-Encoding: base64",
		"Zm9v!Yg==Zm9v", &out), MIME_DECODE_JUNK | MIME_DECODE_MORE);
	assert_text(buffer_text(&out), "foobfoo");
	buffer_clear(&out);
}

/* M14 */
static void
takes_odd_charsets(void **state)
{
	static const struct {
		const char *charset;
		const char *bytes;
		const char *text;
		unsigned int flags;
	} cases[] = {
		{ "utf-7", "+AOQ-x", "\xc3\xa4x", 0 },
		{ "iso-2022-jp", "\x1b$B$\"\x1b(Ba", "\xe3\x81\x82" "a", 0 },
		{ "hz-gb-2312", "~{<:~}a", "\xe5\xb7\xb1" "a", 0 },
		{ "shift_jis", "\x82\xa0", "\xe3\x81\x82", 0 },
		{ "shift_jis", "\x82<b>", "\xef\xbf\xbd<b>",
			MIME_DECODE_INVALID },
		{ "euc-kr", "\xb0\xa1", "\xea\xb0\x80", 0 },
		{ "gb2312", "\xc4\xe3", "\xe4\xbd\xa0", 0 },
		{ "gb2312", "\xc4<", "\xef\xbf\xbd<", MIME_DECODE_INVALID },
		{ "big5", "\xa7\x41", "\xe4\xbd\xa0", 0 },
		{ "utf-8", "a\xff" "b\xc3", "a\xef\xbf\xbd" "b\xef\xbf\xbd",
			MIME_DECODE_INVALID },
		{ "\"utf-8;x\"", "\xc3\xa4", "\xc3\xa4", 0 },
		{ "utf8", "\xc3\xa4", "\xc3\xa4", 0 },
		{ "windows-1252", "\x80", "\xe2\x82\xac", 0 },
		{ "us-ascii", "\xc3\xa4", "\xc3\xa4", MIME_DECODE_INVALID },
		{ "us-ascii", "\xe4", "\xc3\xa4", MIME_DECODE_INVALID },
		{ "ebcdic-us", "\xc3\xa4", "\xc3\xa4", MIME_DECODE_CHARSET },
		{ "x-unknown", "\xe4", "\xc3\xa4", MIME_DECODE_CHARSET },
		{ "\"\"", "a", "a", 0 },
	};
	char header[200];
	struct buffer out;

	(void)state;
	buffer_init(&out, ROOM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		(void)snprintf(header, sizeof(header),
			"Content-Type: text/plain; charset=%s",
			cases[i].charset);
		unsigned int flags = decode_text(header, cases[i].bytes,
			&out);
		assert_text(buffer_text(&out), cases[i].text);
		assert_int_equal(flags, cases[i].flags);
	}
	buffer_clear(&out);
}

static void
reads_wide_units(void **state)
{
	struct buffer out;
	bool invalid;

	(void)state;
	buffer_init(&out, ROOM);
	assert_int_equal(charset_to_utf8(TEXT("UTF-16"), TEXT("\0a\0b"),
		&out, &invalid), 0);
	assert_false(invalid);
	assert_int_equal(charset_to_utf8(TEXT("UTF-16"),
		TEXT("\xff\xfe" "a\0b\0"), &out, &invalid), 0);
	assert_int_equal(charset_to_utf8(TEXT("utf-16le"),
		TEXT("\x3d\xd8\x00\xde"), &out, &invalid), 0);
	assert_false(invalid);
	/* A lone surrogate, half a unit. */
	assert_int_equal(charset_to_utf8(TEXT("utf-16le"),
		TEXT("\x41\xd8" "a\0b"), &out, &invalid), 0);
	assert_true(invalid);
	assert_text(buffer_text(&out), "abab\xf0\x9f\x98\x80\xef\xbf\xbd" "a"
		"\xef\xbf\xbd");
	assert_int_equal(charset_to_utf8(TEXT("utf-999"), TEXT("a"), &out,
		&invalid), ERROR_NOT_FOUND);
	assert_int_equal(charset_to_utf8(TEXT(""), TEXT("a"), &out, &invalid),
		ERROR_NOT_FOUND);
	buffer_clear(&out);
}

/* Whatever comes in, UTF-8 comes out, and neighbours in ASCII stay. */
static void
is_always_utf8(void **state)
{
	static const char *const names[] = { "iso-8859-1", "iso-8859-15",
		"koi8-r", "shift_jis", "euc-jp", "gb18030", "big5", "euc-kr",
		"windows-1251", "utf-8", "us-ascii", "tis-620", "euc-tw" };
	struct buffer out;
	bool invalid;

	(void)state;
	charset_prepare();
	buffer_init(&out, ROOM);
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
		for (unsigned int c = 0x80; c < 0x100; c++) {
			char bytes[] = { '<', (char)c, '>', (char)c, '\n',
				'.' };
			buffer_reset(&out);
			assert_int_equal(charset_to_utf8(text_from(names[n]),
				text_of(bytes, sizeof(bytes)), &out,
				&invalid), 0);
			assert_true(utf8_is_valid(buffer_text(&out)));
			assert_true(text_find(buffer_text(&out),
				TEXT("\n.")) < buffer_len(&out));
			assert_true(text_find(buffer_text(&out), TEXT(">")) <
				buffer_len(&out));
		}
	buffer_clear(&out);
}

static void
cuts_no_character(void **state)
{
	char bytes[3000];
	bool invalid;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i += 2)
		memcpy(bytes + i, "\x82\xa0", 2);
	for (size_t max = 1; max < 4500; max += 7) {
		struct buffer out;
		buffer_init(&out, max);
		assert_int_equal(charset_to_utf8(TEXT("shift_jis"),
			text_of(bytes, sizeof(bytes)), &out, &invalid),
			ERROR_LIMIT);
		assert_true(utf8_is_valid(buffer_text(&out)));
		assert_int_equal(buffer_len(&out), max / 3 * 3);
		buffer_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_quoted_printable),
		cmocka_unit_test(decodes_uuencode),
		cmocka_unit_test(decodes_parts),
		cmocka_unit_test(takes_odd_charsets),
		cmocka_unit_test(reads_wide_units),
		cmocka_unit_test(is_always_utf8),
		cmocka_unit_test(cuts_no_character),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
