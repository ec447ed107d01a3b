/*
 * Percent-decoding.  Every process that speaks HTTP.
 */
#include "webui/http/http_percent.h"

int
http_percent_digit(char c)
{
	char lower = text_lower_byte(c);

	if (c >= '0' && c <= '9')
		return c - '0';
	if (lower >= 'a' && lower <= 'f')
		return lower - 'a' + 10;
	return -1;
}

/* The byte at *at, which moves behind it; negative: malformed. */
static int
take_byte(struct text encoded, size_t *at, bool plus_is_space)
{
	char c = encoded.data[(*at)++];
	int high, low;

	if (c == '+' && plus_is_space)
		return ' ';
	if (c != '%')
		return (unsigned char)c;
	if (encoded.len - *at < 2)
		return ERROR_MALFORMED;
	high = http_percent_digit(encoded.data[(*at)++]);
	low = http_percent_digit(encoded.data[(*at)++]);
	return high < 0 || low < 0 ? ERROR_MALFORMED : high * 16 + low;
}

int
http_percent_decode(struct text encoded, bool plus_is_space, char *out,
	size_t size, size_t *len)
{
	size_t at = 0, count = 0;
	int byte;

	while (at < encoded.len) {
		byte = take_byte(encoded, &at, plus_is_space);
		if (byte < 0)
			return ERROR_MALFORMED;
		if (count == size)
			return ERROR_LIMIT;
		out[count++] = (char)byte;
	}
	*len = count;
	return 0;
}
