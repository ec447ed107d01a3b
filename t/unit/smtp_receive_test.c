/*
 * Content: DATA and BDAT, sizes, header limits, memory, and what happens
 * when queue fails.  Case ids as in the tables of abuse cases (D data).
 */
#include "t/unit/smtp_session_talk.h"

/* D01: only CRLF.CRLF ends; a bare CR or LF refuses the message. */
static void
test_bare_line_ends(void **state)
{
	struct fixture *f = *state;
	static const char *const pieces[] = { "\r", "\n", "\r\n" };

	for (int i = 0; i < 729; i++) {
		char content[200] = "text";
		int n = i, clean = 1;
		uint64_t before = f->committed;

		for (int k = 0; k < 6; k++, n /= 3) {
			if (k == 3)
				strcat(content, ".");
			strcat(content, pieces[n % 3]);
		}
		strcat(content, "end\r\n.\r\n");
		open_and_greet(f, INSIDE);
		expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
		(void)fixture_talk(f, content);
		/* The model: all up to the first CRLF.CRLF is the message. */
		*strstr(content, "\r\n.\r\n") = '\0';
		for (const char *at = content; *at != '\0'; at++) {
			if ((*at == '\n' && at[-1] != '\r') ||
			    (*at == '\r' && at[1] != '\n'))
				clean = 0;
		}
		assert_int_equal(f->committed, before + (uint64_t)clean);
		if (!clean)
			assert_memory_equal(f->replies, "550 5.6.0", 9);
		fixture_close(f);
	}
}

/* D09: after a refused message all is forgotten. */
static void
test_refused_content(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *content, *status;
	} cases[] = {
		{ "a\nb\r\n.\r\n", "550 5.6.0" },
		{ "a\rb\r\n.\r\n", "550 5.6.0" },
		{ "a\r\n.\nb\r\n.\r\n", "550 5.6.0" },
	};

	for (size_t i = 0; i < 3; i++) {
		open_and_greet(f, INSIDE);
		expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
		(void)fixture_talk(f, cases[i].content);
		assert_memory_equal(f->replies, cases[i].status, 9);
		expect(f, "RCPT TO:<x@good.example>\r\nDATA\r\n", "503 503");
		expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
		expect(f, "fine\r\n.\r\n", "250");
		fixture_close(f);
	}
	assert_int_equal(f->committed, 3);
	/* NUL, which no C string holds. */
	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	f->replies_len = 0;
	fixture_send(f, "a\0b\r\n.\r\n", 8);
	fixture_pump(f);
	assert_memory_equal(f->replies, "550 5.6.0", 9);
	fixture_close(f);
	assert_int_equal(f->committed, 3);
}

static void
send_lines(struct fixture *f, const char *line, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fixture_send(f, line, strlen(line));
}

/* D06 and loops: header size and count, Received count. */
static void
test_header_limits(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "A: b\r\n", 501);
	expect(f, "\r\nx\r\n.\r\n", "552");
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, " a folded line of some length\r\n", 4000);
	expect(f, "\r\nx\r\n.\r\n", "552");
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "Received: from a by b\r\n", 100);
	expect(f, "\r\nx\r\n.\r\n", "250");
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "Received: from a by b\r\n", 101);
	expect(f, "\r\nx\r\n.\r\n", "554");
	assert_non_null(strstr(f->replies, "5.4.6"));
	assert_int_equal(f->committed, 1);
	fixture_close(f);
}

/* D10: an error in the middle of BDATs; all octets are read. */
static void
test_bdat_error(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "BDAT 4\r\nok\r\nBDAT 6\r\nMAIL\nx"
	    "BDAT 6\r\nQUIT\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n",
	    "250 250 250 550 503 503 503");
	assert_true(f->is_open);
	expect(f, MAIL, "503");
	expect(f, "RSET\r\n", "250");
	expect(f, MAIL RCPT "BDAT 4 LAST\r\nok\r\n", "250 250 250");
	assert_int_equal(f->committed, 1);
	expect_body(f, "ok\r\n");
	/* Octets of a BDAT without recipients are content, not commands. */
	expect(f, "BDAT 6\r\nQUIT\r\nNOOP\r\n", "503 250");
	expect(f, MAIL "BDAT 6 LAST\r\nQUIT\r\n" RCPT, "250 503 503");
	fixture_close(f);
}

