/*
 * The portal's cookies (RFC 6265): never for scripts, for this host alone,
 * not sent along with posts from other sites.
 */
#ifndef WEBUI_SERVER_PORTAL_COOKIE_H
#define WEBUI_SERVER_PORTAL_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/text.h"
#include "webui/http/http_server.h"

/* What a cookie is for; part of its name, at most 20 bytes. */
#define PORTAL_COOKIE_SESSION TEXT("")		/* vault's session */
#define PORTAL_COOKIE_VISIT TEXT("-visit")	/* a browser, for its forms */

/* is_secure: the browser talks TLS to us. */
struct text portal_cookie_get(const struct http_exchange *exchange,
	bool is_secure, struct text purpose);
/* max_age_s 0: until the browser ends; below 0: forget it. */
void portal_cookie_set(struct http_exchange *exchange, bool is_secure,
	struct text purpose, struct text value, int64_t max_age_s);

#endif
