/* Reading https URLs (RFC 3986, as much of it as we allow). */
#include "gateway/base/https_url.h"

#include <arpa/inet.h>

#define PORT_DEFAULT 443

static bool
is_plain(struct text url)
{
	size_t i;

	for (i = 0; i < url.len; i++) {
		if (url.data[i] <= ' ' || url.data[i] > '~' ||
		    url.data[i] == '@' || url.data[i] == '\\' ||
		    url.data[i] == '#')
			return false;
	}
	return true;
}

/* RFC 1123 2.1: letters, digits, hyphens within labels. */
static bool
is_name(struct text host)
{
	struct text rest = host;
	struct text label;
	size_t i;

	while (text_split(&rest, '.', &label)) {
		if (label.len == 0 || label.len > 63 ||
		    label.data[0] == '-' ||
		    label.data[label.len - 1] == '-')
			return false;
		for (i = 0; i < label.len; i++) {
			if (!text_is_alnum(label.data[i]) &&
			    label.data[i] != '-')
				return false;
		}
	}
	return true;
}

static bool
is_address(int family, struct text host)
{
	char string[INET6_ADDRSTRLEN];
	struct in6_addr address;

	return text_to_string(host, string, sizeof(string)) == 0 &&
	    inet_pton(family, string, &address) == 1;
}

/*
 * A name whose last label is a number would be read as an address by some
 * (RFC 3986 7.4), such as "127.1".
 */
static bool
ends_in_number(struct text host)
{
	size_t at = host.len;

	while (at > 0 && host.data[at - 1] != '.')
		at--;
	return at < host.len && text_is_digit(host.data[at]);
}

static int
take_host(struct text *rest, struct https_url *out)
{
	struct text literal;
	size_t len;

	if (rest->len > 0 && rest->data[0] == '[') {
		literal = text_skip(*rest, 1);
		len = text_find_byte(literal, ']');
		if (len == literal.len)
			return ERROR_MALFORMED;
		out->host = text_slice(literal, 0, len);
		out->is_literal = out->is_ipv6 = true;
		*rest = text_skip(literal, len + 1);
		return is_address(AF_INET6, out->host) ? 0 : ERROR_MALFORMED;
	}
	len = text_find_byte(*rest, ':');
	out->host = text_slice(*rest, 0, len);
	*rest = text_skip(*rest, len);
	if (out->host.len > HTTPS_URL_HOST_MAX)
		return ERROR_LIMIT;
	out->is_literal = is_address(AF_INET, out->host);
	if (out->is_literal)
		return 0;
	return is_name(out->host) && !ends_in_number(out->host) ? 0 :
	    ERROR_MALFORMED;
}

static int
take_port(struct text rest, struct https_url *out)
{
	uint64_t port = PORT_DEFAULT;

	if (rest.len > 0 && (rest.data[0] != ':' ||
	    text_parse_u64(text_skip(rest, 1), UINT16_MAX, &port) != 0 ||
	    port == 0))
		return ERROR_MALFORMED;
	out->port = (uint16_t)port;
	return 0;
}

int
https_url_parse(struct text url, struct https_url *out)
{
	struct text authority;
	struct text scheme = TEXT("https://");
	size_t len;
	int error;

	*out = (struct https_url){ .port = PORT_DEFAULT };
	if (url.len > HTTPS_URL_MAX)
		return ERROR_LIMIT;
	if (!text_starts(url, scheme) || !is_plain(url))
		return ERROR_MALFORMED;
	url = text_skip(url, scheme.len);
	len = text_find_byte(url, '/');
	authority = text_slice(url, 0, len);
	out->path = text_skip(url, len);
	/* A query of its own would swallow what we put behind. */
	if (text_find_byte(url, '?') < len)
		return ERROR_MALFORMED;
	error = take_host(&authority, out);
	return error != 0 ? error : take_port(authority, out);
}
