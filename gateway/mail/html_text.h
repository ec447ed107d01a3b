/*
 * What a person sees of a text: HTML without its tags, and any text without
 * the characters that are not seen, by which words are taken apart.  For
 * searching, not for showing.
 */
#ifndef GATEWAY_MAIL_HTML_TEXT_H
#define GATEWAY_MAIL_HTML_TEXT_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Bytes that can come out of len bytes. */
#define HTML_TEXT_MAX(len) ((len) + 1)

/*
 * Append the text of an HTML document in UTF-8: character references
 * decoded, inline tags left out without a gap, a line end for each tag of a
 * block, white space as one space, comments, scripts and styles left out.
 * Works in time linear to the length, whatever is not closed.  ERROR_LIMIT:
 * out is full; what fits is there.
 */
int html_text(struct text html, struct buffer *out) MUST_CHECK;

/* Whether it begins as HTML does, whatever it is called. */
bool html_text_is_html(struct text t);

/*
 * Append UTF-8 without its invisible characters (soft hyphen, zero-width
 * ones, marks of direction), with every space beyond ASCII as a plain one.
 * *changed: there were some.  ERROR_LIMIT as
 * above.
 */
int html_text_strip(struct text utf8, struct buffer *out, bool *changed)
	MUST_CHECK;

#endif
