/*
 * "TLS or envelope" against scripted servers: when TLS counts as unavailable,
 * and what never leaves unprotected (abuse cases T03, X).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#define PEER_TLS
#include "gateway/protocol/frame_judge.h"
#include "t/unit/delivery_fixture.c"
#include "t/unit/delivery_session_fixture.h"
#include "t/unit/certificate_fixture.h"

#define OFFERS "S 220 sink", "C EHLO", \
	"S 250-sink\n250-PIPELINING\n250 STARTTLS", "C STARTTLS"
#define SHAKEN OFFERS, "S 220 go", "P", "C EHLO gateway.test", \
	"S 250-sink\n250 PIPELINING"
#define NO_TLS HELLO, "C QUIT", "X"
#define NOTHING_LEFT() assert_int_equal(buffer_len(&world.content), 0)

static struct fixture authority;

/* The servers' certificate; the authority is trusted. */
static void
certificate_of(const char *san)
{
	struct fixture_order order = { .kind = "EC", .common_name = "x",
		.san = san, .issuer = &authority };
	struct fixture leaf = fixture_new(&order);

	world.tls = SSL_CTX_new(TLS_server_method());
	require(world.tls != NULL);
	require(SSL_CTX_use_certificate(world.tls, leaf.certificate) == 1);
	require(SSL_CTX_use_PrivateKey(world.tls, leaf.key) == 1);
	fixture_clear(&leaf);
}

static int
begin(void **state)
{
	world.config.tls.trust_pem = authority.pem;
	return setup(state);
}

static int
end(void **state)
{
	int result = teardown(state);

	SSL_CTX_free(world.tls);
	world.tls = NULL;
	return result;
}

/* To two hosts, as queue asks where TLS is preferred. */
static struct peer_job
either_job(uint64_t number)
{
	struct peer_job job = job_of(number);

	job.hosts[1] = "192.0.2.2";
	job.tls = CONFIG_DESTINATION_TLS_REQUIRED;
	job.or_envelope = 1;
	job.protection = PROTECTION_TLS_OR_ENVELOPE;
	return job;
}

/* The only thing known of both hosts is what these scripts show. */
static void
expect_of(const char *const *first, const char *const *second,
	uint8_t result, const char *status)
{
	struct peer_job job = either_job(1);

	if (first != NULL)
		peer_script(1, first);
	if (second != NULL)
		peer_script(2, second);
	peer_give(&job);
	peer_run(1);
	expect(1, 1, result, status, "");
	NOTHING_LEFT();
}

/* ---- every host was reached, and none has TLS ---- */

static void
test_not_offered(void **state)
{
	(void)state;
	expect_of(SCRIPT(NO_TLS), SCRIPT(NO_TLS),
	    FRAME_RESULT_NEEDS_ENVELOPE, "4.7.4");
	assert_int_equal(peer_result_of(1, 1)->destination,
	    FRAME_DESTINATION_REACHED);
	assert_int_equal(delivery_count(world.delivery).needs_envelope, 1);
	assert_int_equal(delivery_count(world.delivery).deferred, 0);
}

static void
test_refused(void **state)
{
	(void)state;
	expect_of(SCRIPT(OFFERS, "S 454 4.7.0 no key", "C QUIT", "X"),
	    SCRIPT(OFFERS, "S 501 5.5.4 no", "C QUIT", "X"),
	    FRAME_RESULT_NEEDS_ENVELOPE, "4.7.4");
}

static void
test_helo_only(void **state)
{
	(void)state;
	expect_of(SCRIPT("S 220 old", "C EHLO", "S 502 what?", "C HELO",
	    "S 250 hi", "C QUIT", "X"), SCRIPT(NO_TLS),
	    FRAME_RESULT_NEEDS_ENVELOPE, "4.7.4");
}

static void
test_alert(void **state)
{
	(void)state;
	/* The alert protocol_version in place of a ServerHello. */
	certificate_of("DNS:any.test");
	require(SSL_CTX_set_max_proto_version(world.tls, TLS1_1_VERSION));
	expect_of(SCRIPT(NO_TLS), SCRIPT(OFFERS, "S 220 go", "P", "W"),
	    FRAME_RESULT_NEEDS_ENVELOPE, "4.7.5");
}

