/*
 * Inside the MIME parser: lines, header sections, and what the fields of a
 * part say about it.
 */
#ifndef GATEWAY_MAIL_MIME_SECTION_PRIVATE_H
#define GATEWAY_MAIL_MIME_SECTION_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/mail/mime_message.h"

/* How this message ends its lines. */
struct mime_lines {
	struct text bytes;
	bool is_lf;	/* no CRLF in it: LF alone ends a line */
};

struct mime_line {
	size_t start;
	size_t text_len;	/* without its end */
	size_t next;		/* where the next line starts */
};

/* The line at that offset, which is below the end. */
static inline struct mime_line
mime_line_at(const struct mime_lines *lines, size_t start)
{
	const char *data = lines->bytes.data;
	size_t len = lines->bytes.len;
	const char *lf = data + start;

	for (;; lf++) {
		lf = memchr(lf, '\n', len - (size_t)(lf - data));
		if (lf == NULL)
			return (struct mime_line){ start, len - start, len };
		if (lines->is_lf)
			break;
		if (lf > data + start && lf[-1] == '\r')
			break;
	}
	size_t end = (size_t)(lf - data);
	return (struct mime_line){ start,
		end - start - (lines->is_lf ? 0 : 1), end + 1 };
}

/* Bytes of a line end. */
static inline size_t
mime_lines_end_len(const struct mime_lines *lines)
{
	return lines->is_lf ? 1 : 2;
}

/*
 * Fill in part->fields from the header section's lines at [start, end).
 * *left: how many fields there may still be; too many are a flag.
 * ERROR_LIMIT: the arena is full.
 */
int mime_section_fields(const struct mime_lines *lines, size_t start,
	size_t end, uint32_t *left, struct arena *arena,
	struct mime_part *part) MUST_CHECK;

/* What a line of a header section is. */
enum mime_section_line {
	MIME_SECTION_FIELD,
	MIME_SECTION_FOLDED,	/* goes on with the field before it */
	MIME_SECTION_MBOX,	/* "From " or ">From ": no field, skipped */
	MIME_SECTION_END,	/* the empty line */
	MIME_SECTION_BAD,
};
enum mime_section_line mime_section_line(struct text line);

/*
 * Read type, disposition and encoding off the fields.  digest: the parent
 * is a multipart/digest, whose parts are messages where nothing is said.
 */
int mime_section_meaning(struct mime_part *part, bool digest,
	struct arena *arena) MUST_CHECK;

/* The boundary of a multipart; false where there is none.  Sets flags. */
bool mime_section_boundary(struct mime_part *part, struct text *boundary);

#endif
