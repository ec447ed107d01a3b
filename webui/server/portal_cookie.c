/*
 * Cookies.  portal process.
 */
#include "webui/server/portal_cookie.h"

#include <stdio.h>

#include "gateway/base/buffer.h"

#define NAME_SIZE 48
#define COOKIE_MAX 512

/* The prefix has browsers demand Secure, Path=/ and no Domain. */
static void
print_name(bool is_secure, struct text purpose, char out[NAME_SIZE])
{
	int len = snprintf(out, NAME_SIZE, "%spostern%.*s",
	    is_secure ? "__Host-" : "", TEXT_ARG(purpose));

	require(len > 0 && len < NAME_SIZE);
}

struct text
portal_cookie_get(const struct http_exchange *exchange, bool is_secure,
	struct text purpose)
{
	char name[NAME_SIZE];

	print_name(is_secure, purpose, name);
	return http_exchange_cookie(exchange, name);
}

void
portal_cookie_set(struct http_exchange *exchange, bool is_secure,
	struct text purpose, struct text value, int64_t max_age_s)
{
	char name[NAME_SIZE];
	struct buffer cookie;
	int error;

	print_name(is_secure, purpose, name);
	buffer_init(&cookie, COOKIE_MAX);
	error = buffer_printf(&cookie, "%s=%.*s; Path=/; HttpOnly; "
	    "SameSite=Lax%s", name, TEXT_ARG(value),
	    is_secure ? "; Secure" : "");
	if (error == 0 && max_age_s != 0)
		error = buffer_printf(&cookie, "; Max-Age=%lld",
		    max_age_s < 0 ? 0LL : (long long)max_age_s);
	require(error == 0);
	http_exchange_add_field(exchange, "Set-Cookie",
	    buffer_text(&cookie));
	buffer_wipe(&cookie);
}
