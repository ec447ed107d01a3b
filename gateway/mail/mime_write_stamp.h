/*
 * Disclaimers: a text above or below what a reader sees as the body of a
 * message, in each of its forms.
 */
#ifndef GATEWAY_MAIL_MIME_WRITE_STAMP_H
#define GATEWAY_MAIL_MIME_WRITE_STAMP_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/mail/mime_write.h"

/* Both in UTF-8 with lines that end in CRLF, the last one too. */
struct mime_write_stamp {
	struct text text;
	struct text html;
	bool is_heading;	/* above the body; else below */
};

/*
 * Add it: to the first text of a multipart/mixed, to every form of a
 * multipart/alternative, to the root of a multipart/related; where a form
 * cannot be changed without harm (signed, encrypted, not decodable), as a
 * part of its own beside it.  Attachments and calendar parts are never
 * touched; a message that is nothing but an invitation gets none.
 * ERROR_LIMIT: out of memory's limits.
 *   max   bytes of one changed part
 */
int mime_write_stamp(struct mime_write *write,
	const struct mime_write_stamp *stamp, size_t max) MUST_CHECK;

/*
 * The content of a text part with the stamp in it: decoded bytes, and the
 * charset that they are in now, empty: as before.  ERROR_REFUSED: not without
 * harm; ERROR_LIMIT: out is full.
 */
int mime_write_stamp_text(const struct mime_part *part,
	const struct mime_write_stamp *stamp, struct buffer *out,
	struct text *charset) MUST_CHECK;

#endif
