/*
 * Sessions: verbs in every state, resets, pipelining, access, limits, TLS,
 * the end.  Case ids as in the tables of abuse cases (L listener).
 */
#include "t/unit/smtp_session_talk.h"

static void
test_greeting(void **state)
{
	struct fixture *f = *state;
	const char *replies;

	fixture_open(f, INSIDE);
	replies = fixture_talk(f, "");
	assert_string_equal(replies, "220 mx.example ESMTP\r\n");
	replies = fixture_talk(f, HELLO);
	assert_non_null(strstr(replies, "250-mx.example\r\n"));
	assert_non_null(strstr(replies, "250-SIZE 2000000\r\n"));
	assert_non_null(strstr(replies, "PIPELINING\r\n"));
	assert_non_null(strstr(replies, "8BITMIME\r\n"));
	assert_non_null(strstr(replies, "SMTPUTF8\r\n"));
	assert_non_null(strstr(replies, "CHUNKING\r\n"));
	assert_non_null(strstr(replies, "ENHANCEDSTATUSCODES\r\n"));
	assert_non_null(strstr(replies, "DSN\r\n"));
	/* No keys process: no TLS to offer. */
	assert_null(strstr(replies, "STARTTLS"));
	assert_null(strstr(replies, "AUTH"));
	expect(f, "STARTTLS\r\n", "454");
	expect(f, "QUIT\r\n", "221");
	assert_false(f->is_open);
}

static void
test_message(void **state)
{
	struct fixture *f = *state;
	size_t len;

	open_and_greet(f, INSIDE);
	expect(f, MAIL, "250");
	expect(f, "RCPT TO:<Some.One@far.example>\r\n", "250");
	expect(f, "DATA\r\n", "354");
	expect(f, "Subject: x\r\n\r\n..dot\r\n.\r\n", "250");
	assert_non_null(strstr(f->replies, "250 2.0.0 Ok: queued as "));
	assert_int_equal(f->committed, 1);
	assert_int_equal(f->last.size, f->body_len);
	assert_int_equal(f->last.direction, ENVELOPE_OUTGOING);
	assert_int_equal(f->last.config_version, 7);
	assert_true(f->last.mid >= 1000 && f->last.icid >= 1000);
	assert_string_equal(f->sender, "a@b.example");
	assert_string_equal(f->recipients, "Some.One@far.example\n");
	expect_body(f, "Subject: x\r\n\r\n.dot\r\n");
	assert_true(body_behind_header(f, &len) > f->body);
	/* The same connection again, null sender, empty message. */
	expect(f, "MAIL FROM:<>\r\n" RCPT "DATA\r\n", "250 250 354");
	expect(f, ".\r\n", "250");
	assert_int_equal(f->committed, 2);
	expect_body(f, "");
	fixture_close(f);
}

/* Every verb in every state in which a command can come. */
static void
test_verb_table(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name, *way;
	} states[] = {
		{ "start", "" },
		{ "ready", "EHLO c\r\n" },
		{ "mail", "EHLO c\r\n|" MAIL },
		{ "rcpt", "EHLO c\r\n|" MAIL RCPT },
		{ "bdat", "EHLO c\r\n|" MAIL RCPT "BDAT 2\r\nab" },
		{ "failed", "EHLO c\r\n|" MAIL RCPT "BDAT 2\r\nabDATA\r\n" },
	};
	static const struct {
		const char *say;
		const char *codes[6];
	} verbs[] = {
		{ "EHLO x\r\n", { "250", "250", "250", "250", "250", "250" } },
		{ "HELO x\r\n", { "250", "250", "250", "250", "250", "250" } },
		{ MAIL, { "503", "250", "503", "503", "503", "503" } },
		{ RCPT, { "503", "503", "250", "250", "503", "503" } },
		{ "DATA\r\n", { "503", "503", "503", "354", "503", "503" } },
		{ "BDAT 1\r\nx", { "503", "503", "503", "250", "250",
		    "503" } },
		{ "BDAT 1 LAST\r\nx", { "503", "503", "503", "250", "250",
		    "503" } },
		{ "RSET\r\n", { "250", "250", "250", "250", "250", "250" } },
		{ "NOOP x\r\n", { "250", "250", "250", "250", "250", "250" } },
		{ "HELP\r\n", { "214", "214", "214", "214", "214", "214" } },
		{ "VRFY x\r\n", { "252", "252", "252", "252", "252", "252" } },
		{ "EXPN x\r\n", { "502", "502", "502", "502", "502", "502" } },
		{ "AUTH PLAIN\r\n", { "502", "502", "502", "502", "502",
		    "502" } },
		{ "STARTTLS\r\n", { "503", "454", "503", "503", "503",
		    "503" } },
		{ "ROOT\r\n", { "500", "500", "500", "500", "500", "500" } },
		{ "QUIT\r\n", { "221", "221", "221", "221", "221", "221" } },
	};

	for (size_t s = 0; s < 6; s++) {
		for (size_t v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++) {
			char way[200];
			char *part = way, *next;

			(void)snprintf(way, sizeof(way), "%s", states[s].way);
			fixture_open(f, INSIDE);
			expect(f, "", "220");
			while ((next = strchr(part, '|')) != NULL) {
				*next = '\0';
				(void)fixture_talk(f, part);
				part = next + 1;
			}
			(void)fixture_talk(f, part);
			expect(f, verbs[v].say, verbs[v].codes[s]);
			fixture_close(f);
		}
	}
}

