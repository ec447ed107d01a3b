/*
 * Changes to the parts of a message (RFC 2045, 2046): collected first, then
 * written over the bytes of the message.  What no change is about stays byte
 * for byte.
 *
 * Lines that are written end in CRLF: a message whose lines end in LF alone
 * must be turned into one with CRLF first (mime_write_lines()).
 */
#ifndef GATEWAY_MAIL_MIME_WRITE_H
#define GATEWAY_MAIL_MIME_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/mail/mime_message.h"

/* RFC 5322 2.1.1, without CRLF */
#define MIME_WRITE_LINE_MAX 998

struct mime_write_change;

struct mime_write {
	const struct mime_message *message;
	struct arena *arena;
	struct mime_write_change *changes;	/* one a part */
	bool has_changes;
};

/* Append bytes, every LF and CR without the other as CRLF.  ERROR_LIMIT. */
int mime_write_lines(struct text bytes, struct buffer *out) MUST_CHECK;

/*
 * Message and arena must live as long.  ERROR_LIMIT: the arena is full, or
 * the message was not parsed to its end.
 */
int mime_write_open(struct mime_write *write,
	const struct mime_message *message, struct arena *arena) MUST_CHECK;
void mime_write_close(struct mime_write *write);

/*
 * Whether a leaf can be given another body such that every reader finds it:
 * its type and encoding are clear.
 */
bool mime_write_is_clear(const struct mime_part *part);
/*
 * Whether nothing of a part is there, as where two delimiters follow one
 * another: it has no place of its own, and cannot be changed.
 */
bool mime_write_is_empty(const struct mime_message *message, size_t index);
/* A message's own part: of the whole, or of a message/rfc822. */
bool mime_write_is_root(const struct mime_message *message, size_t index);

/*
 * Give a leaf another body: decoded bytes, which are taken over.  charset:
 * that of the text now; empty: as it is.  It is encoded as before, or in
 * quoted-printable where that would no longer carry it (8-bit bytes, long or
 * broken lines, lines that look like a delimiter).
 */
void mime_write_body(struct mime_write *write, size_t index,
	struct buffer *bytes, struct text charset);
/* The same for a text that becomes text/plain, in UTF-8. */
void mime_write_plain(struct mime_write *write, size_t index,
	struct buffer *utf8);
/*
 * Put a part of plain text in its place, with all that is below it.
 * ERROR_LIMIT: the arena is full.
 */
int mime_write_replace(struct mime_write *write, size_t index,
	struct text utf8) MUST_CHECK;
/*
 * Take a part out of its multipart.  The last one of a multipart, and a
 * message's own part, become an empty text.
 */
void mime_write_remove(struct mime_write *write, size_t index);
/*
 * Put a part into a multipart/mixed, byte for byte, with a part of plain
 * text before it, behind it, or both; empty: none.  Only one part of a
 * message can be.  ERROR_LIMIT: the arena is full.
 */
int mime_write_wrap(struct mime_write *write, size_t index,
	struct text before, struct text behind) MUST_CHECK;
/*
 * Something below the part is changed: every multipart/signed and
 * multipart/encrypted above it becomes a multipart/mixed, in which the notice
 * stands for the signature.  ERROR_LIMIT: the arena is full.
 */
int mime_write_unsign(struct mime_write *write, size_t index,
	struct text notice) MUST_CHECK;

/* Append the message with its changes.  ERROR_LIMIT. */
int mime_write_finish(struct mime_write *write, struct buffer *out)
	MUST_CHECK;

#endif
