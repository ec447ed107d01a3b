/*
 * base/https_url: what is taken is put together again to an URL that means
 * the same, and its host holds nothing that another reader would split.
 */
#include "gateway/base/buffer.h"
#include "gateway/base/https_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_host_byte(char c)
{
	return text_is_alnum(c) || c == '-' || c == '.' || c == ':';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(data, size);
	struct https_url url;
	struct https_url again;
	struct buffer out;

	if (https_url_parse(input, &url) != 0)
		return 0;
	require(size <= HTTPS_URL_MAX && url.port != 0);
	require(url.host.len > 0 && url.host.len <= HTTPS_URL_HOST_MAX);
	for (size_t i = 0; i < url.host.len; i++)
		require(is_host_byte(url.host.data[i]));
	require(url.path.len == 0 || url.path.data[0] == '/');
	require(url.is_ipv6 ==
		(text_find_byte(url.host, ':') < url.host.len));
	buffer_init(&out, 2 * HTTPS_URL_MAX);
	require(buffer_printf(&out, "https://%s%.*s%s:%u%.*s",
		url.is_ipv6 ? "[" : "", TEXT_ARG(url.host),
		url.is_ipv6 ? "]" : "", (unsigned int)url.port,
		TEXT_ARG(url.path)) == 0);
	if (buffer_len(&out) <= HTTPS_URL_MAX) {
		require(https_url_parse(buffer_text(&out), &again) == 0);
		require(text_equal(url.host, again.host));
		require(text_equal(url.path, again.path));
		require(url.port == again.port);
		require(url.is_literal == again.is_literal);
	}
	buffer_clear(&out);
	return 0;
}