/*
 * RFC 5321 4.1.4 (row 7): NOOP, VRFY, HELP and unknown commands between any
 * two commands change nothing.  L20: VRFY inside a transaction.
 */
static void
test_insertions(void **state)
{
	struct fixture *f = *state;
	static const char *const script[] = { HELLO, MAIL, RCPT,
		"RCPT TO:<v@good.example>\r\n", "DATA\r\n",
		"x\r\n.\r\n", MAIL, RCPT, "BDAT 3\r\nab\r", "BDAT 1 LAST\r\n\n",
	};
	static const char *const codes[] = { "250", "250", "250", "250",
		"354", "250", "250", "250", "250", "250" };
	static const char *const inserts[] = { "NOOP\r\n", "VRFY <u>\r\n",
		"HELP\r\n", "XYZZY\r\n", "VRFY \xc3\xa4\r\n", "EXPN all\r\n" };

	for (size_t i = 0; i < sizeof(inserts) / sizeof(inserts[0]); i++) {
		uint64_t before = f->committed;

		fixture_open(f, INSIDE);
		expect(f, "", "220");
		for (size_t s = 0; s < 10; s++) {
			if (s != 5)
				(void)fixture_talk(f, inserts[i]);
			expect(f, script[s], codes[s]);
		}
		assert_int_equal(f->committed, before + 2);
		assert_string_equal(f->recipients, "u@good.example\n");
		fixture_close(f);
	}
}

/* RSET anywhere leaves a clean session: the message behind it is whole. */
static void
test_resets(void **state)
{
	struct fixture *f = *state;
	static const char *const ways[] = { "", MAIL, MAIL RCPT,
		MAIL RCPT "BDAT 2\r\nab", MAIL RCPT "BDAT 2\r\nabDATA\r\n",
		"MAIL FROM:<x@y.example> SMTPUTF8 BODY=8BITMIME\r\n" RCPT };
	static const char *const resets[] = { "RSET\r\n", HELLO };

	for (size_t i = 0; i < 12; i++) {
		open_and_greet(f, INSIDE);
		(void)fixture_talk(f, ways[i / 2]);
		expect(f, resets[i % 2], "250");
		expect(f, "RCPT TO:<lost@good.example>\r\n", "503");
		expect(f, MAIL "RCPT TO:<new@good.example>\r\nDATA\r\n",
		    "250 250 354");
		expect(f, "new\r\n.\r\n", "250");
		assert_string_equal(f->recipients, "new@good.example\n");
		assert_int_equal(f->last.smtputf8, 0);
		assert_int_equal(f->last.body, ENVELOPE_BODY_UNSET);
		expect_body(f, "new\r\n");
		fixture_close(f);
	}
}

