/* webui/http: a server over loopback, asked by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "webui/http/http_server.h"

#define GUARD_MS 10000
#define ANSWER_MAX (8u * 1024 * 1024)
#define FILE_SIZE (3u * 1024 * 1024)

static struct loop *loop;
static struct http_server *server;
static struct loop_timer *guard;
static struct http_exchange *held;
static struct buffer story;
static struct buffer answer;
static int client = -1;
static struct loop_watch *watch;
static bool is_over;
static size_t pieces;

/* ---- the owner ---- */

static void
note(const char *before, struct text t, const char *behind)
{
	assert_int_equal(buffer_printf(&story, "%s%.*s%s", before,
	    TEXT_ARG(t), behind), 0);
}

static int
on_piece(void *own, struct text piece)
{
	assert_ptr_equal(own, &pieces);
	pieces += piece.len;
	return pieces > 1000 ? ERROR_LIMIT : 0;
}

static void
on_head(void *context, struct http_exchange *exchange)
{
	struct text path = http_exchange_path(exchange);

	(void)context;
	if (text_equal(path, TEXT("/pieces"))) {
		pieces = 0;
		http_exchange_set_context(exchange, &pieces);
		http_exchange_take_body(exchange, 5000, on_piece);
	}
	if (text_equal(path, TEXT("/no")))
		http_exchange_answer(exchange, 403, "text/plain",
		    TEXT("no\n"));
}

static void
answer_file(struct http_exchange *exchange)
{
	int descriptor = memfd_create("test", MFD_CLOEXEC);
	char *bytes = malloc(FILE_SIZE);

	assert_non_null(bytes);
	memset(bytes, 'x', FILE_SIZE);
	assert_int_equal(write(descriptor, bytes, FILE_SIZE), FILE_SIZE);
	free(bytes);
	http_exchange_answer_file(exchange, 200, "text/plain", descriptor,
	    FILE_SIZE);
}

static void
on_request(void *context, struct http_exchange *exchange)
{
	struct text path = http_exchange_path(exchange);

	(void)context;
	note("[", path, "]");
	if (text_equal(path, TEXT("/hold"))) {
		held = exchange;
		loop_stop(loop);
		return;
	}
	if (text_equal(path, TEXT("/file"))) {
		answer_file(exchange);
		return;
	}
	if (text_equal(path, TEXT("/pieces")))
		note("(", http_exchange_has_failed(exchange) ?
		    TEXT("failed") : TEXT("whole"), ")");
	note("<", http_exchange_body(exchange), ">");
	note("c=", http_exchange_cookie(exchange, "c"), ";");
	http_exchange_add_field(exchange, "X-Own", TEXT("yes"));
	http_exchange_answer(exchange, 200, "text/plain", TEXT("hello\n"));
}

static void
on_gone(void *context, struct http_exchange *exchange)
{
	(void)context;
	if (exchange == held)
		held = NULL;
	note("", TEXT("gone"), "");
	loop_stop(loop);
}

static const struct http_events events = {
	.head = on_head,
	.request = on_request,
	.gone = on_gone,
};

/* ---- the client ---- */

static void
on_guard(void *context)
{
	(void)context;
	fail_msg("the server does not answer");
}

static void
on_readable(void *context, unsigned int ready)
{
	char *at = NULL;
	ssize_t got;

	(void)context;
	(void)ready;
	assert_int_equal(buffer_reserve(&answer, 65536, &at), 0);
	got = recv(client, at, 65536, MSG_DONTWAIT);
	if (got > 0)
		buffer_commit(&answer, (size_t)got);
	if (got == 0) {
		is_over = true;
		loop_watch_want(watch, 0);
	}
	loop_stop(loop);
}

static void
connect_client(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address,
	    &len), 0);
	http_server_listen(server, listener, NULL);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len),
	    0);
	watch = loop_watch_new(loop, client, on_readable, NULL);
	loop_watch_want(watch, LOOP_READ);
}

