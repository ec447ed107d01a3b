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
	bool is_any;	/* CRLF and LF do */
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
		if (lines->is_lf || lines->is_any)
			break;
		if (lf > data + start && lf[-1] == '\r')
			break;
	}
	size_t end = (size_t)(lf - data);
	bool is_pair = !lines->is_lf && end > start && lf[-1] == '\r';
	return (struct mime_line){ start, end - start - (is_pair ? 1 : 0),
		end + 1 };
}

/* Where the text before the line at that offset ends, without line end. */
static inline size_t
mime_lines_end_before(const struct mime_lines *lines, size_t start)
{
	size_t own = lines->is_lf || (lines->is_any && start > 1 &&
		lines->bytes.data[start - 2] != '\r') ? 1 : 2;

	return start > own ? start - own : 0;
}

/* Which way a message is read, and where it could be read otherwise. */
struct mime_way {
	uint32_t reading;	/* set of enum mime_choice */
	uint32_t choices;	/* the same: those that made a difference */
};

/*
 * Fill in part->fields from the header section's lines at [start, end).
 * *left: how many fields there may still be; too many are a flag.
 * ERROR_LIMIT: the arena is full.
 */
int mime_section_fields(const struct mime_lines *lines, size_t start,
	size_t end, uint32_t *left, struct arena *arena,
	struct mime_part *part) MUST_CHECK;

/*
 * Every transfer encoding that the value of a Content-Transfer-Encoding
 * names somewhere: a set of 1 << enum mime_encoding.
 */
uint32_t mime_section_encodings(struct text value);

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
	struct mime_way *way, struct arena *arena) MUST_CHECK;

/* The boundary of a multipart; false where there is none.  Sets flags. */
bool mime_section_boundary(struct mime_part *part, struct mime_way *way,
	struct text *boundary);

#endif
