/*
 * gateway/config/config_directory_filter: whatever values hold, a filter has
 * the same parentheses as its template, and reading back the escapes gives
 * the values.  The input is a template and a value, with a NUL between.
 */
#include "gateway/base/hex.h"
#include "gateway/config/config_directory_filter.h"

#include <string.h>

#define PRINTED_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count(struct text t, const char *bytes)
{
	size_t i, found = 0;

	for (i = 0; i < t.len; i++)
		if (t.data[i] != '\0' && strchr(bytes, t.data[i]) != NULL)
			found++;
	return found;
}

/* "\NN" is a byte (RFC 4515 3). */
static void
unescape(struct text t, struct buffer *out)
{
	size_t i;

	for (i = 0; i < t.len; i++) {
		uint8_t byte = (uint8_t)t.data[i];

		if (byte == '\\') {
			require(hex_decode(text_slice(t, i + 1, 2), &byte,
			    1) == 0);
			i += 2;
		}
		require(buffer_add_byte(out, (char)byte) == 0);
	}
}

static void
check_value(struct text value)
{
	const struct config_directory_values values = { .address = value };
	struct buffer printed, read;
	struct text inner;

	buffer_init(&printed, PRINTED_MAX);
	buffer_init(&read, PRINTED_MAX);
	require(config_directory_filter_print(TEXT("(mail={a})"), &values,
	    &printed) == 0);
	inner = text_slice(buffer_text(&printed), 6,
	    buffer_len(&printed) - 7);
	require(count(inner, "()*\n\r") == 0);
	unescape(inner, &read);
	require(text_equal(buffer_text(&read), value));
	buffer_clear(&printed);
	buffer_clear(&read);
}

static void
check_template(struct text filter, struct text value)
{
	const struct config_directory_values values = { .address = value,
		.local = value, .domain = value, .group = value,
		.entry = value };
	struct buffer printed;
	struct reason why = { 0 };

	if (config_directory_filter_check(filter, "audgn", &why) != 0) {
		require(why.text[0] != '\0');
		return;
	}
	buffer_init(&printed, PRINTED_MAX);
	if (config_directory_filter_print(filter, &values, &printed) == 0) {
		require(count(buffer_text(&printed), "()*") ==
		    count(filter, "()*"));
		require(count(buffer_text(&printed), "{}") == 0);
	}
	buffer_clear(&printed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(data, size);
	struct text filter = text_slice(input, 0, text_find_byte(input, '\0'));
	struct text value = text_skip(input, filter.len + 1);

	if (size > 65536)
		return 0;
	check_value(value);
	check_template(filter, value);
	return 0;
}
