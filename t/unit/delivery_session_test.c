/*
 * Outbound sessions against scripted servers: what is said, and what each
 * recipient's result is (abuse cases T01, T03, T12, T13, T16).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "t/unit/delivery_fixture.c"

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
expect_content(const char *content)
{
	require(buffer_add_byte(&world.content, '\0') == 0);
	assert_string_equal(buffer_text(&world.content).data, content);
}

/* ---- the plain way ---- */

static void
test_delivered(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250 2.0.0 taken");
	assert_int_equal(peer_result_of(1, 1)->destination,
	    FRAME_DESTINATION_REACHED);
	assert_string_equal(peer_result_of(1, 1)->host, "[192.0.2.1]:25");
	expect_content("Subject: hi\r\n\r\n..dot\r\nline\r\n.\r\n");
}

static void
test_without_pipelining(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(PLAIN_HELLO, "C MAIL FROM:<s@a.test>",
	    "S 250 ok", "C RCPT TO:<r1@b.test>", "S 250 ok", "C DATA",
	    "S 354 go", "D", "S 250 ok", "W"));
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250");
}

static void
test_helo(void **state)
{
	(void)state;
	peer_script(1, SCRIPT("S 220 old", "C EHLO", "S 502 what?",
	    "C HELO gateway.test", "S 250 hi", "C MAIL", "S 250 ok",
	    "C RCPT", "S 250 ok", "C DATA", "S 354 go", "D", "S 250 ok",
	    "W"));
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250");
}

static void
test_reuse(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, ONE, ONE, "C QUIT", "S 221 bye", "X"));
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	for (uint64_t i = 1; i <= 3; i++) {
		struct peer_job job = job_of(i);

		job.per_connection = 2;
		peer_give(&job);
	}
	peer_run(3);
	assert_int_equal(world.connections, 2);
	expect(3, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
}

static void
test_kept_connection_died(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, ONE, "C MAIL", "X"));
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	give_one(1);
	peer_run(1);
	give_one(2);
	peer_run(2);
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	assert_int_equal(world.connections, 2);
}

static void
test_idle_connection_quits(void **state)
{
	(void)state;
	world.config.limits.idle_connection_ms = 30;
	peer_script(1, SCRIPT(HELLO, ONE, "C QUIT", "S 221 bye", "X"));
	give_one(1);
	peer_run(1);
	peer_wait(200);
	assert_int_equal(delivery_count(world.delivery).sessions, 0);
	assert_non_null(strstr(world.commands.bytes, "QUIT"));
}

/* ---- T13: results are exact ---- */

static void
test_each_recipient_has_its_own(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.recipients[1] = "r2@b.test";
	job.recipients[2] = "r3@b.test";
	job.recipients[3] = "r4@b.test";
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT TO:<r1@b.test>",
	    "C RCPT TO:<r2@b.test>", "C RCPT TO:<r3@b.test>",
	    "C RCPT TO:<r4@b.test>", "C DATA",
	    "S 250 ok\n250 ok\n450 4.2.1 full\n550 5.1.1 who?\n299 fine\n"
	    "354 go", "D", "S 250 ok", "W"));
	peer_give(&job);
	peer_run(4);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250");
	expect(1, 2, FRAME_RESULT_DEFERRED, "4.2.1", "450");
	expect(1, 3, FRAME_RESULT_FAILED, "5.1.1", "550");
	expect(1, 4, FRAME_RESULT_DELIVERED, "2.0.0", "250");
}

static void
test_final_refusal_is_for_the_accepted(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.recipients[1] = "r2@b.test";
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n451 4.3.0 later\n354 go", "D",
	    "S 554 5.7.1 spam", "W"));
	peer_give(&job);
	peer_run(2);
	expect(1, 1, FRAME_RESULT_FAILED, "5.7.1", "spam");
	expect(1, 2, FRAME_RESULT_DEFERRED, "4.3.0", "later");
}

static void
test_mail_refused(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 599 5.1.8 no\n503 order\n503 order", "C RSET", "S 250 ok",
	    ONE, "W"));
	give_one(1);
	give_one(2);
	peer_run(2);
	expect(1, 1, FRAME_RESULT_FAILED, "5.1.8", "599");
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
}

/* RFC 2920 3.1: the server takes DATA although it took nobody. */
static void
test_data_for_nobody(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n550 5.1.1 who?\n354 go", "C .", "S 250 thanks",
	    ONE, "W"));
	give_one(1);
	give_one(2);
	peer_run(2);
	expect(1, 1, FRAME_RESULT_FAILED, "5.1.1", "who?");
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	assert_int_equal(world.connections, 1);
}

