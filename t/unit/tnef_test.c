/*
 * mail/tnef over real files: each holds what its list says; no beginning of
 * one is read beyond its end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/buffer.h"
#include "gateway/mail/tnef.h"
#include "gateway/mail/tnef_rtf.h"

#define FOLDER "../shared/testdata/attachments/tnef"
#define ARENA_MAX ((size_t)16 << 20)
#define FILE_MAX ((size_t)8 << 20)

static int
read_file(const char *path, struct buffer *out)
{
	FILE *in = fopen(path, "rb");
	char piece[4096];
	size_t len;

	buffer_init(out, FILE_MAX);
	if (in == NULL)
		return ERROR_NOT_FOUND;
	while ((len = fread(piece, 1, sizeof(piece), in)) > 0)
		assert_int_equal(buffer_add(out, piece, len), 0);
	fclose(in);
	return 0;
}

/* Every second byte is enough for names in ASCII. */
static bool
is_name(const struct tnef_text *name, struct text wanted)
{
	size_t unit = name->is_utf16 ? 2 : 1;

	if (name->bytes.len != wanted.len * unit)
		return false;
	for (size_t i = 0; i < wanted.len; i++)
		if (name->bytes.data[i * unit] != wanted.data[i])
			return false;
	return true;
}

static bool
has_name(const struct tnef_item *items, size_t count, struct text wanted)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < items[i].name_count; k++)
			if (is_name(&items[i].names[k], wanted))
				return true;
	return false;
}

/* "NAME-body.rtf", "NAME-body.html": bodies, not attachments. */
static bool
has_body(const struct tnef_item *items, size_t count, struct text wanted)
{
	enum tnef_kind kind = text_ends_nocase(wanted, TEXT(".rtf")) ?
		TNEF_BODY_RTF : text_ends_nocase(wanted, TEXT(".html")) ?
		TNEF_BODY_HTML : TNEF_BODY;

	for (size_t i = 0; i < count; i++)
		if (items[i].kind == kind && items[i].data.bytes.len > 0)
			return true;
	return false;
}

static void
check_list(const char *path, const struct tnef_item *items, size_t count)
{
	struct buffer list;
	struct text rest;
	struct text line;

	assert_int_equal(read_file(path, &list), 0);
	rest = buffer_text(&list);
	while (text_split(&rest, '\n', &line)) {
		line = text_trim(line);
		if (line.len == 0)
			continue;
		bool found = text_find(line, TEXT("-body.")) < line.len ?
			has_body(items, count, line) :
			has_name(items, count, line);
		if (!found)
			fail_msg("%s: %.*s", path, TEXT_ARG(line));
	}
	buffer_clear(&list);
}

/* Rich text is rich text once it is unpacked. */
static void
check_rich_text(const struct tnef_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buffer out;
		struct text t;
		if (items[i].kind != TNEF_BODY_RTF)
			continue;
		buffer_init(&out, FILE_MAX);
		assert_int_equal(tnef_rtf(items[i].data.bytes, &out), 0);
		t = buffer_text(&out);
		assert_true(text_starts(t, TEXT("{\\rtf1")));
		while (t.len > 0 && t.data[t.len - 1] != '}')
			t.len--;
		assert_true(t.len > 50);
		buffer_clear(&out);
	}
}

static void
check_ranges(struct text bytes, const struct tnef_item *items, size_t count)
{
	const char *end = bytes.data + bytes.len;

	for (size_t i = 0; i < count; i++) {
		struct text data = items[i].data.bytes;
		if (data.len > 0) {
			assert_true(data.data >= bytes.data);
			assert_true(data.data + data.len <= end);
		}
	}
}