/* One segment, and every byte a segment of its own: the same outcome. */
static void
test_pipelining(void **state)
{
	struct fixture *f = *state;
	static const char group[] = MAIL RCPT
	    "RCPT TO:<bad@good.example>\r\n" "RCPT TO:<w@good.example>\r\n"
	    "NOOP\r\nDATA\r\n";
	static const char content[] = "one\r\n..\r\n\r\n.\r\n"
	    "MAIL FROM:<>\r\n" RCPT "BDAT 5 LAST\r\nab\r\nc"
	    "RSET\r\nQUIT\r\n";
	char replies[2][8192];

	for (int slow = 0; slow < 2; slow++) {
		open_and_greet(f, OUTSIDE);
		f->replies_len = 0;
		for (const char *at = group; slow && *at != '\0'; at++) {
			fixture_send(f, at, 1);
			fixture_pump(f);
		}
		if (!slow)
			fixture_send(f, group, strlen(group));
		fixture_pump(f);
		assert_string_equal(codes_of(f->replies),
		    "250 250 550 250 250 354");
		for (const char *at = content; slow && *at != '\0'; at++) {
			fixture_send(f, at, 1);
			fixture_pump(f);
		}
		if (!slow)
			fixture_send(f, content, strlen(content));
		fixture_pump(f);
		(void)snprintf(replies[slow], sizeof(replies[slow]), "%s",
		    codes_of(f->replies));
		assert_false(f->is_open);
		expect_body(f, "ab\r\nc");
	}
	assert_string_equal(replies[0], replies[1]);
	assert_int_equal(f->committed, 4);
}

/* L07: nobody speaks before the banner, nor behind EHLO or DATA. */
static void
test_out_of_step(void **state)
{
	struct fixture *f = *state;
	struct host_address client;
	int pair[2];

	assert_int_equal(host_address_parse(TEXT(INSIDE), &client), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	assert_int_equal(write(pair[0], "EHLO x\r\n", 8), 8);
	f->client = pair[0];
	f->is_open = true;
	smtp_session_open(&f->service, 0, pair[1], &client, fixture_gone, f);
	expect(f, "", "554");
	assert_false(f->is_open);
	fixture_close(f);
	fixture_open(f, INSIDE);
	expect(f, "", "220");
	expect(f, HELLO MAIL RCPT, "554");
	assert_false(f->is_open);
	fixture_close(f);
	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "DATA\r\nx\r\n.\r\n", "250 250 554");
	assert_false(f->is_open);
	assert_int_equal(f->committed, 0);
	fixture_close(f);
}

/* The client leaves at each byte of a conversation: nothing stays behind. */
static void
test_disconnect_anywhere(void **state)
{
	struct fixture *f = *state;
	static const char *const parts[] = { HELLO, MAIL RCPT "DATA\r\n",
		"S: x\r\n\r\ny\r\n.\r\n", MAIL RCPT "BDAT 3\r\nabc",
		"BDAT 3 LAST\r\nde\r" };

	for (size_t part = 0; part < 5; part++) {
		for (size_t cut = 0; cut <= strlen(parts[part]); cut++) {
			fixture_open(f, INSIDE);
			(void)fixture_talk(f, "");
			for (size_t i = 0; i < part; i++)
				(void)fixture_talk(f, parts[i]);
			fixture_send(f, parts[part], cut);
			fixture_close(f);
			assert_true(list_is_empty(&f->service.sessions));
		}
	}
	assert_int_equal(f->service.counters.connections_open, 0);
}

/* A client that ends its side and listens still gets its answers. */
static void
test_half_close(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	f->replies_len = 0;
	fixture_send(f, "x\r\n.\r\nNOOP\r\n", 12);
	(void)shutdown(f->client, SHUT_WR);
	fixture_pump(f);
	assert_string_equal(codes_of(f->replies), "250 250");
	assert_int_equal(f->committed, 1);
	assert_false(f->is_open);
	fixture_close(f);
}

