/*
 * Quoted-printable (RFC 2045 6.7), read as mail programs read it.
 */
#ifndef GATEWAY_MAIL_QUOTED_PRINTABLE_H
#define GATEWAY_MAIL_QUOTED_PRINTABLE_H

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* What was odd; a set. */
enum quoted_printable_flag {
	QUOTED_PRINTABLE_JUNK = 1u << 0,	/* "=" that quotes nothing,
						   8-bit bytes */
	QUOTED_PRINTABLE_CUT = 1u << 1,		/* ended within "=XX" */
};

/*
 * Append a body decoded.  Line ends stay as they are; "=" that quotes
 * nothing stays.  *flags says what was odd.  ERROR_LIMIT: out is full; what
 * fits is there.
 */
int quoted_printable_decode(struct text t, struct buffer *out,
	unsigned int *flags) MUST_CHECK;

/*
 * Append text encoded: CRLF is a line end, any other CR, LF, control or 8-bit
 * byte is quoted; lines of at most 76 characters.  What a line of mail must
 * not begin with is quoted too: ".", "From " (mbox) and "--" (a delimiter).
 * ERROR_LIMIT: out is full and as before.
 */
int quoted_printable_encode(struct text t, struct buffer *out) MUST_CHECK;

/*
 * The Q form of encoded words (RFC 2047 4.2): "_" is a space, white space
 * at the end stays.
 */
int quoted_printable_decode_word(struct text t, struct buffer *out,
	unsigned int *flags) MUST_CHECK;

#endif
