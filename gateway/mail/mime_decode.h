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

/*
 * Append bytes as text in UTF-8, by a charset that may be empty, wrong or
 * unknown; adds to *flags.  ERROR_LIMIT.
 */
int mime_decode_charset(struct text charset, struct text bytes,
	struct buffer *out, unsigned int *flags) MUST_CHECK;

/*
 * The ways in which readers take a leaf's content where its encoding is
 * unknown, doubled, commented, misplaced or broken.
 */
enum mime_view {
	MIME_VIEW_PLAIN,	/* as it stands */
	MIME_VIEW_QUOTED_PRINTABLE,
	MIME_VIEW_BASE64,
	MIME_VIEW_BASE64_BEGINNING,	/* up to padding or junk */
	MIME_VIEW_BASE64_UNPADDED,	/* padding is junk */
	MIME_VIEW_UUENCODE,
	MIME_VIEWS
};
struct mime_views {
	const struct mime_part *part;
	uint32_t left;		/* set of 1 << enum mime_view */
	uint32_t seen;
	bool is_ambiguous;	/* there is more than one */
};
/* The part must outlive the views. */
void mime_views_begin(struct mime_views *views, const struct mime_part *part);
/*
 * The next one; the first is what mime_decode() gives.
 *   *view      which, or NULL
 *   *content   borrowed from the part or from out, which is reset before
 * ERROR_NOT_FOUND: there is no other; ERROR_LIMIT: out is full.
 */
int mime_views_next(struct mime_views *views, struct buffer *out,
	enum mime_view *view, struct text *content) MUST_CHECK;

#endif