static void
test_access(void **state)
{
	struct fixture *f = *state;
	/* L01: shapes in which people try to relay. */
	static const char *const shapes[] = {
		"<u@far.example>", "<u%far.example@good.example>",
		"<far.example!u@good.example>",
		"<\"u@far.example\"@good.example>",
		"<@good.example:u@far.example>", "<u@[192.0.2.1]>",
		"<u@good.example@far.example>", "<u@far.example.>",
		"<\"u\"@far.example>", "<u>", "<>", "<u@>", "<@good.example>",
		"<u@good.example.far.example>", "<u@.good.example>",
		"<u@good..example>", "u@far.example", "<u@GOOD.EXAMPLE",
		"<u@[IPv6:::1]>", "<u@good.example >", "< u@good.example>",
		"<u\x01@good.example>", "<u@below.example>",
		"<bad@good.example>", "<BAD@Good.Example>",
		"<\"bad\"@good.example>" };
	char line[200];

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		open_and_greet(f, OUTSIDE);
		expect(f, MAIL, "250");
		(void)snprintf(line, sizeof(line), "RCPT TO:%s\r\n",
		    shapes[i]);
		(void)fixture_talk(f, line);
		if (f->replies[0] != '5')
			print_message("# %s: %s\n", shapes[i], f->replies);
		assert_int_equal(f->replies[0], '5');
		expect(f, "DATA\r\n", "503");
		fixture_close(f);
	}
	open_and_greet(f, OUTSIDE);
	expect(f, "mail from:<a@b.example>\r\n", "250");
	expect(f, "rcpt to:<PostMaster>\r\n", "250");
	expect(f, "RCPT TO:<AbC@GOOD.example>\r\n", "250");
	expect(f, "RCPT TO:<x@a.below.example>\r\n", "250");
	expect(f, "DATA\r\n", "354");
	expect(f, ".\r\n", "250");
	assert_string_equal(f->recipients, "PostMaster@mx.example\n"
	    "AbC@GOOD.example\nx@a.below.example\n");
	assert_int_equal(f->last.direction, ENVELOPE_INCOMING);
	fixture_close(f);
	/* L02: the sender is never a reason to relay. */
	open_and_greet(f, OUTSIDE);
	expect(f, "MAIL FROM:<root@good.example>\r\n"
	    "RCPT TO:<x@far.example>\r\n", "250 550");
	fixture_close(f);
	/* A group that rejects: only QUIT. */
	fixture_open(f, "203.0.113.66");
	expect(f, "", "554");
	assert_string_equal(f->replies, "554 mx.example Go away\r\n");
	expect(f, HELLO, "503");
	expect(f, "QUIT\r\n", "221");
	fixture_close(f);
}

static void
test_counts(void **state)
{
	struct fixture *f = *state;

	/* Standards row 11: 452, and those accepted before stay. */
	open_and_greet(f, OUTSIDE);
	expect(f, MAIL RCPT RCPT RCPT RCPT RCPT RCPT "DATA\r\n",
	    "250 250 250 250 250 250 452 354");
	expect(f, "x\r\n.\r\n", "250");
	/* L19: invalid recipients per connection. */
	expect(f, MAIL, "250");
	for (int i = 0; i < 4; i++)
		expect(f, "RCPT TO:<bad@good.example>\r\n", "550");
	expect(f, "RCPT TO:<bad@good.example>\r\n", "550 421");
	assert_false(f->is_open);
	fixture_close(f);
	open_and_greet(f, OUTSIDE);
	for (int i = 0; i < 9; i++)
		expect(f, "NONSENSE\r\n", "500");
	expect(f, "NONSENSE\r\n", "500 421");
	assert_false(f->is_open);
	fixture_close(f);
	fixture_policies[1].max_messages = 2;
	fixture_use_config(f);
	open_and_greet(f, OUTSIDE);
	expect(f, MAIL "RSET\r\n" MAIL "RSET\r\n" MAIL,
	    "250 250 250 250 421");
	fixture_close(f);
	fixture_policies[1].max_messages = 100;
}

/* L22: lines too long, with and without an end. */
static void
test_long_lines(void **state)
{
	struct fixture *f = *state;
	char *line = memory_new(70000);

	open_and_greet(f, INSIDE);
	memset(line, 'x', 65536);
	memcpy(line, "NOOP ", 5);
	memcpy(line + 600, "\r\n", 3);
	expect(f, line, "500");
	memset(line + 600, 'x', 64936);
	memcpy(line + 65536, "\r\nNOOP\r\n", 9);
	expect(f, line, "500 250");
	/* Never an end: refused once, nothing is kept. */
	line[65536] = '\0';
	expect(f, line, "500");
	for (int i = 0; i < 20; i++)
		expect(f, line, "");
	expect(f, "\r\nNOOP\r\n", "250");
	memcpy(line, "BDAT ", 5);
	expect(f, line, "500");
	assert_false(f->is_open);
	fixture_close(f);
	open_and_greet(f, INSIDE);
	expect(f, "NOOP\nNOOP\r\n", "500 250");
	expect(f, "BDAT 3\nabc", "500");
	assert_false(f->is_open);
	fixture_close(f);
	free(line);
}

