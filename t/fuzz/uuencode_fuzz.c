/*
 * mail/uuencode: blocks lie in the text one behind the other; and a file
 * that is written into a text is found there, whole, under its name.
 */
#include <string.h>

#include "gateway/mail/uuencode.h"

#define ROOM ((size_t)1 << 22)
#define LINE 45

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char
letter(unsigned int bits)
{
	return (char)((bits & 63) == 0 ? '`' : ' ' + (bits & 63));
}

static void
encode_line(struct text line, struct buffer *out)
{
	uint8_t bytes[LINE + 3] = { 0 };

	memcpy(bytes, line.data, line.len);
	require(buffer_add_byte(out, letter((unsigned int)line.len)) == 0);
	for (size_t i = 0; i < line.len; i += 3) {
		unsigned int bits = (unsigned int)bytes[i] << 16 |
			(unsigned int)bytes[i + 1] << 8 | bytes[i + 2];
		char four[] = { letter(bits >> 18), letter(bits >> 12),
			letter(bits >> 6), letter(bits) };
		require(buffer_add(out, four, sizeof(four)) == 0);
	}
	require(buffer_add_text(out, TEXT("\r\n")) == 0);
}

static void
check_any(struct text t)
{
	struct text rest = t;
	struct text block;
	struct text name;
	struct buffer out;
	unsigned int flags;

	buffer_init(&out, ROOM);
	while (uuencode_find(&rest, &block, &name) == 0) {
		require(text_starts(block, TEXT("begin ")));
		require(block.data + block.len == rest.data ||
			rest.len == 0);
		require(block.data + block.len <= t.data + t.len);
		require(name.len == 0 || (name.data >= block.data &&
			name.data + name.len <= block.data + block.len));
		buffer_reset(&out);
		(void)!uuencode_decode(block, &out, NULL, &flags);
		require((flags & UUENCODE_NONE) == 0);
	}
	require(rest.len == 0);
	buffer_clear(&out);
}

static void
check_round_trip(struct text t)
{
	struct buffer text;
	struct buffer out;
	struct text rest;
	struct text block;
	struct text name;
	unsigned int flags;

	buffer_init(&text, ROOM);
	buffer_init(&out, ROOM);
	require(buffer_add_text(&text, TEXT("see:\r\nbegin 644 a b.c\r\n"))
		== 0);
	for (size_t at = 0; at < t.len; at += LINE)
		encode_line(text_slice(t, at, LINE), &text);
	require(buffer_add_text(&text, TEXT("`\r\nend\r\nrest")) == 0);
	rest = buffer_text(&text);
	require(uuencode_find(&rest, &block, &name) == 0);
	require(text_equal(name, TEXT("a b.c")));
	require(text_equal(rest, TEXT("rest")));
	require(uuencode_decode(block, &out, NULL, &flags) == 0);
	require(flags == 0);
	require(text_equal(buffer_text(&out), t));
	buffer_clear(&text);
	buffer_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = size > 0 ? text_of(data, size) : TEXT_EMPTY;

	check_any(t);
	check_round_trip(t);
	return 0;
}
