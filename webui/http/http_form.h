/*
 * Fields of a form as it is posted: application/x-www-form-urlencoded (URL
 * standard, section 5.1; also queries).
 */
#ifndef WEBUI_HTTP_HTTP_FORM_H
#define WEBUI_HTTP_HTTP_FORM_H

#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define HTTP_FORM_TYPE "application/x-www-form-urlencoded"
#define HTTP_FORM_FIELDS_MAX 64

/*
 * The value of the field of that name, decoded into out.  ERROR_NOT_FOUND;
 * ERROR_MALFORMED: broken percent-encoding, the field twice, or a control
 * character in it; ERROR_LIMIT: over size bytes or HTTP_FORM_FIELDS_MAX
 * fields.
 */
int http_form_find(struct text body, const char *name, char *out,
	size_t size, struct text *value) MUST_CHECK;

#endif
