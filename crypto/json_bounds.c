/*
 * Bounds of JSON texts.
 */
#include "crypto/json_bounds.h"

enum sign { SIGN_NONE, SIGN_OPEN, SIGN_CLOSE, SIGN_BETWEEN };

static const unsigned char signs[256] = {
	['['] = SIGN_OPEN, ['{'] = SIGN_OPEN,
	[']'] = SIGN_CLOSE, ['}'] = SIGN_CLOSE,
	[':'] = SIGN_BETWEEN, [','] = SIGN_BETWEEN,
};

int
json_bounds_check(struct text json, size_t signs_max, size_t depth_max)
{
	size_t count = 0, depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < json.len; i++) {
		char c = json.data[i];
		unsigned char sign = signs[(unsigned char)c];

		if (in_string) {
			if (c == '\\')
				i++;
			in_string = c != '"';
			continue;
		}
		in_string = c == '"';
		if (sign == SIGN_OPEN)
			depth++;
		else if (sign == SIGN_CLOSE && depth > 0)
			depth--;
		if (sign != SIGN_NONE)
			count++;
		if (depth > depth_max || count > signs_max)
			return ERROR_LIMIT;
	}
	return 0;
}
