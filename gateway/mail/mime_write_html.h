/*
 * Where text may be added to a page of HTML, as browsers read it (WHATWG
 * HTML 13.2.5): tags, comments and elements whose content is no markup.
 */
#ifndef GATEWAY_MAIL_MIME_WRITE_HTML_H
#define GATEWAY_MAIL_MIME_WRITE_HTML_H

#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct mime_write_html {
	size_t top;	/* offset behind <body>, or what comes nearest */
	size_t bottom;	/* before the last </body>, </html>, or the end */
};

/*
 * Bytes in any charset whose markup is ASCII.  ERROR_REFUSED: the page ends
 * within a tag, a comment or a script; what is added at its end would not be
 * seen.
 */
int mime_write_html_scan(struct text html, struct mime_write_html *out)
	MUST_CHECK;

#endif
