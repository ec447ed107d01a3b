/*
 * Which page an address of the portal means.
 */
#ifndef WEBUI_SERVER_PORTAL_ROUTE_H
#define WEBUI_SERVER_PORTAL_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/text.h"
#include "webui/http/http_server.h"

#define PORTAL_ID_LEN 16	/* of an envelope, or of an upload */

enum portal_route_kind {
	PORTAL_ROUTE_NONE,
	PORTAL_ROUTE_HOME,	/* / */
	PORTAL_ROUTE_FIND,	/* /find */
	PORTAL_ROUTE_ABOUT,	/* /about */
	PORTAL_ROUTE_STYLE,	/* /style.css */
	PORTAL_ROUTE_SIGNOUT,	/* /signout */
	PORTAL_ROUTE_UPLOAD,	/* /open */
	PORTAL_ROUTE_MESSAGE,	/* /m/ID */
	PORTAL_ROUTE_CODE,	/* /m/ID/code */
	PORTAL_ROUTE_VERIFY,	/* /m/ID/verify */
	PORTAL_ROUTE_OPEN,	/* /m/ID/open */
	PORTAL_ROUTE_PAGE,	/* /opened/ID/ */
	PORTAL_ROUTE_PART,	/* /opened/ID/3 */
	PORTAL_ROUTE_WHOLE,	/* /opened/ID/message.eml */
	PORTAL_ROUTES
};

struct portal_route {
	enum portal_route_kind kind;
	uint8_t id[PORTAL_ID_LEN];
	uint32_t part;		/* from 1 */
};

/* PORTAL_ROUTE_NONE for an address that means nothing. */
void portal_route_parse(struct text path, struct portal_route *out);
/* Whether requests of that method are taken there (HEAD as GET). */
bool portal_route_allows(enum portal_route_kind kind,
	enum http_method method);
/* For the field Allow: "GET, HEAD". */
struct text portal_route_methods(enum portal_route_kind kind);

#endif
