/* webui/http: heads, targets, chunks, cookies, dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webui/http/http_chunked.h"
#include "webui/http/http_date.h"
#include "webui/http/http_request.h"

static char head[2 * HTTP_REQUEST_HEAD_MAX];
static struct http_request request;

/* Status to answer, 0 where it was taken, 1: more is wanted. */
static unsigned int
parse(struct text t)
{
	struct http_request_scan scan = { 0 };
	unsigned int status = 0;
	size_t len = 0;
	int error = http_request_find_end(&scan, t, &len, &status);

	if (error == ERROR_AGAIN)
		return 1;
	if (error == 0) {
		memcpy(head, t.data, len);
		error = http_request_parse(head, len, &request, &status);
	}
	assert_int_equal(error == 0, status == 0);
	return status;
}

struct row {
	unsigned int status;
	const char *head;
};

static void
test_heads(void **unused)
{
	static const struct row rows[] = {
		{ 0, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n" },
		{ 0, "GET / HTTP/1.0\r\n\r\n" },
		{ 0, "\r\nGET / HTTP/1.1\r\nHost: a:8080\r\n\r\n" },
		{ 0, "GET / HTTP/1.9\r\nHost: [::1]:1\r\n\r\n" },
		{ 0, "GET http://a/x HTTP/1.1\r\nHost: A\r\n\r\n" },
		{ 0, "POST / HTTP/1.1\r\nHost: a\r\n"
		    "Content-Length: 0\r\n\r\n" },
		{ 1, "GET / HTTP/1.1\r\nHost: a\r\n" },
		{ 1, "" }, { 1, "\r" }, { 1, "\r\n" },
		{ 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\nHost: a\n\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n" },
		{ 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n" },
		{ 400, "GET /\r\nHost: a\r\n\r\n" },
		{ 400, "GET / http/1.1\r\nHost: a\r\n\r\n" },
		{ 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n" },
		{ 501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 501, "get / HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nX: \001\r\n\r\n" },
		{ 400, "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /%2e%2E/x HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /a/../x HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /a%2fx HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /%0d%0aX HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 411, "POST / HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		    "Content-Length: 1\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n"
		    "\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n"
		    "\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
		    "9223372036854775808\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n" },
		{ 501, "POST / HTTP/1.1\r\nHost: a\r\n"
		    "Transfer-Encoding: gzip, chunked\r\n\r\n" },
		{ 400, "POST / HTTP/1.0\r\nHost: a\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
		    "\r\n" },
		{ 417, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
		    "Expect: a cake\r\n\r\n" },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (parse(text_from(rows[i].head)) != rows[i].status)
			fail_msg("not %u: %s", rows[i].status, rows[i].head);
}

static void
test_parts(void **unused)
{
	(void)unused;
	assert_int_equal(parse(TEXT("POST /m/%41%c3%a4?a=%20&b HTTP/1.1\r\n"
	    "Host: a\r\nX:  two words\t\r\nTwice: 1\r\ntwice: 2\r\n"
	    "Cookie: a=1; __Host-p=\"xyz\"; __Host-p=no\r\n"
	    "Content-Length: 17\r\nExpect: 100-Continue\r\n"
	    "Connection: foo, Close\r\n\r\n")), 0);
	assert_int_equal(request.method, HTTP_POST);
	assert_true(text_equal(request.path, TEXT("/m/A\xc3\xa4")));
	assert_true(text_equal(request.query, TEXT("a=%20&b")));
	assert_true(text_equal(http_request_find(&request, "x"),
	    TEXT("two words")));
	assert_true(text_is_empty(http_request_find(&request, "Twice")));
	assert_int_equal(http_request_count(&request, "Twice"), 2);
	assert_int_equal(request.length, 17);
	assert_true(request.expects_continue);
	assert_false(request.keep_alive);
	assert_true(text_equal(http_request_find_cookie(http_request_find(
	    &request, "Cookie"), TEXT("__Host-p")), TEXT("xyz")));
	assert_true(text_is_empty(http_request_find_cookie(TEXT("ab=1"),
	    TEXT("b"))));
	assert_int_equal(parse(TEXT("GET / HTTP/1.0\r\n"
	    "Connection: Keep-Alive\r\n\r\n")), 0);
	assert_true(request.keep_alive);
	assert_int_equal(parse(TEXT("GET / HTTP/1.0\r\n\r\n")), 0);
	assert_false(request.keep_alive);
}

/* Fill with count lines of len bytes each behind a request line. */
static struct text
long_head(char *out, size_t target, size_t lines, size_t len)
{
	size_t at = (size_t)sprintf(out, "GET /"), i;

	memset(out + at, 'a', target);
	at += target;
	at += (size_t)sprintf(out + at, " HTTP/1.1\r\nHost: a\r\n");
	for (i = 0; i < lines; i++) {
		at += (size_t)sprintf(out + at, "X: ");
		memset(out + at, 'b', len);
		at += len;
		at += (size_t)sprintf(out + at, "\r\n");
	}
	at += (size_t)sprintf(out + at, "\r\n");
	return text_of(out, at);
}

static void
test_limits(void **unused)
{
	char *out = malloc(65536);

	(void)unused;
	assert_non_null(out);
	assert_int_equal(parse(long_head(out, 8000, 0, 0)), 0);
	assert_int_equal(parse(long_head(out, 8192, 0, 0)), 414);
	assert_int_equal(parse(long_head(out, 30000, 0, 0)), 414);
	assert_int_equal(parse(long_head(out, 1, 99, 1)), 0);
	assert_int_equal(parse(long_head(out, 1, 100, 1)), 431);
	assert_int_equal(parse(long_head(out, 1, 90, 200)), 431);
	/* Never ending: refused before memory is full. */
	memset(out, 'a', 65536);
	assert_int_equal(parse(text_of(out, 65536)), 414);
	assert_int_equal(parse(text_of(out, HTTP_REQUEST_LINE_MAX)), 1);
	free(out);
}

/* Content of a chunked body in steps of that many bytes. */
static int
unchunk(struct text input, size_t step, char *out, size_t *len)
{
	struct http_chunked chunked = { 0 };
	struct text piece;
	size_t used, at = 0;
	int error = 0;

	*len = 0;
	while (at < input.len && !http_chunked_is_done(&chunked)) {
		error = http_chunked_take(&chunked, text_slice(input, at,
		    step), &used, &piece);
		if (error < 0)
			return error;
		memcpy(out + *len, piece.data, piece.len);
		*len += piece.len;
		at += used;
	}
	return http_chunked_is_done(&chunked) ? 0 : ERROR_AGAIN;
}

static void
test_chunked(void **unused)
{
	static const struct row rows[] = {
		{ 0, "0\r\n\r\n" },
		{ 3, "3\r\nabc\r\n0\r\n\r\n" },
		{ 13, "3;x=\"y\"\r\nabc\r\n00a\r\n0123456789\r\n0\r\n"
		    "A: b\r\nC: d\r\n\r\n" },
	};
	static const char *const bad[] = {
		"\r\n", "g\r\n", "3\nabc\n0\n\n", "3\r\nabcd\r\n", "3\r\nabc\n",
		"-1\r\n", "0x3\r\nabc", "3 \r\nabc\r\n", "0\r\n\n",
		"fffffffffffffffff\r\n", "0\r\nA: \001\r\n\r\n",
	};
	char out[64];
	size_t i, step, len;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (step = 1; step < 20; step++) {
			assert_int_equal(unchunk(text_from(rows[i].head),
			    step, out, &len), 0);
			assert_int_equal(len, rows[i].status);
		}
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (step = 1; step < 20; step++)
			if (unchunk(text_from(bad[i]), step, out, &len) == 0)
				fail_msg("taken: %s", bad[i]);
}

static void
test_date(void **unused)
{
	char out[HTTP_DATE_SIZE];

	(void)unused;
	http_date_print(0, out, sizeof(out));
	assert_string_equal(out, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date_print(INT64_C(1795299113) * 1000000, out, sizeof(out));
	assert_string_equal(out, "Sat, 21 Nov 2026 22:11:53 GMT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads), cmocka_unit_test(test_parts),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_chunked),
		cmocka_unit_test(test_date),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
