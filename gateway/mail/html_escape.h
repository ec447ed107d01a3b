/*
 * Text into HTML: the one function through which everything that comes from
 * outside passes on its way into a page or an envelope.
 */
#ifndef GATEWAY_MAIL_HTML_ESCAPE_H
#define GATEWAY_MAIL_HTML_ESCAPE_H

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/*
 * Append t for the content of an element or a quoted attribute value: the
 * five characters & < > " ' as references; bytes that are no UTF-8 become
 * U+FFFD, one for each; control characters are left out but for tab and
 * line feed.  Other characters stay as they are.  ERROR_LIMIT: out is full
 * and as before.
 */
int html_escape(struct text t, struct buffer *out) MUST_CHECK;

#endif