static void
test_wrong_name(void **state)
{
	struct peer_job job = either_job(1);

	(void)state;
	certificate_of("DNS:other.test");
	job.tls = CONFIG_DESTINATION_TLS_VERIFIED;
	job.tls_name = "mx.b.test";
	job.hosts[1] = NULL;
	peer_script(1, SCRIPT(OFFERS, "S 220 go", "P", "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_NEEDS_ENVELOPE, "4.7.5", "certificate");
	NOTHING_LEFT();
}

/* ---- TLS can be had ---- */

static void
test_second_host_has_tls(void **state)
{
	struct peer_job job = either_job(1);

	(void)state;
	certificate_of("DNS:any.test");
	peer_script(1, SCRIPT(NO_TLS));
	peer_script(2, SCRIPT(SHAKEN, ONE, "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	assert_non_null(strstr(peer_result_of(1, 1)->tls, "TLSv1.3"));
}

/* It would take the message over TLS another day. */
static void
test_tls_but_later(void **state)
{
	struct peer_job job = either_job(1);

	(void)state;
	certificate_of("DNS:any.test");
	peer_script(1, SCRIPT(SHAKEN, "C MAIL", "C RCPT", "C DATA",
	    "S 451 4.3.0 later\n503 order\n503 order", "C RSET", "S 250 ok",
	    "C QUIT", "X"));
	peer_script(2, SCRIPT(NO_TLS));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.3.0", "later");
	NOTHING_LEFT();
}

/* ---- somebody was not reached ---- */

static void
test_connection_refused(void **state)
{
	(void)state;
	expect_of(NULL, SCRIPT(NO_TLS), FRAME_RESULT_DEFERRED, "4.4.1");
}

static void
test_refused_behind(void **state)
{
	(void)state;
	expect_of(SCRIPT(NO_TLS), NULL, FRAME_RESULT_DEFERRED, "4.4.1");
}

static void
test_handshake_cut(void **state)
{
	(void)state;
	expect_of(SCRIPT(OFFERS, "S 220 go", "X"), SCRIPT(NO_TLS),
	    FRAME_RESULT_DEFERRED, "4.4.2");
}

static void
test_handshake_late(void **state)
{
	(void)state;
	world.config.limits.reply_timeout_ms = 50;
	expect_of(SCRIPT(NO_TLS), SCRIPT(OFFERS, "S 220 go", "W"),
	    FRAME_RESULT_DEFERRED, "4.4.2");
}

static void
test_cut_behind_ehlo(void **state)
{
	(void)state;
	expect_of(SCRIPT("S 220 x", "C EHLO", "X"), SCRIPT(NO_TLS),
	    FRAME_RESULT_DEFERRED, "4.4.2");
}

static void
test_starttls_cut(void **state)
{
	(void)state;
	expect_of(SCRIPT(OFFERS, "X"), SCRIPT(NO_TLS), FRAME_RESULT_DEFERRED,
	    "4.4.2");
}

static void
test_service_refused(void **state)
{
	(void)state;
	expect_of(SCRIPT("S 554 go away", "C QUIT", "X"), SCRIPT(NO_TLS),
	    FRAME_RESULT_DEFERRED, "4.4.0");
}

static void
test_421_to_starttls(void **state)
{
	(void)state;
	expect_of(SCRIPT(OFFERS, "S 421 4.3.2 closing", "X"), SCRIPT(NO_TLS),
	    FRAME_RESULT_DEFERRED, "4.4.0");
}

/* ---- hosts and addresses ---- */

/* mx1 with IPv6 and IPv4; mx2 by name only where it is temporary. */
static void
give_by_name(bool is_temporary)
{
	struct frame_address addresses[] = {
		{ .family = 6, .bytes = { 0x20, 1, 0xd, 0xb8 } },
		{ .family = 4, .bytes = { 192, 0, 2, 1 } },
	};
	struct frame_host list[] = {
		{ .name = TEXT("mx1.b.test"), .addresses = addresses,
			.address_count = 2 },
		{ .name = TEXT("mx2.b.test"), .temporary = 1 },
	};
	struct frame_hosts hosts = { .outcome = FRAME_HOSTS_FOUND,
		.hosts = list, .host_count = is_temporary ? 2 : 1,
		.ttl_s = 60 };
	struct peer_job job = either_job(1);

	job.hosts[0] = NULL;
	job.domain = "b.test";
	peer_script(1, SCRIPT(NO_TLS));
	peer_give(&job);
	peer_wait(5);
	hosts.id = world.last_ask;
	delivery_hosts_came(world.delivery, &hosts);
	peer_run(1);
	NOTHING_LEFT();
}

static void
test_no_way_by_ipv6(void **state)
{
	(void)state;
	world.ipv6_errno = ENETUNREACH;
	give_by_name(false);
	expect(1, 1, FRAME_RESULT_NEEDS_ENVELOPE, "4.7.4", "mx1.b.test");
}

static void
test_ipv6_refuses(void **state)
{
	(void)state;
	give_by_name(false);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.1", "2001:db8::");
}

static void
test_look_up_of_a_host_failed(void **state)
{
	(void)state;
	world.ipv6_errno = ENETUNREACH;
	give_by_name(true);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.3", "looked up");
}

/* ---- connections are not shared with what may go otherwise ---- */

static void
test_own_connections(void **state)
{
	struct peer_job plain = job_of(1), either = either_job(2);

	(void)state;
	certificate_of("DNS:any.test");
	plain.tls = CONFIG_DESTINATION_TLS_REQUIRED;
	either.hosts[1] = NULL;
	peer_script(1, SCRIPT(SHAKEN, ONE, "W"));
	peer_script(1, SCRIPT(SHAKEN, ONE, "W"));
	peer_give(&plain);
	peer_run(1);
	peer_give(&either);
	peer_run(2);
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	assert_int_equal(world.connections, 2);
}

/* ---- the last gate ---- */

#define NONE CONFIG_DESTINATION_TLS_NONE
#define PREFERRED CONFIG_DESTINATION_TLS_PREFERRED
#define REQUIRED CONFIG_DESTINATION_TLS_REQUIRED

static void
test_unprotected_is_refused(void **state)
{
	static const struct {
		uint8_t protection;
		enum peer_met met;
		uint8_t tls;
		uint8_t or_envelope;
		const char *words;
	} rows[] = {
		{ PROTECTION_ENVELOPE, PEER_MET_NOT, NONE, 0, "envelope" },
		{ PROTECTION_ENVELOPE, PEER_MET_NOT, REQUIRED, 0,
			"envelope" },
		{ PROTECTION_ENVELOPE, PEER_MET_NOT, REQUIRED, 1,
			"envelope" },
		{ PROTECTION_ENVELOPE, PEER_MET_OTHERS, NONE, 0, "other" },
		{ PROTECTION_TLS_OR_ENVELOPE, PEER_MET_NOT, NONE, 0,
			"TLS" },
		{ PROTECTION_TLS_OR_ENVELOPE, PEER_MET_NOT, PREFERRED, 0,
			"TLS" },
		{ PROTECTION_TLS_OR_ENVELOPE, PEER_MET_NOT, PREFERRED, 1,
			"TLS" },
		{ PROTECTION_TLS_OR_ENVELOPE, PEER_MET_OTHERS, REQUIRED, 1,
			"other" },
		{ PROTECTION_FORMS, PEER_MET_THESE, REQUIRED, 0,
			"unknown" },
	};
	size_t i;

	(void)state;
	/* The connection of one that needs nothing is kept. */
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	give_one(100);
	peer_run(1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer_job job = job_of(i + 1);

		job.protection = rows[i].protection;
		job.met = rows[i].met;
		job.tls = rows[i].tls;
		job.or_envelope = rows[i].or_envelope;
		peer_give(&job);
		peer_run(i + 2);
		expect(i + 1, 1, FRAME_RESULT_DEFERRED, "4.7.0",
		    rows[i].words);
	}
	assert_int_equal(world.connections, 1);
	assert_int_equal(delivery_count(world.delivery).jobs, 0);
}

static void
test_envelope_leaves_in_clear(void **state)
{
	struct peer_job always = job_of(1), either = job_of(2);

	(void)state;
	always.protection = PROTECTION_ENVELOPE;
	always.met = PEER_MET_THESE;
	either.protection = PROTECTION_TLS_OR_ENVELOPE;
	either.met = PEER_MET_THESE;
	peer_script(1, SCRIPT(HELLO, ONE, ONE, "W"));
	peer_give(&always);
	peer_give(&either);
	peer_run(2);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
}

/* Where the destination demands TLS anyway there is never an envelope. */
static void
test_required_never_needs_one(void **state)
{
	struct peer_job job = either_job(1);

	(void)state;
	job.or_envelope = 0;
	peer_script(1, SCRIPT(NO_TLS));
	peer_script(2, SCRIPT(NO_TLS));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.7.4", "not offered");
	NOTHING_LEFT();
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "authority", .authority = true };
	const struct CMUnitTest tests[] = {
		TEST(test_not_offered),
		TEST(test_refused),
		TEST(test_helo_only),
		TEST(test_alert),
		TEST(test_wrong_name),
		TEST(test_second_host_has_tls),
		TEST(test_tls_but_later),
		TEST(test_connection_refused),
		TEST(test_refused_behind),
		TEST(test_handshake_cut),
		TEST(test_handshake_late),
		TEST(test_cut_behind_ehlo),
		TEST(test_starttls_cut),
		TEST(test_service_refused),
		TEST(test_421_to_starttls),
		TEST(test_no_way_by_ipv6),
		TEST(test_ipv6_refuses),
		TEST(test_look_up_of_a_host_failed),
		TEST(test_own_connections),
		TEST(test_unprotected_is_refused),
		TEST(test_envelope_leaves_in_clear),
		TEST(test_required_never_needs_one),
	};
	int failed;

	prepare();
	signal(SIGPIPE, SIG_IGN);
	authority = fixture_new(&order);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_clear(&authority);
	return failed;
}