/* Parameters of extensions that HELO did not offer; DSN ones are kept. */
static void
test_parameters(void **state)
{
	struct fixture *f = *state;

	fixture_open(f, INSIDE);
	expect(f, "", "220");
	expect(f, "HELO c\r\n", "250");
	expect(f, "MAIL FROM:<a@b.example> SIZE=3\r\n", "555");
	expect(f, HELLO, "250");
	expect(f, "MAIL FROM:<a@b.example> BODY=8BITMIME RET=HDRS "
	    "ENVID=qq SIZE=3\r\nRCPT TO:<x@y.example> NOTIFY=NEVER "
	    "ORCPT=rfc822;x@y.example\r\nDATA\r\n", "250 250 354");
	expect(f, "x\r\n.\r\n", "250");
	assert_int_equal(f->last.ret, ENVELOPE_RETURN_HEADERS);
	assert_int_equal(f->last.body, ENVELOPE_BODY_8BITMIME);
	expect(f, "MAIL FROM:<\xc3\xa4@b.example>\r\n", "553");
	expect(f, "MAIL FROM:<\xc3\xa4@b.example> SMTPUTF8\r\n"
	    "RCPT TO:<\xc3\xb6@y.example>\r\nDATA\r\n", "250 250 354");
	expect(f, "x\r\n.\r\n", "250");
	assert_int_equal(f->last.smtputf8, 1);
	/* 8-bit content that was not announced is announced by us. */
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	expect(f, "A: b\r\n\r\n\xc3\xa4\r\n.\r\n", "250");
	assert_int_equal(f->last.body, ENVELOPE_BODY_8BITMIME);
	fixture_close(f);
}

static void
test_rates(void **state)
{
	struct fixture *f = *state;

	fixture_policies[1].messages_per_hour = 2;
	fixture_policies[1].recipients_per_hour = 3;
	fixture_use_config(f);
	/* Without lookup we count alone. */
	open_and_greet(f, OUTSIDE);
	expect(f, MAIL "RSET\r\n" MAIL "RSET\r\n" MAIL,
	    "250 250 250 250 450");
	fixture_close(f);
	/* With it, it decides; commands behind wait their turn. */
	fixture_connect_lookup(f);
	f->grants = 3;
	open_and_greet(f, "203.0.113.2");
	expect(f, MAIL RCPT RCPT "NOOP\r\n", "250 250 450 250");
	assert_non_null(strstr(f->replies, "450 4.7.1"));
	fixture_close(f);
	f->grants = 0;
	fixture_open(f, "203.0.113.3");
	expect(f, "", "421");
	assert_false(f->is_open);
	fixture_close(f);
	fixture_policies[1].messages_per_hour = 0;
	fixture_policies[1].recipients_per_hour = 0;
}

/* L08, L10 and the order of things with TLS. */
static void
test_starttls(void **state)
{
	struct fixture *f = *state;
	static const char *const injected[] = { MAIL, "RSET\r\n", "QUIT\r\n",
		"EHLO evil\r\n", "AUTH PLAIN AAAA\r\n" };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	f->service.keys = remote_key_channel_new(pair[1], 100);
	for (size_t i = 0; i < 5; i++) {
		char line[100];

		open_and_greet(f, INSIDE);
		assert_non_null(strstr(f->replies, "STARTTLS"));
		(void)snprintf(line, sizeof(line), "STARTTLS\r\n%s",
		    injected[i]);
		expect(f, line, "220");
		expect(f, "TLS!", "");
		expect(f, MAIL, "503");
		expect(f, "EHLO c\r\n", "250");
		assert_null(strstr(f->replies, "STARTTLS"));
		expect(f, "STARTTLS\r\n", "503");
		expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
		expect(f, "x\r\n.\r\n", "250");
		fixture_close(f);
	}
	assert_int_equal(f->committed, 5);
	/* A failed handshake ends the session. */
	open_and_greet(f, INSIDE);
	expect(f, MAIL "STARTTLS\r\nRSET\r\n", "250 503 250");
	expect(f, "STARTTLS\r\n", "220");
	expect(f, "evil", "");
	assert_false(f->is_open);
	fixture_close(f);
	/* Required by policy. */
	fixture_policies[1].tls = CONFIG_FLOW_TLS_REQUIRED;
	fixture_use_config(f);
	open_and_greet(f, OUTSIDE);
	expect(f, MAIL, "530");
	assert_non_null(strstr(f->replies, "530 5.7.0"));
	expect(f, "BDAT 6\r\nQUIT\r\nVRFY x\r\nNOOP\r\nRSET\r\nHELO x\r\n",
	    "530 530 250 250 530");
	expect(f, "STARTTLS\r\n", "220");
	expect(f, "TLS!", "");
	expect(f, HELLO, "250");
	expect(f, MAIL RCPT, "250 250");
	fixture_close(f);
	fixture_policies[1].tls = CONFIG_FLOW_TLS_PREFERRED;
	/* From the first byte on. */
	fixture_listeners[0].tls = CONFIG_LISTENER_TLS_IMPLICIT;
	fixture_use_config(f);
	fixture_open(f, INSIDE);
	expect(f, "", "");
	expect(f, "TLS!", "220");
	expect(f, HELLO, "250");
	assert_null(strstr(f->replies, "STARTTLS"));
	fixture_close(f);
	/* What comes while lookup is asked is not lost. */
	fixture_connect_lookup(f);
	f->grants = 100;
	fixture_open(f, INSIDE);
	fixture_send(f, "TLS!", 4);
	expect(f, "", "220");
	expect(f, HELLO, "250");
	fixture_close(f);
	fixture_listeners[0].tls = CONFIG_LISTENER_TLS_STARTTLS;
	(void)close(pair[0]);
}

