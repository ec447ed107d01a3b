/*
 * Outbound sessions against scripted servers: what is said, and what each
 * recipient's result is (abuse cases T01, T12, T13).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "t/unit/delivery_fixture.c"
#include "t/unit/delivery_session_fixture.h"

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
		TEST(test_new_channel),
		TEST(test_stop),
	};

	prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
