/*
 * mail/display_name: names are bounded and end; a phrase in quotes is read
 * back as it is.
 */
#include "gateway/mail/display_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_quoted(struct text phrase)
{
	struct display_name name;
	struct buffer field;
	struct text rest;
	size_t i;

	buffer_init(&field, 3 * DISPLAY_NAME_MAX);
	require(buffer_add_byte(&field, '"') == 0);
	for (i = 0; i < phrase.len; i++) {
		if (phrase.data[i] == '"' || phrase.data[i] == '\\')
			require(buffer_add_byte(&field, '\\') == 0);
		require(buffer_add_byte(&field, phrase.data[i]) == 0);
	}
	require(buffer_add_text(&field, TEXT("\"<a@b>")) == 0);
	rest = buffer_text(&field);
	display_name_init(&name);
	require(display_name_next(&rest, &name) && rest.len == 0);
	require(text_equal(buffer_text(&name.phrase), phrase));
	require(buffer_len(&name.comment) == 0);
	display_name_clear(&name);
	buffer_clear(&field);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = text_of(size == 0 ? (const void *)"" : data, size);
	struct display_name name;
	size_t before = rest.len + 1, kept = 0;

	display_name_init(&name);
	while (display_name_next(&rest, &name)) {
		require(rest.len < before);
		before = rest.len;
		kept += buffer_len(&name.phrase) + buffer_len(&name.comment);
		require(buffer_len(&name.phrase) <= DISPLAY_NAME_MAX);
		check_quoted(buffer_text(&name.phrase));
	}
	require(kept <= size);
	display_name_clear(&name);
	return 0;
}
