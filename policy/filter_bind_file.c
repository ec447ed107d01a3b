/*
 * Arguments and operands that are types of files.
 */
#include "policy/file_type.h"
#include "policy/filter_bind.h"

#include <string.h>

#define SHOWN_MAX 40

/* RFC 2045 5.1, with "*" for all subtypes. */
int
filter_bind_mime_type(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	static const char others[] = "/*+.-_!#$&^";
	bool is_type = value->text.len > 0;
	size_t i;
	int error = filter_bind_string(binder, value, "a MIME type");

	(void)signature;
	for (i = 0; i < value->text.len && error == 0; i++)
		if (!text_is_alnum(value->text.data[i]) && memchr(others,
		    value->text.data[i], sizeof(others) - 1) == NULL)
			is_type = false;
	if (error == 0 && !is_type)
		return filter_bind_fail(binder, value->offset,
		    "no MIME type, such as "
		    "\"image/png\" or \"image/*\"");
	out->text = value->text;
	return error;
}

int
filter_bind_file_type(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = filter_bind_string(binder, value, "a type of files");

	(void)signature;
	if (error == 0 && !file_type_is_name(value->text))
		return filter_bind_fail(binder, value->offset,
		    "there is no type of "
		    "files \"%.*s\"", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	out->text = value->text;
	return error;
}
