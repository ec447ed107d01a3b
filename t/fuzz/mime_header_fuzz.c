/*
 * mail/mime_header: what is written is one field of ASCII in lines that are
 * not too long, and reads back the same; what is decoded is UTF-8 on one
 * line.
 */
#include <string.h>

#include "gateway/mail/mime_header.h"
#include "gateway/mail/utf8.h"

#define ROOM ((size_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_decoded(struct text t)
{
	require(utf8_is_valid(t));
	for (size_t i = 0; i < t.len; i++)
		require(t.data[i] != '\r' && t.data[i] != '\n' &&
			t.data[i] != '\0');
}

static void
check_lines(struct text lines)
{
	size_t from = 0;

	require(utf8_is_ascii(lines));
	for (size_t i = 0; i < lines.len; i++) {
		if (lines.data[i] != '\n') {
			require(lines.data[i] >= ' ' || lines.data[i] == '\r');
			continue;
		}
		require(i > 0 && lines.data[i - 1] == '\r');
		require(i - from <= 999);
		/* A line that begins otherwise would be a field. */
		require(i + 1 == lines.len || lines.data[i + 1] == ' ');
		from = i + 1;
	}
	require(from == lines.len);
}

/* What a value becomes: no control characters, no broken UTF-8. */
static void
clean(struct text value, struct buffer *out)
{
	while (value.len > 0) {
		uint32_t point;
		size_t len = utf8_next(value, &point);
		if (len == 0)
			require(buffer_add_text(out, TEXT("\xef\xbf\xbd")) ==
				0);
		else if (point < 32 || (point >= 127 && point < 160))
			require(buffer_add_byte(out, ' ') == 0);
		else
			require(buffer_add(out, value.data, len) == 0);
		value = text_skip(value, len == 0 ? 1 : len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text value = size > 0 ? text_of(data, size) : TEXT_EMPTY;
	struct buffer out;
	struct buffer back;
	struct buffer want;

	if (size > ROOM / 16)
		return 0;
	buffer_init(&out, ROOM);
	buffer_init(&back, ROOM);
	buffer_init(&want, ROOM);
	require(mime_header_decode(value, &back) == 0);
	check_decoded(buffer_text(&back));
	buffer_reset(&back);
	require(mime_header_write(&out, TEXT("Subject"), value) == 0);
	check_lines(buffer_text(&out));
	require(mime_header_decode(text_skip(buffer_text(&out), 8), &back) ==
		0);
	clean(value, &want);
	require(text_equal(buffer_text(&back),
		text_trim(buffer_text(&want))));
	buffer_clear(&out);
	buffer_clear(&back);
	buffer_clear(&want);
	return 0;
}
