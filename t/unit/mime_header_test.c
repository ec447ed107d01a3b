/* mail/mime_header: fields decoded and written, file names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mail/mime_header.h"
#include "gateway/mail/utf8.h"

#define ROOM ((size_t)1 << 20)

static void
assert_text(struct text got, const char *want)
{
	if (!text_equal(got, text_from(want)))
		print_message("# got \"%.*s\", want \"%s\"\n", TEXT_ARG(got),
			want);
	assert_true(text_equal(got, text_from(want)));
}

static void
decodes_words(void **state)
{
	static const struct {
		const char *value;
		const char *text;
	} cases[] = {
		/* RFC 2047 8 */
		{ "(=?ISO-8859-1?Q?a?=)", "(a)" },
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
		{ " plain\r\n\tfolded \r\n", "plain\tfolded" },
		{ "", "" }, { " \r\n ", "" },
		{ "=?utf-8?b?w7zDvA==?=", "\xc3\xbc\xc3\xbc" },
		{ "=?UTF-8*de?Q?=C3=BC?=", "\xc3\xbc" },
		/* A character cut in two, within a keyword (M15). */
		{ "=?utf-8?q?SEC=C3?= =?utf-8?q?=BCRE?=", "SEC\xc3\xbcRE" },
		{ "SEC=?utf-8?q?U?=RE", "SECURE" },
		{ "=?iso-2022-jp?B?GyRCJCIbKEI=?=", "\xe3\x81\x82" },
		/* No line of its own, no NUL; once only. */
		{ "=?utf-8?q?a=0D=0Ab=00c?=", "a  b c" },
		{ "=?utf-16?b?AAoAYQ==?=", " a" },
		{ "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=", "=?utf-8?q?x?=" },
		{ "a\rb\nc", "a b c" },
		/* No words */
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?utf-8?q?a", "=?utf-8?q?a" },
		{ "=??q?a?=", "=??q?a?=" },
		{ "=?utf-8?q?a ?= b", "a  b" },
		{ "=?=?=?utf-8?q?a?=", "=?=?a" },
		/* Unknown charset, raw bytes */
		{ "=?x-own?q?=E4?=", "\xc3\xa4" },
		{ "\xe4 \xc3", "\xc3\xa4 \xc3\x83" },
		{ "\xc3\xa4", "\xc3\xa4" },
		{ "=?utf-8?q?=FF?=", "\xef\xbf\xbd" },
	};
	struct buffer out;

	(void)state;
	buffer_init(&out, ROOM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buffer_reset(&out);
		assert_int_equal(mime_header_decode(
			text_from(cases[i].value), &out), 0);
		assert_text(buffer_text(&out), cases[i].text);
	}
	buffer_clear(&out);
}

/* M15: 10,000 words, and what only looks like words, take no long time. */
static void
decodes_many_words(void **state)
{
	static const char *const ones[] = { "=?utf-8?q?a?= ", "=?utf-8?q?",
		"=?a?", "=?" };
	struct buffer value;
	struct buffer out;

	(void)state;
	for (size_t i = 0; i < sizeof(ones) / sizeof(*ones); i++) {
		buffer_init(&value, ROOM);
		buffer_init(&out, ROOM);
		for (size_t k = 0; k < 10000; k++)
			assert_int_equal(buffer_add_text(&value,
				text_from(ones[i])), 0);
		assert_int_equal(mime_header_decode(buffer_text(&value),
			&out), 0);
		if (i == 0)
			assert_int_equal(buffer_len(&out), 10000);
		buffer_clear(&value);
		buffer_clear(&out);
	}
	buffer_init(&out, 3);
	assert_int_equal(mime_header_decode(TEXT("abcd"), &out), ERROR_LIMIT);
	assert_text(buffer_text(&out), "abc");
	buffer_clear(&out);
}

/* One field, lines within bounds, and back again the same. */
static void
check_written(const char *name, const char *value, const char *back)
{
	struct buffer out;
	struct buffer decoded;
	struct text lines;
	struct text line;

	buffer_init(&out, ROOM);
	buffer_init(&decoded, ROOM);
	assert_int_equal(mime_header_write(&out, text_from(name),
		text_from(value)), 0);
	lines = buffer_text(&out);
	assert_true(text_starts(lines, text_from(name)));
	assert_true(utf8_is_ascii(lines));
	assert_true(text_ends_nocase(lines, TEXT("\r\n")));
	for (size_t i = 0; text_split(&lines, '\n', &line); i++) {
		assert_true(line.len <= 998 + 1);
		if (lines.data == NULL)
			break;
		assert_int_equal(line.data[line.len - 1], '\r');
		if (i > 0)
			assert_int_equal(line.data[0], ' ');
		/* Never a line of white space alone. */
		line.len--;
		assert_true(text_trim(line).len > 0);
	}
	lines = text_skip(buffer_text(&out), strlen(name) + 1);
	assert_int_equal(mime_header_decode(lines, &decoded), 0);
	assert_text(buffer_text(&decoded), back);
	buffer_clear(&out);
	buffer_clear(&decoded);
}

