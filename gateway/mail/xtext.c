/*
 * xtext (RFC 3461 4).
 */
#include "gateway/mail/xtext.h"

static bool
is_plain(char c)
{
	return c >= '!' && c <= '~' && c != '+' && c != '=';
}

/* Capitals only: RFC 3461 4 hexchar. */
static int
hex_value(char c)
{
	if (text_is_digit(c))
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Take one character; its value, or -1 where t is malformed.  t is not
 * empty.
 */
static int
take_byte(struct text *t)
{
	char c = t->data[0];

	if (is_plain(c)) {
		*t = text_skip(*t, 1);
		return c;
	}
	if (c != '+' || t->len < 3)
		return -1;
	int high = hex_value(t->data[1]);
	int low = hex_value(t->data[2]);
	if (high < 0 || low < 0)
		return -1;
	*t = text_skip(*t, 3);
	return high << 4 | low;
}

bool
xtext_is_valid(struct text t)
{
	while (t.len > 0)
		if (take_byte(&t) < 0)
			return false;
	return true;
}

bool
xtext_is_printable(struct text t)
{
	while (t.len > 0) {
		int byte = take_byte(&t);
		if (byte < ' ' || byte > '~')
			return false;
	}
	return true;
}

int
xtext_decode(struct text t, struct buffer *out)
{
	size_t before = buffer_len(out);
	int error = 0;

	while (error == 0 && t.len > 0) {
		int byte = take_byte(&t);
		error = byte < 0 ? ERROR_MALFORMED :
			buffer_add_byte(out, (char)byte);
	}
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}

int
xtext_encode(struct text raw, struct buffer *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t before = buffer_len(out);
	int error = 0;

	for (size_t i = 0; error == 0 && i < raw.len; i++) {
		unsigned char c = (unsigned char)raw.data[i];
		char coded[] = { '+', digits[c >> 4], digits[c & 15] };
		if (is_plain((char)c))
			error = buffer_add_byte(out, (char)c);
		else
			error = buffer_add(out, coded, sizeof(coded));
	}
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}
