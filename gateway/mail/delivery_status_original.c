/*
 * The third part of a delivery status notification: the original message,
 * or its header section (RFC 6522 3).
 */
#include <string.h>

#include "gateway/mail/data_line_private.h"
#include "gateway/mail/delivery_status_private.h"
#include "gateway/mail/mime_enclosure.h"
#include "gateway/mail/utf8.h"

/* Up to the empty line, or whole lines of at most the allowed size. */
static struct text
find_headers(struct text message)
{
	struct text rest = message;

	while (rest.len > 0) {
		struct data_line line = data_line_find(rest.data, rest.len);
		size_t end = message.len - rest.len + line.len;
		if (line.text_len == 0 || end > DELIVERY_STATUS_HEADERS_MAX)
			break;
		rest = text_skip(rest, line.len);
	}
	return text_slice(message, 0, message.len - rest.len);
}

void
delivery_status_choose_original(const struct delivery_status *status,
	struct delivery_status_original *out)
{
	/* [whole][internationalised]; RFC 6522 2, RFC 6533 5 */
	static const char *const types[2][2] = {
		{ "text/rfc822-headers", "message/global-headers" },
		{ "message/rfc822", "message/global" },
	};
	struct text original = status->original;
	struct text headers = find_headers(original);

	out->is_whole = status->want_full && status->is_original_whole &&
		original.len <= DELIVERY_STATUS_FULL_MAX &&
		mime_enclosure_is_clean(original);
	out->bytes = out->is_whole ? original : headers;
	out->is_8bit = !utf8_is_ascii(out->bytes);
	bool international = status->is_smtputf8 && !utf8_is_ascii(headers) &&
		utf8_is_valid(headers);
	out->type = types[out->is_whole][international];
}

/* Without the beginning of a character at the end. */
static size_t
cut_len(struct text line)
{
	size_t len = DELIVERY_STATUS_LINE_MAX;

	if (line.len <= len)
		return line.len;
	for (size_t back = 0; back < 3; back++)
		if (((unsigned char)line.data[len - back] & 0xc0) != 0x80)
			return len - back;
	return len;
}

static int
write_line(struct text line, struct buffer *out)
{
	char *bytes;
	size_t len = cut_len(line);

	int error = buffer_reserve(out, len + 2, &bytes);
	if (error != 0)
		return error;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line.data[i];
		bool control = (c < ' ' && c != '\t') || c == 127;
		bytes[i] = control ? '?' : (char)c;
	}
	memcpy(bytes + len, "\r\n", 2);
	buffer_commit(out, len + 2);
	return 0;
}

int
delivery_status_write_original(const struct delivery_status_original *original,
	struct buffer *out)
{
	struct text rest = original->bytes;
	int error = 0;

	if (original->is_whole)
		return buffer_add_text(out, rest);
	while (error == 0 && rest.len > 0) {
		struct data_line line = data_line_find(rest.data, rest.len);
		error = write_line(text_slice(rest, 0, line.text_len), out);
		rest = text_skip(rest, line.len);
	}
	return error;
}
