/*
 * The TLS rule against servers with every kind of certificate (abuse cases
 * T03 and T04).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#define PEER_TLS
#include "t/unit/delivery_fixture.c"
#include "t/unit/certificate_fixture.h"

#define SCRIPT(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CLEAR "S 220 sink", "C EHLO", \
	"S 250-sink\n250-PIPELINING\n250-SIZE 10\n250 STARTTLS", \
	"C STARTTLS"
#define SECRET "S 220 go", "P", "C EHLO gateway.test", \
	"S 250-sink\n250-PIPELINING\n250-SIZE 1000\n250 STARTTLS"
#define ONE "C MAIL FROM:<s@a.test> SIZE=17", "C RCPT TO:<r1@b.test>", \
	"C DATA", "S 250 ok\n250 ok\n354 go", "D", "S 250 2.0.0 taken"

static struct fixture authority;

static SSL_CTX *
server_context(const struct fixture *leaf)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	require(context != NULL);
	require(SSL_CTX_use_certificate(context, leaf->certificate) == 1);
	require(SSL_CTX_use_PrivateKey(context, leaf->key) == 1);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return context;
}

static void
answer_hosts(void)
{
	struct frame_address address = { .family = 4,
		.bytes = { 192, 0, 2, 1 } };
	struct frame_host host = { .name = TEXT("mx.b.test"),
		.addresses = &address, .address_count = 1 };
	struct frame_hosts hosts = { .id = world.last_ask,
		.outcome = FRAME_HOSTS_FOUND, .hosts = &host,
		.host_count = 1, .ttl_s = 60 };

	delivery_hosts_came(world.delivery, &hosts);
}

struct order {
	const char *san;
	const char *common_name;
	const char *tls_name;
	uint8_t tls;
	bool expired;
	bool self_signed;
};

/* One message to a server with such a certificate. */
static const struct peer_result *
deliver(const struct order *order, const char *const *script)
{
	struct fixture_order wanted = { .kind = "EC",
		.common_name = order->common_name == NULL ? "x" :
		order->common_name, .san = order->san,
		.expired = order->expired,
		.issuer = order->self_signed ? NULL : &authority };
	struct fixture leaf = fixture_new(&wanted);
	struct peer_job job = { .job = 1, .body = "Subject: x\r\n\r\ny\r\n",
		.sender = "s@a.test", .recipients = { "r1@b.test" },
		.domain = "b.test", .tls = order->tls,
		.tls_name = order->tls_name };

	SSL_CTX_free(world.tls);
	world.tls = server_context(&leaf);
	fixture_clear(&leaf);
	peer_script(1, script);
	peer_give(&job);
	peer_wait(5);
	answer_hosts();
	peer_run(1);
	return peer_result_of(1, 1);
}

static int
setup(void **state)
{
	(void)state;
	world.config.tls.trust_pem = authority.pem;
	peer_setup();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(world.mismatches, 0);
	peer_teardown();
	SSL_CTX_free(world.tls);
	world.tls = NULL;
	return 0;
}

static void
expect_delivered(const struct order *order)
{
	const struct peer_result *result = deliver(order,
	    SCRIPT(CLEAR, SECRET, ONE, "W"));

	if (result->result != FRAME_RESULT_DELIVERED)
		fail_msg("%s", result->reason);
	assert_non_null(strstr(result->tls, "TLSv1.3"));
	assert_int_equal(delivery_count(world.delivery).tls_sessions, 1);
}

static void
expect_unavailable(const struct order *order)
{
	const struct peer_result *result = deliver(order,
	    SCRIPT(CLEAR, "S 220 go", "P", "W"));

	assert_int_equal(result->result, FRAME_RESULT_DEFERRED);
	assert_string_equal(result->status, "4.7.5");
	assert_int_equal(buffer_len(&world.content), 0);
	assert_int_equal(result->destination, FRAME_DESTINATION_REACHED);
}

