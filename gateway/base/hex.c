/*
 * Hexadecimal digits.
 */
#include "gateway/base/hex.h"

static const char digits[] = "0123456789abcdef";

void
hex_encode(const uint8_t *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

/* The digit's value, or -1. */
static int
digit_value(char c)
{
	char lower = text_lower_byte(c);

	if (text_is_digit(c))
		return c - '0';
	if (lower >= 'a' && lower <= 'f')
		return lower - 'a' + 10;
	return -1;
}

int
hex_decode(struct text t, uint8_t *out, size_t len)
{
	if (t.len != 2 * len)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		int high = digit_value(t.data[2 * i]);
		int low = digit_value(t.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return ERROR_MALFORMED;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
