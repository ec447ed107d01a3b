/*
 * Addresses of the portal.  portal process.
 */
#include "webui/server/portal_route.h"

#include <stddef.h>
#include <string.h>

#include "gateway/base/hex.h"

#define PARTS_MAX 1000000
#define OF(method) (1u << HTTP_##method)

static const struct {
	unsigned int set;
	struct text words;
} methods[PORTAL_ROUTES] = {
#define READ { OF(GET) | OF(HEAD), TEXT_INIT("GET, HEAD") }
#define SEND { OF(POST), TEXT_INIT("POST") }
#define BOTH { OF(GET) | OF(HEAD) | OF(POST), TEXT_INIT("GET, HEAD, POST") }
	[PORTAL_ROUTE_HOME] = READ,
	[PORTAL_ROUTE_FIND] = SEND,
	[PORTAL_ROUTE_ABOUT] = READ,
	[PORTAL_ROUTE_STYLE] = READ,
	[PORTAL_ROUTE_SIGNOUT] = BOTH,
	[PORTAL_ROUTE_UPLOAD] = SEND,
	[PORTAL_ROUTE_MESSAGE] = READ,
	[PORTAL_ROUTE_CODE] = SEND,
	[PORTAL_ROUTE_VERIFY] = SEND,
	[PORTAL_ROUTE_OPEN] = READ,
	[PORTAL_ROUTE_PAGE] = READ,
	[PORTAL_ROUTE_PART] = READ,
	[PORTAL_ROUTE_WHOLE] = READ,
};

struct fixed_row {
	struct text path;
	enum portal_route_kind kind;
};

static const struct fixed_row fixed_rows[] = {
	{ TEXT_INIT("/"), PORTAL_ROUTE_HOME },
	{ TEXT_INIT("/find"), PORTAL_ROUTE_FIND },
	{ TEXT_INIT("/about"), PORTAL_ROUTE_ABOUT },
	{ TEXT_INIT("/style.css"), PORTAL_ROUTE_STYLE },
	{ TEXT_INIT("/signout"), PORTAL_ROUTE_SIGNOUT },
	{ TEXT_INIT("/open"), PORTAL_ROUTE_UPLOAD },
};

/* Behind "/m/" and the id. */
static const struct fixed_row message_rows[] = {
	{ TEXT_INIT(""), PORTAL_ROUTE_MESSAGE },
	{ TEXT_INIT("/code"), PORTAL_ROUTE_CODE },
	{ TEXT_INIT("/verify"), PORTAL_ROUTE_VERIFY },
	{ TEXT_INIT("/open"), PORTAL_ROUTE_OPEN },
};

/* Behind "/opened/" and the id. */
static const struct fixed_row opened_rows[] = {
	{ TEXT_INIT("/"), PORTAL_ROUTE_PAGE },
	{ TEXT_INIT("/message.eml"), PORTAL_ROUTE_WHOLE },
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static enum portal_route_kind
find_row(const struct fixed_row *rows, size_t count, struct text path)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equal(rows[i].path, path))
			return rows[i].kind;
	return PORTAL_ROUTE_NONE;
}

/* Take a prefix and the digits of an id off the path. */
static bool
take_id(struct text *path, struct text prefix, uint8_t id[PORTAL_ID_LEN])
{
	struct text rest = text_skip(*path, prefix.len);

	if (!text_starts(*path, prefix) ||
	    hex_decode(text_slice(rest, 0, 2 * PORTAL_ID_LEN), id,
	    PORTAL_ID_LEN) < 0)
		return false;
	*path = text_skip(rest, 2 * PORTAL_ID_LEN);
	return true;
}

static enum portal_route_kind
parse_opened(struct text rest, struct portal_route *out)
{
	enum portal_route_kind kind = find_row(opened_rows,
	    COUNT(opened_rows), rest);
	uint64_t part;

	if (kind != PORTAL_ROUTE_NONE)
		return kind;
	if (!text_starts(rest, TEXT("/")) ||
	    text_starts(rest, TEXT("/0")) ||
	    text_parse_u64(text_skip(rest, 1), PARTS_MAX, &part) < 0)
		return PORTAL_ROUTE_NONE;
	out->part = (uint32_t)part;
	return PORTAL_ROUTE_PART;
}

void
portal_route_parse(struct text path, struct portal_route *out)
{
	memset(out, 0, sizeof(*out));
	if (take_id(&path, TEXT("/m/"), out->id))
		out->kind = find_row(message_rows, COUNT(message_rows), path);
	else if (take_id(&path, TEXT("/opened/"), out->id))
		out->kind = parse_opened(path, out);
	else
		out->kind = find_row(fixed_rows, COUNT(fixed_rows), path);
}

bool
portal_route_allows(enum portal_route_kind kind, enum http_method method)
{
	return (methods[kind].set & (1u << method)) != 0;
}

struct text
portal_route_methods(enum portal_route_kind kind)
{
	return methods[kind].words;
}
