/*
 * The chunked transfer coding (RFC 9112 7.1), decoded piece by piece:
 * extensions and trailer fields are read and dropped, within limits.
 */
#ifndef WEBUI_HTTP_HTTP_CHUNKED_H
#define WEBUI_HTTP_HTTP_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define HTTP_CHUNKED_LINE_MAX 256	/* of a chunk's size line */
#define HTTP_CHUNKED_TRAILER_MAX 8192	/* of all trailer fields */

/* All zero at first. */
struct http_chunked {
	uint64_t left;		/* of the chunk at hand */
	size_t line_len;	/* of the line, or of all trailers */
	uint8_t state;
	bool has_digit;
	bool is_line_empty;
};

/*
 * Take from the input: *used bytes of it, of which *piece is content (may be
 * empty).  0; ERROR_MALFORMED; ERROR_LIMIT.  Call again while it takes
 * something and is not done.
 */
int http_chunked_take(struct http_chunked *chunked, struct text input,
	size_t *used, struct text *piece) MUST_CHECK;
bool http_chunked_is_done(const struct http_chunked *chunked);

#endif
