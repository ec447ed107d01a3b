/*
 * uuencode (POSIX.1-2017, uuencode): the content of the first file in a
 * body.
 */
#ifndef GATEWAY_MAIL_UUENCODE_H
#define GATEWAY_MAIL_UUENCODE_H

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* What was odd; a set. */
enum uuencode_flag {
	UUENCODE_JUNK = 1u << 0,	/* bytes that no encoder writes */
	UUENCODE_CUT = 1u << 1,		/* no "end" */
	UUENCODE_NONE = 1u << 2,	/* no "begin": nothing came out */
};

/*
 * Append the file between "begin" and "end".  *name (may be NULL) is what
 * "begin" calls it, borrowed, as it came.  ERROR_LIMIT: out is full; what
 * fits is there.
 */
int uuencode_decode(struct text t, struct buffer *out, struct text *name,
	unsigned int *flags) MUST_CHECK;

/*
 * The next file within a text: *block goes from its "begin" to behind its
 * "end", to the next "begin" or to the end of the text; *rest moves behind
 * it.  Of what says "begin" only that counts whose next line is one of
 * uuencode.  ERROR_NOT_FOUND: there is none; *rest is empty.
 */
int uuencode_find(struct text *rest, struct text *block, struct text *name)
	MUST_CHECK;

#endif
