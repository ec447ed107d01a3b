/*
 * Terms of dictionaries as text: one a line, in files and in the
 * configuration.
 *
 *   line   := term [ "," weight ]
 *   term   := words | "words" | /regular expression/ | *identifier
 *
 * A "#" begins a line that is a comment.  Words stand in quotes where they
 * would mean something else: in front of them a backslash protects quotes
 * and backslashes.  In a regular expression a slash is written "\/".
 */
#ifndef POLICY_DICTIONARY_TERM_H
#define POLICY_DICTIONARY_TERM_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define DICTIONARY_WEIGHT_MAX 10
#define DICTIONARY_TERM_BYTES 1024

enum dictionary_kind {
	DICTIONARY_WORDS,
	DICTIONARY_PATTERN,
	DICTIONARY_IDENTIFIER,
	DICTIONARY_KINDS
};

struct dictionary_term {
	struct text text;	/* without quotes, slashes or escapes; an
				   identifier with its asterisk */
	enum dictionary_kind kind;
	unsigned int weight;	/* 1 to DICTIONARY_WEIGHT_MAX */
};

/* "words", "pattern", "identifier" */
const char *dictionary_kind_name(enum dictionary_kind kind);

/*
 * Read a line without its end.  The text is borrowed from it or lies in the
 * arena.  What a regular expression means is not looked at.
 * ERROR_NOT_FOUND: an empty line or a comment; ERROR_MALFORMED with words;
 * ERROR_LIMIT: the arena is full.
 */
int dictionary_term_parse(struct text line, struct arena *arena,
	struct dictionary_term *out, struct reason *why) MUST_CHECK;
/* Append the line that is parsed to an equal term, with LF.  ERROR_LIMIT. */
int dictionary_term_print(const struct dictionary_term *term,
	struct buffer *out) MUST_CHECK;

/* Take the next line off a file: LF or CRLF ends it.  False at the end. */
bool dictionary_line_next(struct text *rest, struct text *line);

#endif