static void
say(struct text t)
{
	assert_int_equal(send(client, t.data, t.len, 0), (ssize_t)t.len);
}

/* Turn until the answers so far hold this text. */
static void
await(const char *wanted)
{
	while (text_find(buffer_text(&answer), text_from(wanted)) >=
	    buffer_len(&answer)) {
		if (is_over)
			fail_msg("ended without \"%s\": %.*s", wanted,
			    TEXT_ARG(buffer_text(&answer)));
		loop_run(loop);
	}
}

static void
await_end(void)
{
	while (!is_over)
		loop_run(loop);
}

static bool
has(const char *wanted)
{
	return text_find(buffer_text(&answer), text_from(wanted)) <
	    buffer_len(&answer);
}

/* Whether the owner was told so. */
static bool
tells(const char *wanted)
{
	return text_find(buffer_text(&story), text_from(wanted)) <
	    buffer_len(&story);
}

static void
assert_told(const char *wanted)
{
	assert_true(text_equal(buffer_text(&story), text_from(wanted)));
}

static int
set_up(void **unused)
{
	const struct http_server_settings settings = {
		.max_connections = 4, .max_connections_per_client = 2,
		.body_max = 1000, .head_timeout_ms = 5000,
		.body_timeout_ms = 5000, .idle_timeout_ms = 5000,
	};

	(void)unused;
	loop = loop_new();
	guard = loop_timer_new(loop, on_guard, NULL);
	loop_timer_set(guard, GUARD_MS);
	buffer_init(&story, 65536);
	buffer_init(&answer, ANSWER_MAX);
	server = http_server_new(loop, &settings, &events, NULL);
	held = NULL;
	is_over = false;
	connect_client();
	return 0;
}

static int
tear_down(void **unused)
{
	(void)unused;
	http_server_free(server);
	loop_watch_free(watch);
	(void)close(client);
	loop_timer_free(guard);
	loop_free(loop);
	buffer_clear(&story);
	buffer_clear(&answer);
	return 0;
}

/* ---- tests ---- */

