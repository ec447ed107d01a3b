/*
 * The next hop against scripted servers: which hosts are tried, what they
 * must offer, the TLS rule without TLS at hand, look-ups (abuse cases T03,
 * T16).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "t/unit/delivery_fixture.c"
#include "t/unit/delivery_session_fixture.h"

static void
test_dead_does_not_delay_others(void **state)
{
	struct peer_job slow = job_of(1), quick = job_of(2);

	(void)state;
	peer_script(1, SCRIPT("W"));
	peer_script(2, SCRIPT(HELLO, ONE, "W"));
	quick.hosts[0] = "192.0.2.2";
	peer_give(&slow);
	peer_give(&quick);
	peer_run(1);
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
}

/* ---- other hosts ---- */

static void
test_next_host(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.hosts[1] = "192.0.2.2";
	job.hosts[2] = "192.0.2.3";
	job.hosts[3] = "192.0.2.4";
	peer_script(2, SCRIPT("S 554 go away", "C QUIT", "W"));
	peer_script(3, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 451 4.3.0 no\n503 order\n503 order", "C RSET", "S 250 ok",
	    "C QUIT", "X"));
	peer_script(4, SCRIPT(HELLO, ONE, "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	assert_string_equal(peer_result_of(1, 1)->host, "[192.0.2.4]:25");
}

static void
test_nobody_there(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.hosts[1] = "192.0.2.2:2525";
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.1",
	    "[192.0.2.2]:2525: Connection refused");
	assert_int_equal(peer_result_of(1, 1)->destination,
	    FRAME_DESTINATION_UNREACHABLE);
}

static void
test_last_trouble_is_told(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.hosts[1] = "192.0.2.2";
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n450 4.2.0 greylisted\n554 nobody", "C RSET",
	    "S 250 ok", "C QUIT", "X"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.2.0", "greylisted");
	assert_int_equal(peer_result_of(1, 1)->destination,
	    FRAME_DESTINATION_REACHED);
}

/* ---- T16: what the hop must offer ---- */

static void
test_requirements(void **state)
{
	struct peer_job eight = job_of(1), utf8 = job_of(2), big = job_of(3),
	    ascii = job_of(4), header = job_of(5);

	(void)state;
	eight.body = "Subject: x\r\n\r\nsch\303\266n\r\n";
	utf8.recipients[0] = "r1@b.test";
	utf8.recipients[1] = "j\303\266rg@b.test";
	utf8.smtputf8 = 1;
	big.body = "Subject: x\r\n\r\n"
	    "0123456789012345678901234567890123456789\r\n";
	ascii.smtputf8 = 1;
	header.body = "Subject: \303\266\r\n\r\nx\r\n";
	header.smtputf8 = 1;
	peer_script(1, SCRIPT("S 220 old", "C EHLO",
	    "S 250-old\n250 SIZE 50", "C MAIL FROM:<s@a.test> SIZE=27",
	    "S 250 ok", "C RCPT TO:<r1@b.test>", "S 250 ok", "C DATA",
	    "S 354 go", "D", "S 250 ok", "C MAIL FROM:<s@a.test> SIZE=27",
	    "S 250 ok", "C RCPT", "S 250 ok", "C DATA", "S 354 go", "D",
	    "S 250 ok", "W"));
	peer_give(&eight);
	peer_give(&utf8);
	peer_give(&big);
	peer_give(&ascii);
	peer_give(&header);
	peer_run(6);
	expect(1, 1, FRAME_RESULT_FAILED, "5.6.3", "8BITMIME");
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250");
	expect(2, 2, FRAME_RESULT_FAILED, "5.6.7", "SMTPUTF8");
	expect(3, 1, FRAME_RESULT_FAILED, "5.3.4", "larger");
	expect(4, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250");
	expect(5, 1, FRAME_RESULT_FAILED, "5.6.7", "SMTPUTF8");
}

static void
test_header_needs_utf8(void **state)
{
	struct peer_job header = job_of(1);

	(void)state;
	header.body = "Subject: \303\266\r\n\r\nx\r\n";
	header.smtputf8 = 1;
	peer_script(1, SCRIPT("S 220 old", "C EHLO",
	    "S 250-old\n250 8BITMIME", "W"));
	peer_give(&header);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_FAILED, "5.6.7", "SMTPUTF8");
}

