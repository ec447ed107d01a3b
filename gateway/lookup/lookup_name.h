/*
 * Domain names on their way into a question: U-labels become A-labels
 * (RFC 5891), everything is put in lower case, and what could not be the
 * name of a mail host is refused before it is asked.  The only includer of
 * libidn2.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_NAME_H
#define GATEWAY_LOOKUP_LOOKUP_NAME_H

#include <stdbool.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define LOOKUP_NAME_MAX 253	/* RFC 1035 2.3.4, as text */

struct lookup_name {
	size_t len;
	char bytes[LOOKUP_NAME_MAX + 1];	/* NUL ended */
};

struct text lookup_name_text(const struct lookup_name *name);

/*
 * From a domain in UTF-8 or ASCII; one dot behind is taken off.
 * ERROR_MALFORMED: not a domain name, with words in why.
 */
int lookup_name_parse(struct text domain, struct lookup_name *out,
	struct reason *why) MUST_CHECK;

/*
 * Whether a target of an MX record can be a host: labels of host name
 * characters, and neither an IP address in disguise nor "localhost".
 */
bool lookup_name_is_host(struct text name);

#endif