static void
test_too_many_recipients_is_temporary(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.recipients[1] = "r2@b.test";
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n552 too many\n354 go", "D", "S 250 ok", "W"));
	peer_give(&job);
	peer_run(2);
	expect(1, 2, FRAME_RESULT_DEFERRED, "4.0.0", "552");
}

/* ---- T01: a hostile server ---- */

static void
expect_temporary(const char *const *script, const char *words)
{
	peer_script(1, script);
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.2", words);
	assert_int_equal(buffer_len(&world.content), 0);
}

static void
test_hostile_endless_reply(void **state)
{
	char line[16] = "220-x\r\n", *flood = calloc(1, 7 * 200 + 3);
	size_t i;

	(void)state;
	flood[0] = 's';
	flood[1] = ' ';
	for (i = 0; i < 200; i++)
		memcpy(flood + 2 + i * 7, line, 7);
	expect_temporary(SCRIPT(flood, "W"), "not SMTP");
	free(flood);
}

static void
test_hostile_long_line(void **state)
{
	char *flood = malloc(60000);

	(void)state;
	memset(flood, '2', 59999);
	flood[59999] = '\0';
	flood[0] = 's';
	flood[1] = ' ';
	expect_temporary(SCRIPT(flood, "W"), "not SMTP");
	free(flood);
}

static void
test_hostile_code_changes(void **state)
{
	(void)state;
	expect_temporary(SCRIPT("S 220-a\n250 b", "W"), "not SMTP");
}

static void
test_hostile_garbage(void **state)
{
	(void)state;
	expect_temporary(SCRIPT("S SSH-2.0-x", "W"), "not SMTP");
}

static void
test_hostile_reply_before_command(void **state)
{
	(void)state;
	expect_temporary(SCRIPT("S 220 hi\n250 PIPELINING\n250 ok\n250 ok\n"
	    "354 go\n250 taken", "W"), "not asked");
}

static void
test_hostile_final_reply_in_advance(void **state)
{
	(void)state;
	expect_temporary(SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n354 go\n250 taken", "W"), "not asked");
}

static void
test_250_in_place_of_354(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n250 taken", "C RSET", "S 250 ok", "W"));
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.5.0", "taken");
}

static void
test_354_in_place_of_250(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n354 go", "D", "S 354 more", "W"));
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.0.0", "354");
}

/* ---- T12: slow, lost, cut off ---- */

static void
test_tarpit(void **state)
{
	(void)state;
	world.config.limits.reply_timeout_ms = 50;
	expect_temporary(SCRIPT("s 2", "W"), "in time");
}

static void
test_lost_behind_the_dot(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n354 go", "D", "X"));
	peer_script(2, SCRIPT(HELLO, ONE, "W"));
	struct peer_job job = job_of(1);
	job.hosts[1] = "192.0.2.2";
	peer_give(&job);
	peer_run(1);
	/* Not tried at the next host: it may have arrived. */
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.2", "outcome unknown");
	assert_int_equal(delivery_count(world.delivery).unknown, 1);
	assert_int_equal(world.connections, 1);
}

static void
test_no_answer_to_the_dot(void **state)
{
	(void)state;
	world.config.limits.final_reply_timeout_ms = 50;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n354 go", "D", "W"));
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.4.2", "outcome unknown");
}

static void
test_421_in_the_middle(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n421 4.3.2 closing", "X"));
	give_one(1);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DEFERRED, "4.3.2", "closing");
}

static void
test_421_behind_the_250(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA",
	    "S 250 ok\n250 ok\n354 go", "D", "S 250 taken\n421 closing",
	    "W"));
	peer_script(1, SCRIPT(HELLO, ONE, "W"));
	give_one(1);
	give_one(2);
	peer_run(2);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	expect(2, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
}

