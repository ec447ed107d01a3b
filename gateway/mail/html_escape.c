/*
 * Text into HTML (HTML standard, 13.1.2.3 and 13.1.3).
 */
#include "gateway/mail/html_escape.h"

#include "gateway/mail/utf8.h"

#define REPLACEMENT TEXT("\xEF\xBF\xBD")	/* U+FFFD */

static const struct text references[128] = {
	['&'] = TEXT_INIT("&amp;"),
	['<'] = TEXT_INIT("&lt;"),
	['>'] = TEXT_INIT("&gt;"),
	['"'] = TEXT_INIT("&quot;"),
	['\''] = TEXT_INIT("&#39;"),
};

/* Bytes at the beginning that go through unchanged. */
static size_t
plain_run(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++) {
		unsigned char byte = (unsigned char)t.data[i];

		if (byte >= 127 || references[byte].len > 0 ||
		    (byte < 32 && byte != '\t' && byte != '\n'))
			break;
	}
	return i;
}

/* One character that is not plain; *taken is how many bytes it had. */
static struct text
translate(struct text t, size_t *taken)
{
	uint32_t point = 0;
	size_t len = utf8_next(t, &point);

	*taken = len == 0 ? 1 : len;
	if (len == 0)
		return REPLACEMENT;
	if (point < 32 || (point >= 127 && point < 160))
		return TEXT_EMPTY;
	if (point < 128)
		return references[point];
	return text_slice(t, 0, len);
}

int
html_escape(struct text t, struct buffer *out)
{
	size_t before = buffer_len(out);
	size_t taken;
	struct text piece;
	int r = 0;

	while (t.len > 0 && r == 0) {
		taken = plain_run(t);
		piece = text_slice(t, 0, taken);
		if (taken == 0)
			piece = translate(t, &taken);
		r = buffer_add_text(out, piece);
		t = text_skip(t, taken);
	}
	if (r != 0)
		buffer_truncate(out, before);
	return r;
}