static void
test_parameters(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.body = "Subject: x\r\n\r\nsch\303\266n\r\n";
	job.smtputf8 = 1;
	job.envid = "QQ+2Babc";
	job.orcpt = "rfc822;Some+2BOne@b.test";
	job.notify = ENVELOPE_NOTIFY_SUCCESS | ENVELOPE_NOTIFY_DELAY;
	peer_script(1, SCRIPT(HELLO,
	    "C MAIL FROM:<s@a.test> SIZE=22 BODY=8BITMIME SMTPUTF8 "
	    "ENVID=QQ+2Babc", "C RCPT TO:<r1@b.test> NOTIFY=SUCCESS,DELAY "
	    "ORCPT=rfc822;Some+2BOne@b.test", "C DATA",
	    "S 250 ok\n250 ok\n354 go", "D", "S 250 ok", "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250");
}

static void
test_relayed(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.notify = ENVELOPE_NOTIFY_SUCCESS | ENVELOPE_NOTIFY_FAILURE;
	job.sender = "";
	peer_script(1, SCRIPT("S 220 x", "C EHLO", "S 250-x\n250 PIPELINING",
	    "C MAIL FROM:<>", "C RCPT TO:<r1@b.test>", "C DATA",
	    "S 250 ok\n250 ok\n354 go", "D", "S 250 ok", "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_RELAYED, "2.0.0", "250");
}

static void
test_unsendable_address(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.recipients[1] = "x>\r\nRCPT TO:<evil@b.test";
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	peer_give(&job);
	peer_run(2);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	expect(1, 2, FRAME_RESULT_FAILED, "5.1.3", "cannot be sent");
}

static void
test_body_must_match(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.wrong_hash = true;
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	peer_give(&job);
	give_one(2);
	peer_run(2);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.3.0",
	    "body does not match its hash");
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
}

static void
test_bare_line_feed_never_leaves(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.body = "Subject: x\r\n\r\nsmuggle\n.\nMAIL FROM:<x>\r\n";
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n354 go", "D", "S 250 ok", "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_FAILED, "5.6.0", "bare CR or LF");
	assert_int_equal(buffer_len(&world.content), 0);
}

/* ---- T03: the rule without TLS at hand ---- */

static void
test_tls_required_but_not_offered(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.tls = CONFIG_DESTINATION_TLS_REQUIRED;
	job.hosts[1] = "192.0.2.2";
	peer_script(1, SCRIPT(HELLO, "C QUIT", "W"));
	peer_script(2, SCRIPT("S 220 x", "C EHLO", "S 250-x\n250 STARTTLS",
	    "C STARTTLS", "S 454 4.7.0 no key", "C QUIT", "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.7.4", "no key");
	assert_int_equal(buffer_len(&world.content), 0);
}

static void
test_tls_preferred_goes_in_clear(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.tls = CONFIG_DESTINATION_TLS_PREFERRED;
	peer_script(1, SCRIPT("S 220 x", "C EHLO",
	    "S 250-x\n250-PIPELINING\n250 STARTTLS", "C STARTTLS",
	    "S 454 4.7.0 no key", ONE, "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
}

static void
test_tls_preferred_reconnects(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.tls = CONFIG_DESTINATION_TLS_PREFERRED;
	peer_script(1, SCRIPT("S 220 x", "C EHLO",
	    "S 250-x\n250-PIPELINING\n250 STARTTLS", "C STARTTLS", "S 220 go",
	    "S this is no TLS", "W"));
	peer_script(1, SCRIPT("S 220 x", "C EHLO",
	    "S 250-x\n250-PIPELINING\n250 STARTTLS", ONE, "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	assert_int_equal(world.connections, 2);
}

static void
test_tls_reset_is_not_unavailable(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.tls = CONFIG_DESTINATION_TLS_REQUIRED;
	peer_script(1, SCRIPT("S 220 x", "C EHLO", "S 250-x\n250 STARTTLS",
	    "C STARTTLS", "S 220 go", "X"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.2", "TLS");
}

/* ---- look-ups ---- */

static void
answer_hosts(uint8_t outcome)
{
	struct frame_address address = { .family = 4,
		.bytes = { 192, 0, 2, 1 } };
	struct frame_host host = { .name = TEXT("mx.b.test"),
		.addresses = &address, .address_count = 1 };
	struct frame_hosts hosts = { .id = world.last_ask,
		.outcome = outcome, .reason = TEXT("because"),
		.hosts = &host, .host_count = outcome == FRAME_HOSTS_FOUND,
		.ttl_s = 60 };

	delivery_hosts_came(world.delivery, &hosts);
}

static void
test_look_up(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.hosts[0] = NULL;
	job.domain = "b.test";
	peer_script(1, SCRIPT(HELLO, ONE, "C QUIT", "X"));
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	job.per_connection = 1;
	peer_give(&job);
	peer_wait(20);
	assert_string_equal(world.last_name, "b.test");
	delivery_ask_again(world.delivery);
	assert_int_equal(world.ask_count, 2);
	answer_hosts(FRAME_HOSTS_FOUND);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	assert_string_equal(peer_result_of(1, 1)->host,
	    "mx.b.test [192.0.2.1]:25");
	/* The answer is remembered. */
	job.job = 2;
	peer_give(&job);
	peer_run(2);
	assert_int_equal(world.ask_count, 2);
}

static void
test_look_up_outcomes(void **state)
{
	static const struct {
		uint8_t outcome;
		uint8_t result;
		const char *status;
	} rows[] = {
		{ FRAME_HOSTS_TEMPORARY, FRAME_RESULT_DEFERRED, "4.4.3" },
		{ FRAME_HOSTS_NO_DOMAIN, FRAME_RESULT_FAILED, "5.1.2" },
		{ FRAME_HOSTS_NO_ADDRESS, FRAME_RESULT_FAILED, "5.4.4" },
		{ FRAME_HOSTS_NULL_MX, FRAME_RESULT_FAILED, "5.1.10" },
		{ FRAME_HOSTS_BOGUS, FRAME_RESULT_DEFERRED, "4.4.3" },
		{ FRAME_HOSTS_SELF, FRAME_RESULT_FAILED, "5.4.6" },
	};
	static const char *const domains[] = { "a", "b", "c", "d", "e", "f" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer_job job = job_of(i + 1);

		job.hosts[0] = NULL;
		job.domain = domains[i];
		peer_give(&job);
		peer_wait(5);
		answer_hosts(rows[i].outcome);
		peer_run(i + 1);
		expect(i + 1, 1, rows[i].result, rows[i].status, "because");
	}
}

static void
test_route_host_unknown_is_temporary(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.hosts[0] = "relay.b.test:2525";
	peer_give(&job);
	peer_wait(5);
	assert_string_equal(world.last_name, "relay.b.test");
	answer_hosts(FRAME_HOSTS_NO_DOMAIN);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.4", "because");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_dead_does_not_delay_others),
		TEST(test_next_host),
		TEST(test_nobody_there),
		TEST(test_last_trouble_is_told),
		TEST(test_requirements),
		TEST(test_header_needs_utf8),
		TEST(test_parameters),
		TEST(test_relayed),
		TEST(test_unsendable_address),
		TEST(test_body_must_match),
		TEST(test_bare_line_feed_never_leaves),
		TEST(test_tls_required_but_not_offered),
		TEST(test_tls_preferred_goes_in_clear),
		TEST(test_tls_preferred_reconnects),
		TEST(test_tls_reset_is_not_unavailable),
		TEST(test_look_up),
		TEST(test_look_up_outcomes),
		TEST(test_route_host_unknown_is_temporary),
	};

	prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
