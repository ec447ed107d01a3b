/*
 * Header fields as people read them: unfolded, encoded words decoded (RFC
 * 2047), in UTF-8; and the reverse.
 */
#ifndef GATEWAY_MAIL_MIME_HEADER_H
#define GATEWAY_MAIL_MIME_HEADER_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/mail/mime_message.h"

/*
 * Append a field's value, unfolded and decoded once.  CR, LF and NUL that
 * encoded words held become spaces.  Raw 8-bit bytes are taken as UTF-8 where
 * they are valid, else as Latin-1.  ERROR_LIMIT: out is full.
 */
int mime_header_decode(struct text value, struct buffer *out) MUST_CHECK;

/*
 * Append "Name: value" CRLF, folded to lines of at most 76 bytes where it
 * can be; value is UTF-8, encoded words (B or Q, whichever is shorter) where
 * it is not printable ASCII.  Control bytes become spaces: never a second
 * line.  ERROR_MALFORMED: no field name; ERROR_LIMIT.  out is unchanged
 * then.
 */
int mime_header_write(struct buffer *out, struct text name,
	struct text value) MUST_CHECK;

/*
 * Every file name that some reader would show for a part: filename,
 * filename*, name, encoded words decoded or not; UTF-8, cleaned of paths and
 * control bytes.  *names lies in the arena, the likeliest first.
 */
int mime_part_filenames(const struct mime_part *part, struct arena *arena,
	struct text **names, size_t *count) MUST_CHECK;

#endif
