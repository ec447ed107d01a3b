/*
 * mail/mime_write: a stamp on any message leaves every other part as it was
 * and is read back; parts taken out are gone, the others are there.
 *
 * The first byte chooses: heading or footer, which part goes, and how.
 */
#include <stdint.h>

#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_write_stamp.h"

#define ARENA_MAX ((size_t)64 << 20)
#define OUT_MAX ((size_t)16 << 20)
#define MESSAGE_MAX 65536
#define MARK TEXT("St\xc3\xa4mp \xe6\x97\xa5")
#define LINES TEXT("St\xc3\xa4mp \xe6\x97\xa5\r\n-- \r\nlast\r\n")
#define HTML TEXT("<p>St\xc3\xa4mp \xe6\x97\xa5</p>\r\n")
#define HTML_MARK TEXT("<p>St")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
has_mark(const struct mime_part *part)
{
	struct buffer text;
	bool found = false;

	buffer_init(&text, OUT_MAX);
	if (mime_part_is(part, "text", NULL) &&
	    mime_decode_text(part, &text, NULL) == 0)
		found = text_find(buffer_text(&text),
		    mime_part_is(part, "text", "html") ? HTML_MARK : MARK) <
		    buffer_len(&text);
	buffer_clear(&text);
	return found;
}

/* Lines end in CRLF alone, as far as they did. */
static void
check_lines(struct text before, struct text after)
{
	size_t i;

	if (text_find(before, TEXT("\n")) < before.len)
		for (i = 0; i < before.len; i++)
			if (before.data[i] == '\n' && (i == 0 ||
			    before.data[i - 1] != '\r'))
				return;
	for (i = 0; i < after.len; i++)
		require(after.data[i] != '\n' ||
		    (i > 0 && after.data[i - 1] == '\r'));
}

static void
check_stamp(const struct mime_message *before,
	const struct mime_message *after)
{
	size_t more = after->part_count - before->part_count;
	size_t i = 0, k = 0, marks = 0;

	require(more == 0 || more == 2);
	for (; k < after->part_count; k++)
		marks += has_mark(&after->parts[k]);
	require(marks > 0);
	/* Leaves stay, or they have the mark. */
	for (i = k = 0; i < before->part_count; i++) {
		const struct mime_part *part = &before->parts[i];

		if (!mime_part_is_leaf(part))
			continue;
		while (k < after->part_count &&
		    !mime_part_is_leaf(&after->parts[k]))
			k++;
		require(k < after->part_count);
		if (more == 2 && !text_equal(after->parts[k].body,
		    part->body) && has_mark(&after->parts[k])) {
			more = 1;	/* the part of the stamp */
			i--;
		} else if (!text_equal(after->parts[k].body, part->body)) {
			require(has_mark(&after->parts[k]));
		}
		k++;
	}
}

static void
stamp(struct text bytes, bool is_heading)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct mime_message before, after;
	struct mime_write write = { .changes = NULL };
	struct buffer out;

	buffer_init(&out, OUT_MAX);
	require(mime_message_parse(bytes, &mime_limits_default, arena,
	    &before) == 0);
	if (mime_write_open(&write, &before, arena) == 0 &&
	    mime_write_stamp(&write, &(struct mime_write_stamp){
	    .text = LINES, .html = HTML, .is_heading = is_heading },
	    OUT_MAX) == 0 && mime_write_finish(&write, &out) == 0) {
		check_lines(bytes, buffer_text(&out));
		require(mime_message_parse(buffer_text(&out),
		    &mime_limits_default, arena, &after) == 0);
		if (!write.has_changes)
			require(text_equal(bytes, buffer_text(&out)));
		else if ((after.flags & MIME_TOO_DEEP) == 0)
			check_stamp(&before, &after);
	}
	mime_write_close(&write);
	buffer_clear(&out);
	arena_free(arena);
}

/* Every leaf that has a header of its own, by turns replaced and removed. */
static void
take_out(struct text bytes, unsigned int which)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct mime_message before, after;
	struct mime_write write = { .changes = NULL };
	struct buffer out;
	size_t i, count = 0;
	int error;

	buffer_init(&out, OUT_MAX);
	require(mime_message_parse(bytes, &mime_limits_default, arena,
	    &before) == 0);
	error = mime_write_open(&write, &before, arena);
	for (i = 0; i < before.part_count && error == 0; i++) {
		if (!mime_part_is_leaf(&before.parts[i]) ||
		    before.parts[i].header.len == 0 ||
		    (which >> i % 4 & 1) == 0)
			continue;
		count++;
		error = mime_write_unsign(&write, i, MARK);
		if (error == 0 && (which >> i % 3 & 2) != 0)
			mime_write_remove(&write, i);
		else if (error == 0)
			error = mime_write_replace(&write, i, LINES);
	}
	if (error == 0 && mime_write_finish(&write, &out) == 0) {
		require(mime_message_parse(buffer_text(&out),
		    &mime_limits_default, arena, &after) == 0);
		require(count > 0 || text_equal(bytes, buffer_text(&out)));
		require(after.part_count <= before.part_count);
	}
	mime_write_close(&write);
	buffer_clear(&out);
	arena_free(arena);
}

/* What must be made one with CRLF first. */
static bool
is_lf(struct text bytes)
{
	return text_find(bytes, TEXT("\r\n")) == bytes.len &&
	    text_find_byte(bytes, '\n') < bytes.len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer lines;

	if (size == 0 || size > MESSAGE_MAX)
		return 0;
	buffer_init(&lines, 2 * MESSAGE_MAX + 2);
	if ((data[0] & 0x80) != 0 || is_lf(text_of(data + 1, size - 1)))
		require(mime_write_lines(text_of(data + 1, size - 1),
		    &lines) == 0);
	else
		require(buffer_add(&lines, data + 1, size - 1) == 0);
	stamp(buffer_text(&lines), (data[0] & 1) != 0);
	take_out(buffer_text(&lines), data[0] >> 1 & 15);
	buffer_clear(&lines);
	return 0;
}
