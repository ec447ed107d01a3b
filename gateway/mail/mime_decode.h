/*
 * Content transfer decoding (RFC 2045 6, uuencode) and text in UTF-8
 * (charset.h).
 */
#ifndef GATEWAY_MAIL_MIME_DECODE_H
#define GATEWAY_MAIL_MIME_DECODE_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/mail/mime_message.h"

/* What was odd about the encoded form; a set. */
enum mime_decode_flag {
	MIME_DECODE_JUNK = 1u << 0,	/* bytes that no encoder writes */
	MIME_DECODE_CUT = 1u << 1,	/* ended in the middle */
	MIME_DECODE_MORE = 1u << 2,	/* data behind the padding */
	MIME_DECODE_CHARSET = 1u << 3,	/* unknown: guessed (charset.h) */
	MIME_DECODE_INVALID = 1u << 4,	/* not valid in its charset */
};

/*
 * Append the part's content, decoded leniently as mail programs do (junk
 * skipped, data behind padding taken).  *flags may be NULL.  ERROR_LIMIT:
 * out is full; what fits is there.
 */
int mime_decode(const struct mime_part *part, struct buffer *out,
	unsigned int *flags) MUST_CHECK;
/*
 * The same as text: in UTF-8, by the part's charset parameter; without one,
 * or with US-ASCII, 8-bit bytes are guessed and MIME_DECODE_INVALID.
 */
int mime_decode_text(const struct mime_part *part, struct buffer *out,
	unsigned int *flags) MUST_CHECK;

#endif
