/*
 * The head of an HTTP/1.1 request (RFC 9112 2 to 6): pure and bounded.
 *
 * What is ambiguous is refused: folded fields, spaces before a colon, bare
 * CR or LF, two lengths, a length with a transfer coding, an encoded slash
 * or dot segment in the path, a target of another host.
 */
#ifndef WEBUI_HTTP_HTTP_REQUEST_H
#define WEBUI_HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "webui/http/http_server.h"

#define HTTP_REQUEST_LINE_MAX 8192
#define HTTP_REQUEST_HEAD_MAX 16384
#define HTTP_REQUEST_FIELDS_MAX 100

struct http_request_field {
	struct text name;
	struct text value;	/* without spaces around it */
};

struct http_request {
	enum http_method method;
	struct text path;	/* decoded */
	struct text query;	/* raw, without "?" */
	uint8_t minor;		/* of the version: 0 or 1 */
	bool is_chunked;
	bool keep_alive;
	bool expects_continue;
	int64_t length;		/* Content-Length, 0 without; -1: chunked */
	struct http_request_field fields[HTTP_REQUEST_FIELDS_MAX];
	size_t field_count;
};

/* How far the search for a head's end has come; all zero at first. */
struct http_request_scan {
	size_t at;		/* bytes looked at */
	size_t line;		/* where the line at hand begins */
	size_t lines;		/* that are complete and not empty */
};

/*
 * Find the end of the head in the input so far; call again with more of the
 * same input.  0 with *len (head and empty line); ERROR_AGAIN; or
 * ERROR_MALFORMED or ERROR_LIMIT with the *status to answer.
 */
int http_request_find_end(struct http_request_scan *scan, struct text input,
	size_t *len, unsigned int *status) MUST_CHECK;

/*
 * Parse a whole head, of which the path is decoded in place; *out borrows
 * from it.  ERROR_MALFORMED, ERROR_LIMIT or ERROR_REFUSED with the *status
 * to answer.
 */
int http_request_parse(char *head, size_t len, struct http_request *out,
	unsigned int *status) MUST_CHECK;

/* Value of the only field of that name; empty: none, or several. */
struct text http_request_find(const struct http_request *request,
	const char *name);
size_t http_request_count(const struct http_request *request,
	const char *name);

/* The first cookie of that name in a Cookie field (RFC 6265 4.2.1). */
struct text http_request_find_cookie(struct text cookies, struct text name);

#endif
