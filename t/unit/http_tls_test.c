/* webui/http over TLS: a large body up, a large answer down, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "crypto/tls_session.c"

#include "t/unit/tls_fixture.h"
#include "webui/http/http_server.h"

#define SIZE (3u * 1024 * 1024)

static struct http_server *pages;
static uint64_t received;

static int
on_piece(void *own, struct text piece)
{
	(void)own;
	received += piece.len;
	return 0;
}

static void
on_head(void *context, struct http_exchange *exchange)
{
	(void)context;
	http_exchange_take_body(exchange, SIZE, on_piece);
}

static void
on_request(void *context, struct http_exchange *exchange)
{
	char *bytes = memory_new(SIZE);

	(void)context;
	assert_int_equal(http_exchange_client_name(exchange).len, 0);
	assert_true(text_equal(http_exchange_client(exchange),
		TEXT("127.0.0.1")));
	http_exchange_answer(exchange, 200, "text/plain",
		text_of(bytes, SIZE));
	free(bytes);
}

static const struct http_events page_events = {
	.head = on_head,
	.request = on_request,
};

static int
connect_server(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct tls_context *context = server_context(leaves[KEY_EC].pem, "ec");
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address,
		&len), 0);
	http_server_listen(pages, listener, context);
	tls_context_release(&context);
	assert_int_equal(connect(connected, (struct sockaddr *)&address,
		len), 0);
	assert_int_equal(fcntl(connected, F_SETFL, O_NONBLOCK), 0);
	return connected;
}

static bool
client_has_all(void)
{
	return stream_input(client.stream).len > SIZE;
}

static bool
client_ended(void)
{
	return client.ended;
}

static void
serves_over_tls(void **state)
{
	static const struct stream_events events = {
		.handshake = on_handshake, .ended = on_ended,
	};
	const struct http_server_settings settings = {
		.max_connections = 2, .max_connections_per_client = 2,
		.body_max = 10, .head_timeout_ms = GUARD_MS,
		.body_timeout_ms = GUARD_MS, .idle_timeout_ms = GUARD_MS,
	};
	const struct text names[] = { TEXT(HOST) };
	const struct tls_expectation expectation = { .verify = true,
		.names = names, .name_count = 1 };
	struct tls_context *side = client_context(authority.pem);
	char *body = memory_new(SIZE);

	(void)state;
	pages = http_server_new(loop, &settings, &page_events, NULL);
	memset(&client, 0, sizeof(client));
	client.stream = stream_new(loop, connect_server(), STREAM_MAX,
		STREAM_MAX, &events, &client);
	client.session = tls_session_connect(side, client.stream,
		&expectation);
	tls_context_release(&side);
	stream_handshake(client.stream);
	run_until(client_shaken);
	assert_int_equal(client.error, 0);
	assert_int_equal(stream_printf(client.stream, "POST / HTTP/1.1\r\n"
		"Host: h\r\nContent-Length: %u\r\nConnection: close\r\n\r\n",
		SIZE), 0);
	assert_int_equal(stream_write(client.stream, text_of(body, SIZE)),
		0);
	run_until(client_has_all);
	assert_int_equal(received, SIZE);
	run_until(client_ended);
	/* close_notify, not a cut connection. */
	assert_int_equal(client.end_error, 0);
	free(body);
	stream_free(client.stream);
	http_server_free(pages);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_over_tls),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("http_tls", tests, set_up,
		tear_down);
}
