/*
 * Percent-encoding of URLs and forms (RFC 3986 2.1), decoded once.
 */
#ifndef WEBUI_HTTP_HTTP_PERCENT_H
#define WEBUI_HTTP_HTTP_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/*
 * Decode into out, which may be where encoded lies; *len bytes.  A plus is a
 * space where the caller says so (forms).  ERROR_MALFORMED: no two
 * hexadecimal digits behind a percent sign; ERROR_LIMIT: over size bytes.
 */
int http_percent_decode(struct text encoded, bool plus_is_space, char *out,
	size_t size, size_t *len) MUST_CHECK;

/* Value of a hexadecimal digit of either case, or -1. */
int http_percent_digit(char c);

#endif
