/*
 * What the tests of outbound sessions have in common: scripts of servers, a
 * message, what is expected of its results.  Included behind
 * delivery_fixture.c.
 */
#ifndef T_UNIT_DELIVERY_SESSION_FIXTURE_H
#define T_UNIT_DELIVERY_SESSION_FIXTURE_H

#define SCRIPT(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define HELLO "S 220 sink", "C EHLO gateway.test", \
	"S 250-sink\n250-PIPELINING\n250-8BITMIME\n250-SMTPUTF8\n250-DSN\n" \
	"250 SIZE 1000000"
#define PLAIN_HELLO "S 220 sink", "C EHLO", "S 250 sink"
#define ONE "C MAIL FROM:<s@a.test>", "C RCPT TO:<r1@b.test>", "C DATA", \
	"S 250 ok\n250 ok\n354 go", "D", "S 250 2.0.0 taken"
#define BODY "Subject: hi\r\n\r\n.dot\r\nline\r\n"

static struct peer_job
job_of(uint64_t number)
{
	return (struct peer_job){ .job = number, .body = BODY,
		.sender = "s@a.test", .recipients = { "r1@b.test" },
		.hosts = { "192.0.2.1" } };
}

static void
give_one(uint64_t number)
{
	struct peer_job job = job_of(number);

	peer_give(&job);
}

static void
expect(uint64_t job, uint32_t rid, uint8_t result, const char *status,
	const char *words)
{
	const struct peer_result *found = peer_result_of(job, rid);

	if (found->result != result || strcmp(found->status, status) != 0 ||
	    strstr(found->reason, words) == NULL)
		fail_msg("job %d rid %u: result %u status %s reason \"%s\"",
		    (int)job, rid, found->result, found->status,
		    found->reason);
}

static int
setup(void **state)
{
	(void)state;
	peer_setup();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(world.mismatches, 0);
	peer_teardown();
	return 0;
}

static void
prepare(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	clock_open();
	log_set_stderr(getenv("POSTERN_TEST_LOG") != NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
