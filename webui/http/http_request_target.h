/*
 * The target of a request (RFC 9112 3.2): path and query.
 */
#ifndef WEBUI_HTTP_HTTP_REQUEST_TARGET_H
#define WEBUI_HTTP_HTTP_REQUEST_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* A host with or without a port, as the Host field has it. */
bool http_request_host_is_valid(struct text host);

/*
 * Split a target of len bytes and decode its path in place.  host is that of
 * the Host field: the absolute form must name the same one.
 * ERROR_MALFORMED: characters that do not belong there, dot segments,
 * encoded slashes and controls, another host.
 */
int http_request_target_parse(char *target, size_t len, struct text host,
	struct text *path, struct text *query) MUST_CHECK;

#endif
