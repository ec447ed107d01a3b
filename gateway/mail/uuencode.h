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

#endif
