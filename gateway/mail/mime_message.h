/*
 * A message as MIME sees it (RFC 2045, 2046, 2183, 2231): a flat table of
 * its parts as byte ranges of the message, which stays untouched.  One
 * parser for everybody: filters, envelopes, extraction.
 *
 * Iterative and bounded: what passes a limit is a flag, never silently
 * clean.  Nothing is decoded here (mime_decode.h, mime_header.h).
 */
#ifndef GATEWAY_MAIL_MIME_MESSAGE_H
#define GATEWAY_MAIL_MIME_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* What a reader of this message must be told; a set. */
enum mime_flag {
	MIME_TOO_DEEP = 1u << 0,	/* limits.depth */
	MIME_TOO_MANY_PARTS = 1u << 1,
	MIME_TOO_MANY_FIELDS = 1u << 2,
	MIME_NO_BOUNDARY = 1u << 3,	/* multipart without a usable one, or
					   without any part: a leaf */
	MIME_UNCLOSED = 1u << 4,	/* no closing delimiter */
	MIME_DUPLICATE_FIELD = 1u << 5,	/* two of a field that is single */
	MIME_DUPLICATE_PARAMETER = 1u << 6,
	MIME_BAD_HEADER = 1u << 7,	/* a line that is no field */
	MIME_BAD_ENCODING = 1u << 8,	/* unknown or misplaced C-T-E */
	MIME_BAD_TYPE = 1u << 9,	/* Content-Type that cannot be read */
	MIME_BAD_BOUNDARY = 1u << 10,	/* empty, too long, forbidden bytes,
					   or something behind a delimiter */
	MIME_TOO_AMBIGUOUS = 1u << 11,	/* more readings than are told apart */
};

/*
 * Where readers of mail differ, each of two ways: what is not in the set is
 * read as mime_message_parse() does.
 */
enum mime_choice {
	MIME_CHOICE_LAST_FIELD = 1u << 0,	/* of two Content-* fields of
						   one name the last counts */
	MIME_CHOICE_LAST_BOUNDARY = 1u << 1,	/* of two, or as it stands in
						   its quotes */
	MIME_CHOICE_PREFIX = 1u << 2,	/* whatever begins as a delimiter is
					   one */
	MIME_CHOICE_SKIP_LINE = 1u << 3,	/* no field within a header: it
						   goes on behind it */
	MIME_CHOICE_LINE_FEED = 1u << 4,	/* LF alone ends a line beside
						   CRLF */
	MIME_CHOICE_REOPEN = 1u << 5,	/* a multipart goes on behind its
					   closing delimiter */
	MIME_CHOICE_INNER = 1u << 6,	/* a multipart ends at nothing but its
					   own delimiter */
	MIME_CHOICE_GUESS = 1u << 7,	/* a multipart without its boundary:
					   the first line that looks like one */
};

struct mime_limits {
	uint32_t depth;		/* of nesting; 64, and no more */
	uint32_t parts;		/* in all; 10,000 */
	uint32_t fields;	/* of header, in all; 100,000 */
};
extern const struct mime_limits mime_limits_default;

enum mime_encoding {
	MIME_ENCODING_7BIT,
	MIME_ENCODING_8BIT,
	MIME_ENCODING_BINARY,
	MIME_ENCODING_QUOTED_PRINTABLE,
	MIME_ENCODING_BASE64,
	MIME_ENCODING_UUENCODE,		/* x-uuencode */
	MIME_ENCODING_UNKNOWN,
};

struct mime_field {
	struct text name;
	struct text value;	/* behind the colon, folded lines as they are,
				   without the last line end */
	struct text whole;	/* with name and line end */
};

struct mime_parameter {
	struct text name;	/* lower case; RFC 2231 pieces are joined */
	struct text value;	/* unquoted, percent-decoded, in charset */
	struct text charset;	/* RFC 2231, empty where none was given */
};

struct mime_part {
	uint32_t parent;	/* index; its own for the root (0) */
	uint32_t depth;		/* 0 for the root */
	struct text header;	/* section with the empty line */
	struct text body;	/* without the line end before a delimiter */
	struct mime_field *fields;
	size_t field_count;
	struct text type_value;	/* of the Content-Type that counts */
	struct text disposition_value;	/* of the Content-Disposition */
	struct text type;	/* lower case, "text"; never empty */
	struct text subtype;	/* "plain" */
	struct mime_parameter *parameters;	/* of Content-Type */
	size_t parameter_count;
	struct text disposition;	/* lower case; empty where none */
	struct mime_parameter *disposition_parameters;
	size_t disposition_parameter_count;
	uint8_t encoding;	/* enum mime_encoding */
	uint32_t flags;		/* set of enum mime_flag */
	bool is_multipart;	/* with at least one part */
	bool is_message;	/* message/rfc822, message/global: the next
				   part is its root; where it is encoded or
				   too deep, it is a leaf */
};

struct mime_message {
	struct text bytes;
	struct mime_part *parts;	/* in the order of the message */
	size_t part_count;
	uint32_t flags;		/* of all parts together */
	uint32_t reading;	/* set of enum mime_choice: as it was read */
	uint32_t choices;	/* those at which another reader may part */
};

/*
 * Parse.  bytes (CRLF, or LF where a message has no CRLF at all) are
 * borrowed for the life of the arena.  A line of a header section that is no
 * field begins the body (MIME_BAD_HEADER); "From " of an mbox is skipped.
 * ERROR_LIMIT: the arena is full, and out has no parts.
 */
int mime_message_parse(struct text bytes, const struct mime_limits *limits,
	struct arena *arena, struct mime_message *out) MUST_CHECK;
/* The same as another reader does: a set of enum mime_choice. */
int mime_message_read(struct text bytes, const struct mime_limits *limits,
	uint32_t reading, struct arena *arena, struct mime_message *out)
	MUST_CHECK;

/* The first field of that name, or NULL; names compare without case. */
const struct mime_field *mime_part_field(const struct mime_part *part,
	const char *name);
/* Of Content-Type; the empty text where it is missing. */
struct text mime_part_parameter(const struct mime_part *part,
	const char *name);
bool mime_part_is(const struct mime_part *part, const char *type,
	const char *subtype);	/* NULL: any */
/* Neither multipart nor message. */
bool mime_part_is_leaf(const struct mime_part *part);
/* What a reader sees as attached: named, or disposition attachment. */
bool mime_part_is_attachment(const struct mime_part *part);

#endif