/* The service stops: idle ones leave, a message in its content finishes. */
static void
test_stop(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, INSIDE);
	f->replies_len = 0;
	smtp_service_stop(&f->service);
	fixture_pump(f);
	assert_memory_equal(f->replies, "421 4.3.2", 9);
	assert_false(f->is_open);
	f->service.is_stopping = false;
	fixture_close(f);
	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	smtp_service_stop(&f->service);
	expect(f, "x\r\n.\r\n", "250 421");
	assert_false(f->is_open);
	assert_int_equal(f->committed, 1);
	fixture_close(f);
}

/* A session keeps the configuration that it began with. */
static void
test_reload(void **state)
{
	struct fixture *f = *state;

	open_and_greet(f, OUTSIDE);
	expect(f, MAIL, "250");
	f->config.recipient_access_count = 0;
	fixture_use_config(f);
	expect(f, RCPT "DATA\r\n", "250 354");
	expect(f, "x\r\n.\r\n", "250");
	fixture_close(f);
	open_and_greet(f, OUTSIDE);
	expect(f, MAIL RCPT, "250 550");
	fixture_close(f);
}

/* L05: a deadline for a whole command and between reads of content. */
static void
test_timeouts(void **state)
{
	struct fixture *f = *state;

	f->config.limits.command_timeout_ms = 30;
	f->config.limits.data_timeout_ms = 30;
	fixture_use_config(f);
	open_and_greet(f, INSIDE);
	f->replies_len = 0;
	/* Bytes that trickle in do not move the deadline. */
	while (f->is_open) {
		fixture_send(f, "x", 1);
		fixture_pump(f);
	}
	assert_non_null(strstr(f->replies, "421 4.4.2"));
	fixture_close(f);
	open_and_greet(f, INSIDE);
	expect(f, MAIL RCPT "DATA\r\n", "250 250 354");
	f->replies_len = 0;
	while (f->is_open)
		fixture_pump(f);
	assert_memory_equal(f->replies, "421 4.4.2", 9);
	fixture_close(f);
	f->config.limits.command_timeout_ms = 300000;
	f->config.limits.session_timeout_ms = 30;
	fixture_use_config(f);
	fixture_open(f, INSIDE);
	while (f->is_open)
		(void)fixture_talk(f, "NOOP\r\n");
	fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, \
	talk_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_greeting),
		TEST(test_message),
		TEST(test_verb_table),
		TEST(test_insertions),
		TEST(test_resets),
		TEST(test_pipelining),
		TEST(test_out_of_step),
		TEST(test_disconnect_anywhere),
		TEST(test_half_close),
		TEST(test_access),
		TEST(test_counts),
		TEST(test_long_lines),
		TEST(test_parameters),
		TEST(test_rates),
		TEST(test_starttls),
		TEST(test_stop),
		TEST(test_reload),
		TEST(test_timeouts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