#define VERIFIED CONFIG_DESTINATION_TLS_VERIFIED
#define GOOD(test, ...) \
static void \
test(void **state) \
{ \
	const struct order order = { __VA_ARGS__ }; \
	(void)state; \
	expect_delivered(&order); \
}
#define BAD(test, ...) \
static void \
test(void **state) \
{ \
	const struct order order = { __VA_ARGS__ }; \
	(void)state; \
	expect_unavailable(&order); \
}

GOOD(test_host_name, .tls = VERIFIED, .san = "DNS:mx.b.test")
GOOD(test_wildcard, .tls = VERIFIED, .san = "DNS:*.b.test")
GOOD(test_configured_name, .tls = VERIFIED, .san = "DNS:mail.c.test",
	.tls_name = "mail.c.test")
GOOD(test_required_takes_any, .tls = CONFIG_DESTINATION_TLS_REQUIRED,
	.san = "DNS:other.test", .self_signed = true, .expired = true)
GOOD(test_preferred_takes_any, .tls = CONFIG_DESTINATION_TLS_PREFERRED,
	.san = "DNS:other.test", .self_signed = true)
BAD(test_other_name, .tls = VERIFIED, .san = "DNS:other.test")
BAD(test_common_name, .tls = VERIFIED, .common_name = "mx.b.test")
BAD(test_two_wildcards, .tls = VERIFIED, .san = "DNS:*.*.test")
BAD(test_partial_wildcard, .tls = VERIFIED, .san = "DNS:m*.b.test")
BAD(test_address, .tls = VERIFIED, .san = "IP:192.0.2.1")
BAD(test_expired, .tls = VERIFIED, .san = "DNS:mx.b.test",
	.expired = true)
BAD(test_self_signed, .tls = VERIFIED, .san = "DNS:mx.b.test",
	.self_signed = true)

/* RFC 3207 4.2, CVE-2011-0411: what comes in clear stays outside. */
static void
test_injection_behind_starttls(void **state)
{
	const struct order order = { .san = "DNS:mx.b.test",
		.tls = CONFIG_DESTINATION_TLS_REQUIRED };
	const struct peer_result *result = deliver(&order, SCRIPT(CLEAR,
	    "S 220 go\n250-sink\n250 PIPELINING", "W"));

	(void)state;
	assert_int_equal(result->result, FRAME_RESULT_DEFERRED);
	assert_string_equal(result->status, "4.4.2");
}

static void
test_verified_needs_a_name(void **state)
{
	const struct order order = { .tls = VERIFIED,
		.san = "DNS:mx.b.test" };
	struct peer_job job = { .job = 2, .body = "x\r\n",
		.sender = "s@a.test", .recipients = { "r1@b.test" },
		.hosts = { "192.0.2.2" }, .tls = VERIFIED };

	(void)state;
	(void)deliver(&order, SCRIPT(CLEAR, SECRET, ONE, "W"));
	peer_script(2, SCRIPT(CLEAR, "S 220 go", "P", "W"));
	peer_give(&job);
	peer_run(2);
	assert_int_equal(peer_result_of(2, 1)->result,
	    FRAME_RESULT_DEFERRED);
	assert_string_equal(peer_result_of(2, 1)->status, "4.7.5");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "authority", .authority = true };
	const struct CMUnitTest tests[] = {
		TEST(test_host_name),
		TEST(test_wildcard),
		TEST(test_configured_name),
		TEST(test_required_takes_any),
		TEST(test_preferred_takes_any),
		TEST(test_other_name),
		TEST(test_common_name),
		TEST(test_two_wildcards),
		TEST(test_partial_wildcard),
		TEST(test_address),
		TEST(test_expired),
		TEST(test_self_signed),
		TEST(test_injection_behind_starttls),
		TEST(test_verified_needs_a_name),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	signal(SIGPIPE, SIG_IGN);
	clock_open();
	log_set_stderr(getenv("POSTERN_TEST_LOG") != NULL);
	authority = fixture_new(&order);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_clear(&authority);
	return failed;
}
