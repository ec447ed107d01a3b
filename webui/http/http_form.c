/*
 * Posted forms.
 */
#include "webui/http/http_form.h"

#include <stdbool.h>

#include "webui/http/http_percent.h"

#define FIELD_NAME_MAX 64

/* Browsers encode a name only where it needs it; ours do not. */
static bool
has_name(struct text encoded, const char *name)
{
	char decoded[FIELD_NAME_MAX];
	size_t len = 0;

	if (http_percent_decode(encoded, true, decoded, sizeof(decoded),
	    &len) < 0)
		return false;
	return text_equal(text_of(decoded, len), text_from(name));
}

static bool
has_controls(struct text value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] < ' ' ||
		    value.data[i] == 0x7f)
			return true;
	return false;
}

int
http_form_find(struct text body, const char *name, char *out, size_t size,
	struct text *value)
{
	struct text rest = body, field, encoded = TEXT_EMPTY;
	size_t fields = 0, equals, len = 0;
	bool found = false;
	int error;

	while (text_split(&rest, '&', &field)) {
		if (++fields > HTTP_FORM_FIELDS_MAX)
			return ERROR_LIMIT;
		equals = text_find_byte(field, '=');
		if (!has_name(text_slice(field, 0, equals), name))
			continue;
		if (found)
			return ERROR_MALFORMED;
		found = true;
		encoded = text_skip(field, equals + 1);
	}
	if (!found)
		return ERROR_NOT_FOUND;
	error = http_percent_decode(encoded, true, out, size, &len);
	if (error < 0)
		return error;
	*value = text_of(out, len);
	return has_controls(*value) ? ERROR_MALFORMED : 0;
}
