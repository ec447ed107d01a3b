/*
 * Filters of directory queries: RFC 4515 with places for an address and what
 * belongs to it.  Whatever is put there is escaped, so that no address can
 * say more than its own bytes.
 */
#ifndef GATEWAY_CONFIG_CONFIG_DIRECTORY_FILTER_H
#define GATEWAY_CONFIG_CONFIG_DIRECTORY_FILTER_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* What stands in the places. */
struct config_directory_values {
	struct text address;	/* {a} */
	struct text local;	/* {u} */
	struct text domain;	/* {d} */
	struct text group;	/* {g} */
	struct text entry;	/* {n}: the name (DN) of what was found */
};

/*
 * Whether it can be a filter: balanced parentheses around all of it, braces
 * only as places.
 *   places   the letters that it may hold, such as "aud"
 * ERROR_MALFORMED with words in why.
 */
int config_directory_filter_check(struct text filter, const char *places,
	struct reason *why) MUST_CHECK;
/* Whether it has that place. */
bool config_directory_filter_has(struct text filter, char place);
/*
 * Append it with the values in their places, escaped (RFC 4515 3).
 * ERROR_LIMIT when out is full; out is then as before.
 */
int config_directory_filter_print(struct text filter,
	const struct config_directory_values *values, struct buffer *out)
	MUST_CHECK;

#endif
