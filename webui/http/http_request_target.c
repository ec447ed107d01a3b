/*
 * Targets: origin form, and absolute form of our own host.
 */
#include "webui/http/http_request_target.h"

#include "webui/http/http_percent.h"

/* RFC 3986 3.3: pchar and the slash, besides letters and digits. */
static const char path_marks[] = "-._~!$&'()*+,;=:@%/";
/* RFC 3986 3.2.2, without user names. */
static const char host_marks[] = "-._~!$&'()*+,;=:[]%";

static bool
has_only(struct text t, const char *marks)
{
	struct text allowed = text_from(marks);
	size_t i;

	for (i = 0; i < t.len; i++)
		if (!text_is_alnum(t.data[i]) &&
		    text_find_byte(allowed, t.data[i]) == allowed.len)
			return false;
	return true;
}

bool
http_request_host_is_valid(struct text host)
{
	return host.len > 0 && host.len <= 260 && has_only(host, host_marks);
}

/* Browsers leave more marks alone in queries than RFC 3986 does. */
static bool
is_query(struct text query)
{
	size_t i;

	for (i = 0; i < query.len; i++)
		if (query.data[i] <= ' ' || query.data[i] >= 0x7f ||
		    query.data[i] == '#')
			return false;
	return true;
}

static bool
has_encoded_slash(struct text path)
{
	size_t i;

	for (i = 0; i + 2 < path.len; i++)
		if (path.data[i] == '%' && path.data[i + 1] == '2' &&
		    text_lower_byte(path.data[i + 2]) == 'f')
			return true;
	return false;
}

static bool
is_decoded_path(struct text path)
{
	struct text rest = path, segment;
	size_t i;

	for (i = 0; i < path.len; i++)
		if ((unsigned char)path.data[i] < ' ' ||
		    path.data[i] == 0x7f || path.data[i] == '\\')
			return false;
	while (text_split(&rest, '/', &segment))
		if (text_equal(segment, TEXT(".")) ||
		    text_equal(segment, TEXT("..")))
			return false;
	return true;
}

/* RFC 9112 3.2.2: cut off the scheme and the host, which must be ours. */
static int
skip_host(struct text *target, struct text host)
{
	struct text rest = *target;
	size_t slash;

	if (rest.len > 0 && rest.data[0] == '/')
		return 0;
	if (text_starts_nocase(rest, TEXT("http://")))
		rest = text_skip(rest, 7);
	else if (text_starts_nocase(rest, TEXT("https://")))
		rest = text_skip(rest, 8);
	else
		return ERROR_MALFORMED;
	slash = text_find_byte(rest, '/');
	if (host.len == 0 ||
	    !text_equal_nocase(text_slice(rest, 0, slash), host))
		return ERROR_MALFORMED;
	*target = text_skip(rest, slash);
	return target->len > 0 ? 0 : ERROR_MALFORMED;
}

int
http_request_target_parse(char *target, size_t len, struct text host,
	struct text *path, struct text *query)
{
	struct text rest = text_of(target, len), raw;
	size_t mark, decoded = 0;
	char *at;

	if (skip_host(&rest, host) < 0)
		return ERROR_MALFORMED;
	mark = text_find_byte(rest, '?');
	raw = text_slice(rest, 0, mark);
	*query = text_skip(rest, mark + 1);
	if (!has_only(raw, path_marks) || has_encoded_slash(raw) ||
	    !is_query(*query))
		return ERROR_MALFORMED;
	at = target + (raw.data - target);
	if (http_percent_decode(raw, false, at, raw.len, &decoded) < 0)
		return ERROR_MALFORMED;
	*path = text_of(at, decoded);
	return is_decoded_path(*path) ? 0 : ERROR_MALFORMED;
}