static void
writes_fields(void **state)
{
	static const char *const same[] = { "", "a", "two  words",
		"J\xc3\xbcrgen and Andr\xc3\xa9 wrote  something",
		"\xc3\xbc \xc3\xbc  \xc3\xbc", "=?utf-8?q?a?=", "a =?b c",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
		"\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"
		"\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"\"J\xc3\xbcrgen\" <a@b.example>", "a_b=c?d \xc3\xbc_=?",
		"one two three four five six seven eight nine ten eleven "
		"twelve thirteen fourteen \xf0\x9f\x98\x80 fifteen sixteen",
		"long                                           gap" };
	char longest[3000];

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		check_written("Subject", same[i], same[i]);
	memset(longest, 'x', sizeof(longest));
	for (size_t len = 1; len < sizeof(longest); len += 31) {
		longest[len] = '\0';
		check_written("Subject", longest, longest);
		check_written("X-Quite-A-Long-Name-Of-A-Header-Field-That-"
			"Leaves-No-Room-For-Any-Word-Behind", longest,
			longest);
		longest[len] = 'x';
	}
}

/* F05: nothing makes a second line or a second field. */
static void
writes_one_field(void **state)
{
	struct buffer out;

	(void)state;
	check_written("Subject", "a\r\nBcc: b@c.example\r\n\r\nbody",
		"a  Bcc: b@c.example    body");
	check_written("Subject", "\xc3\xbc\n\x01\x7f\xc2\x85x",
		"\xc3\xbc    x");
	check_written("Subject", "broken \xff utf-8",
		"broken \xef\xbf\xbd utf-8");
	check_written("Subject", " \t trimmed \t ", "trimmed");
	buffer_init(&out, 20);
	assert_int_equal(mime_header_write(&out, TEXT("Subject"),
		TEXT("longer than the room")), ERROR_LIMIT);
	assert_int_equal(buffer_len(&out), 0);
	assert_int_equal(mime_header_write(&out, TEXT("A:\r\nB"), TEXT("a")),
		ERROR_MALFORMED);
	assert_int_equal(mime_header_write(&out, TEXT(""), TEXT("a")),
		ERROR_MALFORMED);
	assert_int_equal(mime_header_write(&out, TEXT("A"), TEXT("a")), 0);
	assert_text(buffer_text(&out), "A: a\r\n");
	buffer_clear(&out);
	buffer_init(&out, 200);
	assert_int_equal(mime_header_write(&out, TEXT("Subject"),
		TEXT("Gr\xc3\xbc\xc3\x9f" "e an alle")), 0);
	assert_text(buffer_text(&out),
		"Subject: =?utf-8?B?R3LDvMOfZQ==?= an alle\r\n");
	buffer_clear(&out);
}

static void
check_names(const char *header, const char *wanted)
{
	struct arena *arena = arena_new(1 << 20);
	struct mime_message message;
	struct buffer bytes;
	struct buffer got;
	struct text *names;
	size_t count;

	buffer_init(&bytes, ROOM);
	buffer_init(&got, ROOM);
	assert_int_equal(buffer_printf(&bytes, "%s\r\n\r\n", header), 0);
	assert_int_equal(mime_message_parse(buffer_text(&bytes),
		&mime_limits_default, arena, &message), 0);
	assert_int_equal(mime_part_filenames(&message.parts[0], arena, &names,
		&count), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(buffer_printf(&got, "%s%.*s",
			i > 0 ? "|" : "", TEXT_ARG(names[i])), 0);
	assert_text(buffer_text(&got), wanted);
	buffer_clear(&bytes);
	buffer_clear(&got);
	arena_free(arena);
}

/* M12 */
static void
finds_file_names(void **state)
{
	char header[5000] = "Content-Disposition: attachment; filename=";

	(void)state;
	check_names("Subject: none", "");
	check_names("Content-Disposition: attachment; filename=\"a.txt\"",
		"a.txt");
	check_names("Content-Type: text/plain; name=n.txt\r\n"
		"Content-Disposition: attachment; filename=f.txt; "
		"filename*=utf-8''%C3%BC.txt",
		"\xc3\xbc.txt|f.txt|n.txt");
	check_names("Content-Disposition: attachment; filename*1=.exe; "
		"filename*0=safe", "safe.exe");
	check_names("Content-Disposition: attachment; filename*1=b; "
		"filename*2=.exe", "b.exe");
	check_names("Content-Disposition: attachment; "
		"filename=\"=?utf-8?q?=C3=BC=2Etxt?=\"",
		"\xc3\xbc.txt|=?utf-8?q?=C3=BC=2Etxt?=");
	check_names("Content-Disposition: attachment; "
		"filename=\"..\\\\..\\\\etc/passwd\"", "passwd");
	check_names("Content-Disposition: attachment; filename=\"..\"", "");
	check_names("Content-Disposition: attachment; "
		"filename*=utf-8''gpj%E2%80%AEexe.%00\x01txt. .",
		"gpjexe.txt");
	check_names("Content-Disposition: attachment; filename=\"\xe4.txt\"",
		"\xc3\xa4.txt");
	check_names("Content-Type: x/y; name=a.txt; name=b.exe",
		"a.txt|b.exe");
	size_t at = strlen(header);
	memset(header + at, 'x', 4096);
	memcpy(header + at + 4096, ".exe", 5);
	char wanted[256];
	memset(wanted, 'x', 255);
	memcpy(wanted + 251, ".exe", 5);
	check_names(header, wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_words),
		cmocka_unit_test(decodes_many_words),
		cmocka_unit_test(writes_fields),
		cmocka_unit_test(writes_one_field),
		cmocka_unit_test(finds_file_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
