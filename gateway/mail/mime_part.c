/*
 * Questions to a part of a message.
 */
#include "gateway/mail/mime_message.h"

#include "gateway/mail/mime_parameter.h"

const struct mime_field *
mime_part_field(const struct mime_part *part, const char *name)
{
	for (size_t i = 0; i < part->field_count; i++)
		if (text_equal_nocase(part->fields[i].name, text_from(name)))
			return &part->fields[i];
	return NULL;
}

struct text
mime_part_parameter(const struct mime_part *part, const char *name)
{
	return mime_parameter_find(part->parameters, part->parameter_count,
		name);
}

bool
mime_part_is(const struct mime_part *part, const char *type,
	const char *subtype)
{
	return (type == NULL || text_equal(part->type, text_from(type))) &&
		(subtype == NULL ||
		text_equal(part->subtype, text_from(subtype)));
}

bool
mime_part_is_leaf(const struct mime_part *part)
{
	return !part->is_multipart && !part->is_message;
}

bool
mime_part_is_attachment(const struct mime_part *part)
{
	if (part->is_multipart)
		return false;
	return text_equal(part->disposition, TEXT("attachment")) ||
		mime_parameter_find(part->disposition_parameters,
		part->disposition_parameter_count, "filename").len > 0 ||
		mime_part_parameter(part, "name").len > 0;
}
