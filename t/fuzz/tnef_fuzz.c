/*
 * mail/tnef: whatever comes out lies in the file; attachments that are
 * written as attributes are read as they were; of rich text little room
 * gives the beginning of what much gives, and what is packed as it stands
 * comes out so.
 */
#include <string.h>

#include "gateway/base/buffer.h"
#include "gateway/mail/tnef.h"
#include "gateway/mail/tnef_rtf.h"

#define ARENA_MAX ((size_t)8 << 20)
#define FILE_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_within(struct text inner, struct text outer)
{
	if (inner.len == 0)
		return;
	require(inner.data >= outer.data);
	require(inner.data + inner.len <= outer.data + outer.len);
}

static void
check_any(struct text bytes)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct tnef_item *items;
	size_t count;
	bool is_cut;

	if (tnef_read(bytes, arena, &items, &count, &is_cut) == 0) {
		require(count <= TNEF_ITEMS_MAX);
		for (size_t i = 0; i < count; i++) {
			check_within(items[i].data.bytes, bytes);
			check_within(items[i].type, bytes);
			require(items[i].name_count <= TNEF_NAMES_MAX);
			for (size_t k = 0; k < items[i].name_count; k++)
				check_within(items[i].names[k].bytes, bytes);
		}
	}
	arena_free(arena);
}

static void
add_attribute(struct buffer *out, const char id[4], struct text value)
{
	char len[4] = { (char)(value.len & 0xff),
		(char)(value.len >> 8 & 0xff), (char)(value.len >> 16), 0 };

	require(buffer_add_byte(out, 2) == 0);
	require(buffer_add(out, id, 4) == 0);
	require(buffer_add(out, len, 4) == 0);
	require(buffer_add_text(out, value) == 0);
	require(buffer_add(out, "\0\0", 2) == 0);
}

/* Each piece of the input between two zeros is an attachment. */
static void
check_round_trip(struct text bytes)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct tnef_item *items;
	struct buffer file;
	struct text rest = bytes;
	struct text piece;
	size_t count;
	size_t wanted = 0;
	bool is_cut;

	buffer_init(&file, FILE_MAX);
	require(buffer_add(&file, "\x78\x9f\x3e\x22\0\0", 6) == 0);
	while (wanted < TNEF_ITEMS_MAX && text_split(&rest, '\0', &piece)) {
		add_attribute(&file, "\x02\x90\6", TEXT("x"));
		add_attribute(&file, "\x0f\x80\6", piece);
		wanted++;
	}
	require(tnef_read(buffer_text(&file), arena, &items, &count,
		&is_cut) == 0);
	require(!is_cut && count == wanted);
	rest = bytes;
	for (size_t i = 0; i < count; i++) {
		require(text_split(&rest, '\0', &piece));
		require(text_equal(items[i].data.bytes, piece));
	}
	buffer_clear(&file);
	arena_free(arena);
}

static void
check_rich_text(struct text bytes)
{
	struct buffer packed;
	struct buffer whole;
	struct buffer few;

	buffer_init(&packed, 2 * FILE_MAX);
	buffer_init(&whole, FILE_MAX);
	buffer_init(&few, 2 * FILE_MAX);
	require(buffer_add(&packed, "\0\0\0\0\0\0\0\0LZFu\0\0\0\0", 16) == 0);
	require(buffer_add_text(&packed, bytes) == 0);
	if (tnef_rtf(buffer_text(&packed), &whole) == 0 &&
	    buffer_len(&whole) > 1) {
		few.max = buffer_len(&whole) / 2;
		require(tnef_rtf(buffer_text(&packed), &few) == ERROR_LIMIT);
		require(text_starts(buffer_text(&whole), buffer_text(&few)));
	}
	buffer_reset(&packed);
	buffer_reset(&whole);
	for (size_t i = 0; i < bytes.len; i++) {
		if (i % 8 == 0)
			require(buffer_add_byte(&packed, 0) == 0);
		require(buffer_add_byte(&packed, bytes.data[i]) == 0);
	}
	buffer_clear(&few);
	buffer_init(&few, 2 * FILE_MAX);
	require(buffer_add(&few, "\0\0\0\0\0\0\0\0LZFu\0\0\0\0", 16) == 0);
	require(buffer_add_text(&few, buffer_text(&packed)) == 0);
	require(tnef_rtf(buffer_text(&few), &whole) == 0);
	require(text_equal(buffer_text(&whole), bytes));
	buffer_clear(&packed);
	buffer_clear(&whole);
	buffer_clear(&few);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = size > 0 ? text_of(data, size) : TEXT_EMPTY;

	check_any(bytes);
	if (size > 16384)
		return 0;
	check_round_trip(bytes);
	check_rich_text(bytes);
	return 0;
}