static void
test_refused_while_sending(void **state)
{
	struct peer_job job = job_of(1);
	char *body = malloc(3000002);
	size_t i;

	(void)state;
	for (i = 0; i < 3000000; i++)
		body[i] = i % 60 == 58 ? '\r' : i % 60 == 59 ? '\n' : 'x';
	body[3000000] = '\0';
	job.body = body;
	peer_script(1, SCRIPT("S 220 sink", "C EHLO", "S 250 sink",
	    "C MAIL", "S 250 ok", "C RCPT", "S 250 ok", "C DATA",
	    "S 354 go\n", "W"));
	peer_script(2, SCRIPT("S 220 sink", "C EHLO", "S 250 sink",
	    "C MAIL", "S 250 ok", "C RCPT", "S 250 ok", "C DATA",
	    "S 354 go", "C x", "S 552 5.3.4 enough", "W"));
	job.hosts[0] = "192.0.2.2";
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_FAILED, "5.3.4", "enough");
	free(body);
}

static void
test_large_body(void **state)
{
	struct peer_job job = job_of(1);
	char *body = malloc(3000001);
	size_t i;

	(void)state;
	for (i = 0; i < 3000000; i++)
		body[i] = i % 60 == 58 ? '\r' : i % 60 == 59 ? '\n' :
		    i % 60 == 0 ? '.' : 'x';
	body[3000000] = '\0';
	job.body = body;
	peer_script(1, SCRIPT("S 220 sink", "C EHLO", "S 250-x\n250 PIPELINING",
	    "C MAIL", "C RCPT", "C DATA", "S 250 ok\n250 ok\n354 go", "D",
	    "S 250 ok", "W"));
	peer_give(&job);
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "250");
	/* Each of 50,000 lines begins with a dot of its own. */
	assert_int_equal(buffer_len(&world.content), 3000000 + 50000 + 3);
	free(body);
}

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

/* ---- queue's death, our stop ---- */

static void
test_new_channel(void **state)
{
	struct peer_job job = job_of(1);

	(void)state;
	job.recipients[1] = "r2@b.test";
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C RCPT", "C DATA",
	    "G", "S 250 ok\n250 ok\n250 ok\n354 go", "D", "S 250 taken",
	    "C MAIL",
	    "C RCPT TO:<r3@b.test>", "C DATA", "S 250 ok\n250 ok\n354 go",
	    "D", "S 250 taken", "W"));
	peer_give(&job);
	give_one(2);
	/* At hand now is 1; 2 waits, for there is one connection. */
	peer_run_to_gate();
	delivery_forget_waiting(world.delivery, 2);
	job.channel = 2;
	job.recipients[2] = "r3@b.test";
	/* The message that is at hand is brought again, and more of it. */
	peer_give(&job);
	peer_open_gate();
	peer_run(5);
	assert_int_equal(world.result_count, 5);
	expect(1, 3, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	peer_wait(50);
	assert_int_equal(world.result_count, 5);
	assert_int_equal(delivery_count(world.delivery).jobs, 0);
}

static void
test_stop(void **state)
{
	(void)state;
	peer_script(1, SCRIPT(HELLO, "C MAIL", "C RCPT", "C DATA", "G",
	    "S 250 ok\n250 ok\n354 go", "D", "S 250 2.0.0 taken", "C QUIT",
	    "S 221 bye", "X"));
	give_one(1);
	give_one(2);
	peer_run_to_gate();
	delivery_stop(world.delivery);
	peer_open_gate();
	peer_run(1);
	expect(1, 1, FRAME_RESULT_DELIVERED, "2.0.0", "taken");
	while (world.stopped == 0)
		peer_wait(10);
	assert_int_equal(world.result_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delivered),
		TEST(test_without_pipelining),
		TEST(test_helo),
		TEST(test_reuse),
		TEST(test_kept_connection_died),
		TEST(test_idle_connection_quits),
		TEST(test_each_recipient_has_its_own),
		TEST(test_final_refusal_is_for_the_accepted),
		TEST(test_mail_refused),
		TEST(test_data_for_nobody),
		TEST(test_too_many_recipients_is_temporary),
		TEST(test_hostile_endless_reply),
		TEST(test_hostile_long_line),
		TEST(test_hostile_code_changes),
		TEST(test_hostile_garbage),
		TEST(test_hostile_reply_before_command),
		TEST(test_hostile_final_reply_in_advance),
		TEST(test_250_in_place_of_354),
		TEST(test_354_in_place_of_250),
		TEST(test_tarpit),
		TEST(test_lost_behind_the_dot),
		TEST(test_no_answer_to_the_dot),
		TEST(test_421_in_the_middle),
		TEST(test_421_behind_the_250),
		TEST(test_refused_while_sending),
		TEST(test_large_body),
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
		TEST(test_new_channel),
		TEST(test_stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	clock_open();
	log_set_stderr(getenv("POSTERN_TEST_LOG") != NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
