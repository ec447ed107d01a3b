/*
 * webui/http/http_form: a value that was read is read again from its own
 * encoding, and stays within its room.
 */
#include "gateway/base/buffer.h"
#include "webui/http/http_form.h"

#define VALUE_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[VALUE_MAX], again[VALUE_MAX];
	struct text value, twin;
	struct buffer form;
	size_t i;

	if (http_form_find(text_of(data, size), "a", out, sizeof(out),
	    &value) < 0)
		return 0;
	require(value.len <= VALUE_MAX);
	buffer_init(&form, 4 * VALUE_MAX);
	require(buffer_add_text(&form, TEXT("b=1&a=")) == 0);
	for (i = 0; i < value.len; i++)
		require(buffer_printf(&form, "%%%02x",
		    (unsigned int)(unsigned char)value.data[i]) == 0);
	require(http_form_find(buffer_text(&form), "a", again, sizeof(again),
	    &twin) == 0);
	require(text_equal(value, twin));
	buffer_clear(&form);
	return 0;
}
