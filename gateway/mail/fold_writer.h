/*
 * Writes words into lines of at most 78 columns where they allow it: a
 * header field with folding (RFC 5322 2.1.1 and 2.2.3), or a paragraph of
 * plain text.  Whatever a value holds, it stays where it is: control bytes
 * become "?", and no line ends but our own come out.
 */
#ifndef GATEWAY_MAIL_FOLD_WRITER_H
#define GATEWAY_MAIL_FOLD_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define FOLD_WRITER_COLUMNS 78
/* Longer words are broken, so that no line passes 998 bytes. */
#define FOLD_WRITER_WORD_MAX 800

struct fold_writer {
	struct buffer *out;
	struct text next_line;	/* how a further line begins */
	size_t indent;		/* columns of that */
	size_t column;
	bool is_line_start;	/* no word in this line yet */
	bool allow_utf8;	/* else bytes over 126 become "?" */
	int error;		/* the first; nothing is written after it */
};

/* Begin a field: name without its colon. */
void fold_writer_field(struct fold_writer *writer, struct buffer *out,
	const char *name, bool allow_utf8);
/* Begin a paragraph, each line four columns to the right or not. */
void fold_writer_paragraph(struct fold_writer *writer, struct buffer *out,
	bool is_indented, bool allow_utf8);

/* A space or a new line, then one word that is not broken at its spaces. */
void fold_writer_word(struct fold_writer *writer, struct text word);
/* The same, formatted; at most FOLD_WRITER_WORD_MAX bytes. */
void fold_writer_print(struct fold_writer *writer, const char *format, ...)
	PRINTF_LIKE(2, 3);
/* Any number of words, split at spaces and line ends. */
void fold_writer_words(struct fold_writer *writer, struct text words);
/* CRLF.  0 or the first error; the caller cuts out back then. */
int fold_writer_end(struct fold_writer *writer) MUST_CHECK;

#endif