/* D11: many tiny chunks, none, and sizes that are none. */
static void
test_bdat_sizes(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "BDAT 18446744073709551616\r\n",
		"BDAT 18446744073709551615\r\n", "BDAT -1\r\n", "BDAT x\r\n",
		"BDAT\r\n", "BDAT 5 LASTX\r\n", "BDAT 5 LAST x\r\n",
		"BDAT 0x10\r\n", "BDAT 99999999999999999999999999\r\n" };
	char line[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		open_and_greet(f, INSIDE);
		expect(f, MAIL RCPT, "250 250");
		expect(f, bad[i], "501");
		assert_false(f->is_open);
		fixture_close(f);
	}
	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "BDAT 0\r\nBDAT 000\r\n", "250 250 250 250");
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(line, sizeof(line), "BDAT 0001\r\n%c",
		    i % 50 == 48 ? '\r' : i % 50 == 49 ? '\n' : 'x');
		fixture_send(f, line, strlen(line));
	}
	f->replies_len = 0;
	fixture_pump(f);
	expect(f, "BDAT 0 LAST\r\n", "250");
	assert_int_equal(f->committed, 1);
	/* A CR as the very last byte is bare. */
	expect(f, MAIL RCPT "BDAT 2 LAST\r\na\r", "250 250 550");
	expect(f, MAIL, "250");
	fixture_close(f);
}

/* D12: BDAT and DATA mixed; BDAT without LAST, then QUIT. */
static void
test_bdat_mixed(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "BDAT 3\r\nabc", "250 250 250");
	expect(f, "DATA\r\n", "503");
	expect(f, "BDAT 3 LAST\r\nabc", "503");
	expect(f, MAIL, "503");
	expect(f, "RSET\r\n" MAIL RCPT "BDAT 3\r\nabc", "250 250 250 250");
	expect(f, "RCPT TO:<late@good.example>\r\n", "503");
	expect(f, "QUIT\r\n", "221");
	assert_int_equal(f->submitted, 0);
	fixture_close(f);
}

/* D14: what is declared does not count; what comes does. */
static void
test_size(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, OUTSIDE);
	expect(f, "MAIL FROM:<a@b.example> SIZE=100001\r\n", "552");
	expect(f, "MAIL FROM:<a@b.example> SIZE=99999999999999999999\r\n",
	    "552");
	expect(f, "MAIL FROM:<a@b.example> SIZE=1 SIZE=1\r\n", "501");
	expect(f, "MAIL FROM:<a@b.example> SIZE=-1\r\n", "501");
	expect(f, "MAIL FROM:<a@b.example> SIZE=1\r\n" RCPT "DATA\r\n",
	    "250 250 354");
	send_lines(f, "\r\n", 1);
	send_lines(f, "0123456789abcdef0123456789abcdef0123456789abcdef"
	    "0123456789abc\r\n", 2000);
	expect(f, ".\r\n", "552");
	assert_non_null(strstr(f->replies, "552 5.3.4 Message is larger"));
	assert_int_equal(f->submitted, 0);
	/* Exactly as large as allowed. */
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "\r\n", 5);
	send_lines(f, "12345678\r\n", 9999);
	expect(f, ".\r\n", "250");
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "\r\n", 5);
	send_lines(f, "12345678\r\n", 9999);
	expect(f, "\r\n.\r\n", "552");
	assert_int_equal(f->budget, 0);
	fixture_close(f);
	assert_int_equal(f->committed, 1);
}

