/*
 * Inside the writer of changed messages: headers, bodies and text parts as
 * bytes.
 */
#ifndef GATEWAY_MAIL_MIME_WRITE_PRIVATE_H
#define GATEWAY_MAIL_MIME_WRITE_PRIVATE_H

#include "gateway/mail/mime_write.h"

#define MIME_WRITE_FIELDS_MAX 4
#define MIME_WRITE_BOUNDARY_SIZE 40

enum mime_write_kind {
	MIME_WRITE_KEEP,
	MIME_WRITE_BODY,
	MIME_WRITE_REPLACE,
	MIME_WRITE_REMOVE,
	MIME_WRITE_WRAP,
	MIME_WRITE_UNSIGN,
};

struct mime_write_change {
	uint8_t kind;		/* enum mime_write_kind */
	struct buffer bytes;	/* BODY */
	struct text charset;	/* BODY */
	bool is_plain;		/* BODY: text/plain from now on */
	struct text before;	/* WRAP, in UTF-8; REPLACE: the text */
	struct text behind;	/* WRAP */
};

/* A field that takes the place of all of its name; empty: they go. */
struct mime_write_field {
	const char *name;
	struct text whole;	/* with its line end */
};

/*
 * Append a header section with its empty line: the part's own, with those
 * fields in place of theirs, behind the others where there was none.
 * without_content: no Content-* field stays.
 */
int mime_write_header(const struct mime_part *part, bool without_content,
	const struct mime_write_field *fields, size_t count,
	struct buffer *out) MUST_CHECK;
/* Append the part's Content-* fields, each with a line end. */
int mime_write_content_fields(const struct mime_part *part,
	struct buffer *out) MUST_CHECK;
/*
 * Append Content-Type with the part's own parameters but for those in
 * dropped (ended by NULL), and a charset where one is given.
 */
int mime_write_type(const struct mime_part *part, struct text type,
	struct text subtype, struct text charset, const char *const *dropped,
	struct buffer *out) MUST_CHECK;

/* Append the whole part, header and body, as it is with another body. */
int mime_write_part(const struct mime_message *message, size_t index,
	const struct mime_write_change *change, struct buffer *out)
	MUST_CHECK;
/*
 * Append the Content-* fields of a part of plain text, without an empty
 * line, and its body.
 */
int mime_write_text(struct text utf8, struct buffer *fields,
	struct buffer *body) MUST_CHECK;

/*
 * A boundary that occurs nowhere in the bytes, always the same for them.
 * ERROR_LIMIT: somebody has made one in which all occur.
 */
int mime_write_boundary(struct text bytes,
	char out[MIME_WRITE_BOUNDARY_SIZE]) MUST_CHECK;

#endif