static void
check_file(const char *stem)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct tnef_item *items = NULL;
	struct buffer bytes;
	struct text whole;
	size_t count = 0;
	char path[1024];
	bool is_cut;

	(void)snprintf(path, sizeof(path), FOLDER "/%s.tnef", stem);
	assert_int_equal(read_file(path, &bytes), 0);
	whole = buffer_text(&bytes);
	assert_true(tnef_is(whole));
	assert_int_equal(tnef_read(whole, arena, &items, &count, &is_cut), 0);
	check_ranges(whole, items, count);
	check_rich_text(items, count);
	(void)snprintf(path, sizeof(path), FOLDER "/%s.list", stem);
	check_list(path, items, count);
	for (size_t len = 6; len < whole.len; len += 1 + len / 7) {
		struct text part = text_slice(whole, 0, len);
		arena_reset(arena);
		assert_int_equal(tnef_read(part, arena, &items, &count,
			&is_cut), 0);
		check_ranges(part, items, count);
	}
	buffer_clear(&bytes);
	arena_free(arena);
}

static void
reads_real_files(void **state)
{
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;
	char stem[300];
	size_t count = 0;

	(void)state;
	if (folder == NULL) {
		print_message("# skipped: no %s\n", FOLDER);
		skip();
	}
	while ((entry = readdir(folder)) != NULL) {
		struct text name = text_from(entry->d_name);
		if (!text_ends_nocase(name, TEXT(".tnef")))
			continue;
		assert_int_equal(text_to_string(text_slice(name, 0,
			name.len - 5), stem, sizeof(stem)), 0);
		check_file(stem);
		count++;
	}
	closedir(folder);
	assert_true(count > 10);
}

/* Signature, key; an attachment's title and data. */
static const char small[] = "\x78\x9f\x3e\x22\1\0"
	"\2\x02\x90\6\0\1\0\0\0x\0\0"
	"\2\x10\x80\1\0\6\0\0\0a.exe\0\0\0"
	"\2\x0f\x80\6\0\3\0\0\0MZx\0\0";

static void
reads_attributes(void **state)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct text bytes = text_of(small, sizeof(small) - 1);
	struct tnef_item *items;
	size_t count;
	bool is_cut;

	(void)state;
	assert_int_equal(tnef_read(bytes, arena, &items, &count, &is_cut), 0);
	assert_false(is_cut);
	assert_int_equal(count, 1);
	assert_int_equal(items[0].kind, TNEF_ATTACHMENT);
	assert_true(has_name(items, count, TEXT("a.exe")));
	assert_true(text_equal(items[0].data.bytes, TEXT("MZx")));
	assert_int_equal(tnef_read(text_slice(bytes, 0, bytes.len - 4),
		arena, &items, &count, &is_cut), 0);
	assert_true(is_cut);
	assert_true(text_equal(items[0].data.bytes, TEXT("M")));
	assert_int_equal(tnef_read(TEXT("no TNEF"), arena, &items, &count,
		&is_cut), ERROR_MALFORMED);
	assert_int_equal(count, 0);
	arena_free(arena);
}

/* The example of MS-OXRTFCP 4.1.1, and what is none. */
static void
unpacks_rich_text(void **state)
{
	static const char packed[] = "\x2d\0\0\0\x2b\0\0\0LZFu"
		"\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125B2\x0a\xf3 hel\x09\0"
		" bw\x05\xb0ld}\x0a\x80\x0f\xa0";
	struct buffer out;

	(void)state;
	buffer_init(&out, 100);
	assert_int_equal(tnef_rtf(text_of(packed, sizeof(packed) - 1), &out),
		0);
	assert_true(text_equal(buffer_text(&out),
		TEXT("{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n")));
	buffer_reset(&out);
	assert_int_equal(tnef_rtf(TEXT("12345678MELA1234plain"), &out), 0);
	assert_true(text_equal(buffer_text(&out), TEXT("plain")));
	assert_int_equal(tnef_rtf(TEXT("12345678NONE1234plain"), &out),
		ERROR_MALFORMED);
	assert_int_equal(tnef_rtf(TEXT("short"), &out), ERROR_MALFORMED);
	buffer_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_real_files),
		cmocka_unit_test(reads_attributes),
		cmocka_unit_test(unpacks_rich_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
