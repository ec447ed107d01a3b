/*
 * webui/http/http_request and http_chunked: a head and its body mean the
 * same whole and byte by byte, and what is taken keeps every limit.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/base/buffer.h"
#include "webui/http/http_chunked.h"
#include "webui/http/http_request.h"

#define BODY_MAX (1024u * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The end of the head, looked for with step more bytes each time. */
static int
find_end(struct text input, size_t step, size_t *len, unsigned int *status)
{
	struct http_request_scan scan = { 0 };
	size_t have = 0;
	int error = ERROR_AGAIN;

	while (error == ERROR_AGAIN && have < input.len) {
		have = have + step < input.len ? have + step : input.len;
		error = http_request_find_end(&scan, text_slice(input, 0,
		    have), len, status);
	}
	return error;
}

static int
unchunk(struct text input, size_t step, struct buffer *out)
{
	struct http_chunked chunked = { 0 };
	struct text piece;
	size_t at = 0, used;
	int error;

	buffer_init(out, BODY_MAX);
	while (at < input.len && !http_chunked_is_done(&chunked)) {
		error = http_chunked_take(&chunked, text_slice(input, at,
		    step), &used, &piece);
		require(used <= step);
		if (error < 0)
			return error;
		require(used > 0);
		require(piece.len <= used);
		require(buffer_add_text(out, piece) == 0);
		at += used;
	}
	return http_chunked_is_done(&chunked) ? 0 : ERROR_AGAIN;
}

static void
check_body(struct text input)
{
	struct buffer whole, bytes;
	int error = unchunk(input, input.len, &whole);

	require(unchunk(input, 1, &bytes) == error);
	require(error < 0 || text_equal(buffer_text(&whole),
	    buffer_text(&bytes)));
	buffer_clear(&whole);
	buffer_clear(&bytes);
}

static void
check_request(const struct http_request *request)
{
	struct text rest = request->path, segment;
	size_t i;

	require(request->method < HTTP_METHODS);
	require(request->path.len > 0 && request->path.data[0] == '/');
	require(request->field_count <= HTTP_REQUEST_FIELDS_MAX);
	require(request->is_chunked == (request->length == -1));
	require(request->length == 0 || request->method == HTTP_POST ||
	    request->method == HTTP_PUT || request->method == HTTP_DELETE);
	while (text_split(&rest, '/', &segment))
		require(!text_equal(segment, TEXT("..")));
	for (i = 0; i < request->field_count; i++)
		require(text_find_byte(request->fields[i].value, '\r') ==
		    request->fields[i].value.len &&
		    text_find_byte(request->fields[i].value, '\n') ==
		    request->fields[i].value.len);
	(void)http_request_find_cookie(http_request_find(request, "Cookie"),
	    TEXT("a"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(data, size);
	struct http_request request;
	unsigned int status = 0, again = 0;
	size_t len = 0, len_again = 0;
	int error = find_end(input, size, &len, &status);
	char *head;

	require(find_end(input, 1, &len_again, &again) == error);
	require(status == again && (error != 0 || len == len_again));
	if (error != 0)
		return 0;
	require(len <= HTTP_REQUEST_HEAD_MAX && len <= size);
	head = malloc(len);
	require(head != NULL);
	memcpy(head, data, len);
	if (http_request_parse(head, len, &request, &status) == 0)
		check_request(&request);
	else
		require(status >= 400 && status <= 505);
	free(head);
	check_body(text_skip(input, len));
	return 0;
}
