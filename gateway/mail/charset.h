/*
 * Charsets to UTF-8 and back (ICU).  An allow list: names that mail uses; what
 * is not on it is ERROR_NOT_FOUND.
 */
#ifndef GATEWAY_MAIL_CHARSET_H
#define GATEWAY_MAIL_CHARSET_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Open every converter on the list: before the jail, ICU reads files. */
void charset_prepare(void);

/*
 * Append bytes of that charset as UTF-8.  Bytes that are not valid in it
 * become U+FFFD, one for each, never swallowing their neighbours, and set
 * *invalid.  ERROR_NOT_FOUND; ERROR_LIMIT: what fits is there, no character
 * is cut.
 */
int charset_to_utf8(struct text charset, struct text bytes,
	struct buffer *out, bool *invalid) MUST_CHECK;
/*
 * Append UTF-8 as bytes of that charset: such that they may stand anywhere
 * between characters of a text in it.  ERROR_NOT_FOUND, with out unchanged:
 * the charset is not on the list, cannot say all of it in one byte a
 * character (but for UTF-8), or has states or wider units.  ERROR_LIMIT: out
 * is full and as before.
 */
int charset_from_utf8(struct text charset, struct text utf8,
	struct buffer *out) MUST_CHECK;
/*
 * As charset_to_utf8() where no charset is known: UTF-8 where the bytes are valid, else
 * Latin-1 (in the form of windows-1252).  ERROR_LIMIT.
 */
int charset_guess(struct text bytes, struct buffer *out) MUST_CHECK;

#endif