static void
test_keep_alive(void **unused)
{
	(void)unused;
	say(TEXT("GET /a%20b HTTP/1.1\r\nHost: h\r\nCookie: b=1; c=two\r\n"
	    "\r\nPOST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
	    "abcHEAD /h HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	await_end();
	assert_told("[/a b]<>c=two;[/p]<abc>c=;[/h]<>c=;");
	assert_true(has("HTTP/1.1 200 OK\r\nDate: "));
	assert_true(has(" GMT\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 6\r\nX-Own: yes\r\n\r\nhello\nHTTP/1.1 200"));
	/* HEAD has no body. */
	assert_true(has("Connection: close\r\n\r\n"));
	assert_int_equal(text_ends_nocase(buffer_text(&answer),
	    TEXT("\r\n\r\n")), 1);
}

static void
test_chunked(void **unused)
{
	(void)unused;
	say(TEXT("POST /p HTTP/1.1\r\nHost: h\r\n"
	    "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"));
	await("HTTP/1.1 100 Continue\r\n\r\n");
	say(TEXT("3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: v\r\n\r\n"));
	await("hello\n");
	assert_true(tells("<abc0123456789>"));
	say(TEXT("GET /again HTTP/1.1\r\nHost: h\r\n\r\n"));
	await("hello\nHTTP/1.1 200");
}

static void
expect_refusal(struct text request, const char *line)
{
	say(request);
	await(line);
	await_end();
	assert_true(has("Connection: close\r\n"));
}

static void
test_too_large(void **unused)
{
	(void)unused;
	expect_refusal(TEXT("POST /p HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 1001\r\n\r\nabc"), "HTTP/1.1 413 ");
	assert_told("gone");
}

static void
test_too_many_chunks(void **unused)
{
	(void)unused;
	say(TEXT("POST /pieces HTTP/1.1\r\nHost: h\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n1389\r\n"));
	for (int i = 0; i < 50; i++)
		say(TEXT("0123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890123456789"
		    "0123456789"));
	/* The owner's own limit came first; the rest is dropped. */
	await("hello\n");
	await_end();
	assert_true(tells("(failed)"));
}

static void
test_pieces(void **unused)
{
	(void)unused;
	say(TEXT("POST /pieces HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 5\r\n\r\nab"));
	say(TEXT("cde"));
	await("hello\n");
	assert_int_equal(pieces, 5);
	assert_true(tells("(whole)<>"));
}

static void
test_answered_early(void **unused)
{
	(void)unused;
	say(TEXT("POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n"
	    "\r\n"));
	await("no\n");
	await_end();
	/* What is still sent hurts nobody. */
	say(TEXT("more and more"));
	assert_int_equal(http_server_connections(server), 1);
}

static void
test_file(void **unused)
{
	size_t head;

	(void)unused;
	say(TEXT("GET /file HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
	    "\r\n"));
	await_end();
	head = text_find(buffer_text(&answer), TEXT("\r\n\r\n")) + 4;
	assert_int_equal(buffer_len(&answer) - head, FILE_SIZE);
}

static void
test_malformed(void **unused)
{
	(void)unused;
	expect_refusal(TEXT("GET / HTTP/1.1\r\nHost : h\r\n\r\n"),
	    "HTTP/1.1 400 Bad Request\r\n");
	assert_true(has("X-Content-Type-Options: nosniff"));
	assert_int_equal(buffer_len(&story), 0);
}

static void
test_bad_chunk(void **unused)
{
	(void)unused;
	expect_refusal(TEXT("POST / HTTP/1.1\r\nHost: h\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), "HTTP/1.1 400 ");
	assert_told("gone");
}

static void
test_gone(void **unused)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)unused;
	say(TEXT("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"));
	while (held == NULL)
		loop_run(loop);
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &now,
	    sizeof(now)), 0);
	loop_watch_free(watch);
	(void)close(client);
	while (held != NULL)
		loop_run(loop);
	assert_told("[/hold]gone");
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	watch = loop_watch_new(loop, client, on_readable, NULL);
	assert_int_equal(http_server_connections(server), 0);
}

static void
test_half_closed(void **unused)
{
	(void)unused;
	say(TEXT("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"));
	(void)shutdown(client, SHUT_WR);
	while (held == NULL)
		loop_run(loop);
	http_exchange_answer(held, 200, "text/plain", TEXT("late\n"));
	await("late\n");
	await_end();
}

static void
on_stopped(void *context)
{
	*(bool *)context = true;
	loop_stop(loop);
}

static void
test_stop(void **unused)
{
	bool stopped = false;

	(void)unused;
	say(TEXT("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"));
	while (held == NULL)
		loop_run(loop);
	http_server_stop(server, on_stopped, &stopped);
	assert_false(stopped);
	http_exchange_answer(held, 200, "text/plain", TEXT("last\n"));
	await_end();
	assert_true(has("last\n"));
	while (!stopped)
		loop_run(loop);
}

static void
test_per_client(void **unused)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	char byte;
	int more[2];

	(void)unused;
	assert_int_equal(getpeername(client, (struct sockaddr *)&address,
	    &len), 0);
	for (size_t i = 0; i < 2; i++) {
		more[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(more[i],
		    (struct sockaddr *)&address, len), 0);
	}
	say(TEXT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	await("hello\n");
	assert_int_equal(http_server_connections(server), 2);
	/* The third was turned away. */
	assert_int_equal(recv(more[1], &byte, 1, 0), 0);
	(void)close(more[0]);
	(void)close(more[1]);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, \
	tear_down)
	const struct CMUnitTest tests[] = {
		TEST(keep_alive), TEST(chunked), TEST(too_large),
		TEST(too_many_chunks), TEST(pieces), TEST(answered_early),
		TEST(file), TEST(malformed), TEST(bad_chunk), TEST(gone),
		TEST(half_closed), TEST(stop), TEST(per_client),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("webui/http", tests, NULL, NULL);
}
