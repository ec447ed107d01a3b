/*
 * multipart/form-data (RFC 7578, RFC 2046 5.1) as browsers send it, parsed
 * from pieces of any size; what the parts hold goes to the owner at once.
 */
#ifndef WEBUI_HTTP_HTTP_MULTIPART_H
#define WEBUI_HTTP_HTTP_MULTIPART_H

#include <stdbool.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define HTTP_MULTIPART_PARTS_MAX 32
#define HTTP_MULTIPART_HEAD_MAX 4096	/* of one part */
#define HTTP_MULTIPART_BOUNDARY_MAX 70	/* RFC 2046 5.1.1 */

struct http_multipart;

struct http_multipart_events {
	/*
	 * A part begins; name and filename are borrowed.  is_file: there was
	 * a filename.  Negative ends the parsing with that error, here and
	 * below.
	 */
	int (*part)(void *context, struct text name, struct text filename,
		bool is_file);
	int (*data)(void *context, struct text piece);
	int (*end)(void *context);
};

/*
 * For a body of that Content-Type.  ERROR_MALFORMED: not multipart/form-data
 * or no usable boundary.
 */
int http_multipart_new(struct text content_type,
	const struct http_multipart_events *events, void *context,
	struct http_multipart **out) MUST_CHECK;
void http_multipart_free(struct http_multipart *multipart);	/* NULL too */

/*
 * ERROR_MALFORMED, ERROR_LIMIT, or what a callback gave; final then.
 */
int http_multipart_feed(struct http_multipart *multipart, struct text piece)
	MUST_CHECK;
/* Whether the closing boundary has come. */
bool http_multipart_is_complete(const struct http_multipart *multipart);

#endif