/* Memory for large bodies: asked for, used, given back in every case. */
static void
test_budget(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "\r\n", 1);
	send_lines(f, "0123456789abcdef0123456789abcdef0123456789abcdef\r\n",
	    30000);
	assert_true(f->budget >= 1400000);
	expect(f, ".\r\n", "250");
	assert_int_equal(f->budget, 0);
	assert_true(f->body_len > 1500000);
	/* Refused: the content is read away, and the session goes on. */
	f->refuses_budget = true;
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "\r\n", 1);
	send_lines(f, "0123456789abcdef0123456789abcdef0123456789abcdef\r\n",
	    3000);
	expect(f, ".\r\n", "452");
	assert_non_null(strstr(f->replies, "4.3.1"));
	f->refuses_budget = false;
	/* The client leaves in the middle. */
	expect(f, "MAIL FROM:<> SIZE=200000\r\n" RCPT "DATA\r\n",
	    "250 250 354");
	send_lines(f, "\r\n", 1);
	send_lines(f, "0123456789abcdef0123456789abcdef0123456789abcdef\r\n",
	    3000);
	assert_true(f->budget > 200000);
	fixture_close(f);
	assert_int_equal(f->budget, 0);
	/* RSET between two chunks. */
	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "BDAT 150000\r\n", "250 250");
	send_lines(f, "\r\n", 1);
	send_lines(f, "0123456789abcdef0123456789abcdef0123456789abcdef\r\n",
	    3000);
	fixture_pump(f);
	assert_true(f->budget >= 150000);
	expect(f, "RSET\r\n", "250");
	assert_int_equal(f->budget, 0);
	fixture_close(f);
}

/* Queue says no, takes nothing, dies in the middle. */
static void
test_queue_trouble(void **state)
{
	struct fixture *f = *state;
	struct frame_accepting accepting = { .accepting = 0,
		.reason = TEXT("disk nearly full") };

	open_and_greet(f, INSIDE);
	f->outcome = FRAME_SUBMIT_TRY_LATER;
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	expect(f, "x\r\n.\r\n", "452");
	assert_non_null(strstr(f->replies, "4.3.1 queue says so"));
	f->outcome = FRAME_SUBMIT_REFUSED;
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	expect(f, "x\r\n.\r\n", "554");
	f->outcome = FRAME_SUBMIT_COMMITTED;
	frame_send(f->queue, FRAME_ACCEPTING, &accepting, -1);
	fixture_pump(f);
	expect(f, MAIL, "452");
	assert_non_null(strstr(f->replies, "4.3.1 disk nearly full"));
	accepting.accepting = 1;
	frame_send(f->queue, FRAME_ACCEPTING, &accepting, -1);
	fixture_pump(f);
	/* Nothing is consumed while the answer is due. */
	f->holds_results = true;
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	expect(f, "x\r\n.\r\nNOOP\r\nMAIL FROM:<>\r\n", "");
	fixture_kill_queue(f);
	expect(f, "", "451 250 451");
	assert_non_null(strstr(f->replies, "451 4.3.0"));
	f->holds_results = false;
	expect(f, MAIL, "451");
	fixture_connect_queue(f);
	fixture_pump(f);
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	expect(f, "x\r\n.\r\n", "250");
	/* A small message outlives queue, a large one cannot. */
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	fixture_send(f, "x\r\n", 3);
	fixture_kill_queue(f);
	fixture_pump(f);
	fixture_connect_queue(f);
	fixture_pump(f);
	expect(f, ".\r\n", "250");
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	send_lines(f, "\r\n", 1);
	send_lines(f, "0123456789abcdef0123456789abcdef0123456789abcdef\r\n",
	    3000);
	fixture_kill_queue(f);
	fixture_pump(f);
	fixture_connect_queue(f);
	fixture_pump(f);
	expect(f, ".\r\n", "451");
	fixture_close(f);
	assert_int_equal(f->committed, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, \
	talk_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bare_line_ends),
		TEST(test_refused_content),
		TEST(test_header_limits),
		TEST(test_bdat_error),
		TEST(test_bdat_sizes),
		TEST(test_bdat_mixed),
		TEST(test_size),
		TEST(test_budget),
		TEST(test_queue_trouble),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
