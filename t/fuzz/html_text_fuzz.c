/*
 * mail/html_text: never longer than what it was made from, in steps that
 * little room cuts short; text that was escaped is seen as it was; text
 * without markup stays; what is stripped once stays so.
 */
#include <string.h>

#include "gateway/mail/html_escape.h"
#include "gateway/mail/html_text.h"
#include "gateway/mail/utf8.h"

#define ROOM ((size_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_any(struct text html)
{
	struct buffer whole;
	struct buffer few;

	buffer_init(&whole, HTML_TEXT_MAX(html.len));
	require(html_text(html, &whole) == 0);
	if (utf8_is_valid(html))
		require(utf8_is_valid(buffer_text(&whole)));
	if (buffer_len(&whole) > 8) {
		buffer_init(&few, buffer_len(&whole) / 2);
		require(html_text(html, &few) == ERROR_LIMIT);
		require(text_starts(buffer_text(&whole), buffer_text(&few)));
		buffer_clear(&few);
	}
	buffer_clear(&whole);
}

/* Visible ASCII of the input, escaped, is shown as itself. */
static void
check_escaped(struct text t)
{
	struct buffer plain;
	struct buffer html;
	struct buffer shown;

	buffer_init(&plain, ROOM);
	buffer_init(&html, ROOM);
	buffer_init(&shown, ROOM);
	for (size_t i = 0; i < t.len; i++)
		if (t.data[i] > ' ' && t.data[i] < 0x7f)
			require(buffer_add_byte(&plain, t.data[i]) == 0);
	require(html_escape(buffer_text(&plain), &html) == 0);
	require(html_text(buffer_text(&html), &shown) == 0);
	require(text_equal(buffer_text(&plain), buffer_text(&shown)));
	buffer_clear(&plain);
	buffer_clear(&html);
	buffer_clear(&shown);
}

static void
check_stripped(struct text t)
{
	struct buffer once;
	struct buffer twice;
	bool changed;

	buffer_init(&once, ROOM);
	buffer_init(&twice, ROOM);
	require(html_text_strip(t, &once, &changed) == 0);
	require(changed || text_equal(t, buffer_text(&once)));
	/* Of broken UTF-8 new characters may come up. */
	if (utf8_is_valid(t)) {
		require(html_text_strip(buffer_text(&once), &twice,
			&changed) == 0);
		require(!changed);
	}
	buffer_clear(&once);
	buffer_clear(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = size > 0 ? text_of(data, size) : TEXT_EMPTY;

	check_any(t);
	check_escaped(t);
	check_stripped(t);
	return 0;
}
