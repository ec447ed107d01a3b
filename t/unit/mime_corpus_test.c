/*
 * mail/mime_message over real messages: every one is parsed, its table is
 * sound, every leaf decodes.
 *
 * With file names as arguments it prints what it read, one JSON object a
 * message and line: mime_corpus.t compares that with other parsers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/mail/base64.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/mime_message.h"
#include "gateway/mail/utf8.h"

#define FOLDER "../shared/testdata/mime"
#define MESSAGE_MAX ((size_t)64 << 20)
#define ARENA_MAX ((size_t)64 << 20)

static int
read_file(const char *path, struct buffer *out)
{
	FILE *in = fopen(path, "rb");
	char piece[4096];
	size_t len;

	buffer_init(out, MESSAGE_MAX);
	if (in == NULL)
		return ERROR_NOT_FOUND;
	while ((len = fread(piece, 1, sizeof(piece), in)) > 0)
		assert_int_equal(buffer_add(out, piece, len), 0);
	fclose(in);
	return 0;
}

/* ---- every message of the corpus ---------------------------------------- */

static void
check_part(const struct mime_message *message, size_t index)
{
	const struct mime_part *part = &message->parts[index];
	const char *end = message->bytes.data + message->bytes.len;
	struct buffer out;

	assert_true(part->header.data >= message->bytes.data);
	assert_true(part->header.data + part->header.len <= part->body.data);
	assert_true(part->body.data + part->body.len <= end);
	assert_true(part->type.len > 0);
	if (index > 0)
		assert_true(part->parent < index);
	if (!mime_part_is_leaf(part))
		assert_true(index + 1 < message->part_count);
	buffer_init(&out, MESSAGE_MAX);
	assert_int_equal(mime_decode(part, &out, NULL), 0);
	buffer_reset(&out);
	assert_int_equal(mime_decode_text(part, &out, NULL), 0);
	if (mime_part_is(part, "text", NULL))
		assert_true(utf8_is_valid(buffer_text(&out)));
	buffer_reset(&out);
	for (size_t i = 0; i < part->field_count; i++) {
		assert_int_equal(mime_header_decode(part->fields[i].value,
			&out), 0);
		assert_true(utf8_is_valid(buffer_text(&out)));
		buffer_reset(&out);
	}
	buffer_clear(&out);
}

static void
check_message(const char *path)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct mime_message message;
	struct buffer bytes;

	assert_int_equal(read_file(path, &bytes), 0);
	assert_int_equal(mime_message_parse(buffer_text(&bytes),
		&mime_limits_default, arena, &message), 0);
	assert_true(message.part_count > 0);
	/* What ordinary mail never is. */
	assert_int_equal(message.flags & (MIME_TOO_DEEP |
		MIME_TOO_MANY_PARTS | MIME_TOO_MANY_FIELDS), 0);
	for (size_t i = 0; i < message.part_count; i++)
		check_part(&message, i);
	buffer_clear(&bytes);
	arena_free(arena);
}

static void
parses_every_message(void **state)
{
	FILE *list = fopen(FOLDER "/MESSAGES.tsv", "r");
	char line[1024];
	char path[2048];
	size_t count = 0;

	(void)state;
	if (list == NULL) {
		print_message("# skipped: no %s\n", FOLDER);
		skip();
	}
	while (fgets(line, sizeof(line), list) != NULL) {
		if (line[0] == '#')
			continue;
		line[strcspn(line, "\t\n")] = '\0';
		(void)snprintf(path, sizeof(path), FOLDER "/%s", line);
		check_message(path);
		count++;
	}
	fclose(list);
	assert_true(count > 1000);
}

/* ---- printing ------------------------------------------------------------ */

static json_t *
as_string(struct text t)
{
	json_t *string = json_stringn(t.data, t.len);

	return string != NULL ? string : json_string("(not UTF-8)");
}

static void
set_range(json_t *to, const char *name, const struct mime_message *message,
	struct text range)
{
	json_object_set_new(to, name, json_pack("[I,I]",
		(json_int_t)(range.data - message->bytes.data),
		(json_int_t)range.len));
}

static json_t *
names_of(const struct mime_part *part, struct arena *arena)
{
	json_t *all = json_array();
	struct text *names;
	size_t count;

	require(mime_part_filenames(part, arena, &names, &count) == 0);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(all, as_string(names[i]));
	return all;
}

static void
set_content(json_t *to, const struct mime_part *part)
{
	struct buffer content;
	struct buffer coded;

	buffer_init(&content, MESSAGE_MAX);
	buffer_init(&coded, 2 * MESSAGE_MAX);
	require(mime_decode(part, &content, NULL) == 0);
	require(base64_encode(buffer_text(&content), 0, &coded) == 0);
	json_object_set_new(to, "content", as_string(buffer_text(&coded)));
	if (mime_part_is(part, "text", NULL)) {
		buffer_reset(&content);
		require(mime_decode_text(part, &content, NULL) == 0);
		json_object_set_new(to, "text",
			as_string(buffer_text(&content)));
	}
	buffer_clear(&content);
	buffer_clear(&coded);
}

static json_t *
part_of(const struct mime_message *message, const struct mime_part *part,
	struct arena *arena)
{
	json_t *to = json_object();
	const struct mime_field *subject = mime_part_field(part, "subject");
	struct buffer out;

	json_object_set_new(to, "parent", json_integer(part->parent));
	json_object_set_new(to, "type", as_string(part->type));
	json_object_set_new(to, "subtype", as_string(part->subtype));
	json_object_set_new(to, "disposition", as_string(part->disposition));
	json_object_set_new(to, "encoding", json_integer(part->encoding));
	json_object_set_new(to, "flags", json_integer(part->flags));
	json_object_set_new(to, "multipart",
		json_boolean(part->is_multipart));
	json_object_set_new(to, "message", json_boolean(part->is_message));
	json_object_set_new(to, "attachment",
		json_boolean(mime_part_is_attachment(part)));
	json_object_set_new(to, "fields",
		json_integer((json_int_t)part->field_count));
	json_object_set_new(to, "names", names_of(part, arena));
	json_object_set_new(to, "charset",
		as_string(mime_part_parameter(part, "charset")));
	set_range(to, "header", message, part->header);
	set_range(to, "body", message, part->body);
	if (subject != NULL) {
		buffer_init(&out, MESSAGE_MAX);
		require(mime_header_decode(subject->value, &out) == 0);
		json_object_set_new(to, "subject",
			as_string(buffer_text(&out)));
		buffer_clear(&out);
	}
	if (mime_part_is_leaf(part))
		set_content(to, part);
	return to;
}

static void
print_file(const char *path)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct mime_message message;
	struct buffer bytes;
	json_t *whole = json_object();
	json_t *parts = json_array();

	require(read_file(path, &bytes) == 0);
	require(mime_message_parse(buffer_text(&bytes),
		&mime_limits_default, arena, &message) == 0);
	for (size_t i = 0; i < message.part_count; i++)
		json_array_append_new(parts, part_of(&message,
			&message.parts[i], arena));
	json_object_set_new(whole, "path", json_string(path));
	json_object_set_new(whole, "flags", json_integer(message.flags));
	json_object_set_new(whole, "parts", parts);
	json_dumpf(whole, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(whole);
	buffer_clear(&bytes);
	arena_free(arena);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_every_message),
	};

	charset_prepare();
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			print_file(argv[i]);
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
