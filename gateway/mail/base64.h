/*
 * Base64 (RFC 4648 4 and 5, RFC 2045 6.8): the strict form of our own
 * formats, and what mail programs make of a sloppy one.
 */
#ifndef GATEWAY_MAIL_BASE64_H
#define GATEWAY_MAIL_BASE64_H

#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* What was odd; a set. */
enum base64_flag {
	BASE64_JUNK = 1u << 0,	/* bytes that no encoder writes */
	BASE64_CUT = 1u << 1,	/* ended without its padding */
	BASE64_MORE = 1u << 2,	/* data behind the padding */
};

/* Characters, line ends not counted, for that many bytes. */
#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4)

/*
 * Append bytes with padding.  line 0: one run of characters; else a multiple
 * of 4: lines of that many characters, each, the last too, with CRLF.
 * ERROR_LIMIT with out unchanged.
 */
int base64_encode(struct text bytes, size_t line, struct buffer *out)
	MUST_CHECK;

/*
 * Append what t stands for.  Strict: only the alphabet, white space (space,
 * tab, CR, LF) anywhere, padding where it belongs, no bits left over.
 * ERROR_MALFORMED or ERROR_LIMIT, with out unchanged.
 */
int base64_decode(struct text t, struct buffer *out) MUST_CHECK;

/*
 * The lenient way: junk is skipped, missing padding taken as if it were
 * there, data behind padding goes on.  *flags says what was odd.
 * ERROR_LIMIT: out is full; what fits is there.
 */
int base64_decode_lenient(struct text t, struct buffer *out,
	unsigned int *flags) MUST_CHECK;

/*
 * Two ways in which other readers take what is not strict: the end is at
 * the first padding or junk, or padding is junk like any other.  Errors as
 * above.
 */
int base64_decode_beginning(struct text t, struct buffer *out) MUST_CHECK;
int base64_decode_unpadded(struct text t, struct buffer *out) MUST_CHECK;

/* The alphabet of URLs and file names, without padding or white space. */
int base64_url_encode(struct text bytes, struct buffer *out) MUST_CHECK;
/* Strict.  ERROR_MALFORMED or ERROR_LIMIT, with out unchanged. */
int base64_url_decode(struct text t, struct buffer *out) MUST_CHECK;

#endif
