/*
 * Printing texts that came with mail.
 */
#include "gateway/cli/cli_text.h"

#include "gateway/mail/utf8.h"

static bool
is_plain(uint32_t point)
{
	return point >= ' ' && point != 0x7f &&
	    !(point >= 0x80 && point < 0xa0) &&
	    /* Line separators and what turns the direction of writing. */
	    !(point >= 0x2028 && point <= 0x202e) &&
	    !(point >= 0x2066 && point <= 0x2069);
}

int
cli_text_add(struct buffer *out, struct text t)
{
	uint32_t point = 0;
	size_t len, i;
	int error = 0;

	for (; t.len > 0 && error == 0; t = text_skip(t, len)) {
		len = utf8_next(t, &point);
		if (len > 0 && is_plain(point)) {
			error = buffer_add_text(out, text_slice(t, 0, len));
			continue;
		}
		len = len == 0 ? 1 : len;
		for (i = 0; i < len && error == 0; i++)
			error = buffer_printf(out, "\\x%02x",
			    (unsigned char)t.data[i]);
	}
	return error;
}

json_t *
cli_text_json(struct text t)
{
	struct buffer valid;
	uint32_t point = 0;
	json_t *string;
	size_t len;
	int error = 0;

	buffer_init(&valid, 3 * t.len + 1);
	for (; t.len > 0 && error == 0; t = text_skip(t, len)) {
		len = utf8_next(t, &point);
		error = buffer_add_text(&valid, len > 0 ?
		    text_slice(t, 0, len) : TEXT("\xef\xbf\xbd"));
		len = len == 0 ? 1 : len;
	}
	string = json_stringn(buffer_text(&valid).data, buffer_len(&valid));
	buffer_clear(&valid);
	return string;
}

json_t *
cli_text_json_list(const struct text *texts, size_t count)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(list, cli_text_json(texts[i]));
	return list;
}
