/*
 * Talking to a session in unit tests: TLS as a play, and what is expected
 * for what is said.
 */
#ifndef T_UNIT_SMTP_SESSION_TALK_H
#define T_UNIT_SMTP_SESSION_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/tls_session.h"
#include "t/unit/smtp_session_fixture.h"

/* ---- TLS as a play: the client says "TLS!", then all goes in clear ---- */

struct tls_context { int references; };
struct tls_session { struct stream *stream; };
static struct tls_context play_context;

static ssize_t
play_result(ssize_t done, unsigned int wait, unsigned int *want)
{
	if (done >= 0)
		return done;
	*want = wait;
	return errno == EAGAIN ? ERROR_AGAIN : ERROR_CLOSED;
}

static ssize_t
play_read(void *state, void *data, size_t len, unsigned int *want)
{
	struct tls_session *session = state;

	return play_result(recv(stream_descriptor(session->stream), data, len,
	    MSG_DONTWAIT), LOOP_READ, want);
}

static ssize_t
play_write(void *state, const void *data, size_t len, unsigned int *want)
{
	struct tls_session *session = state;

	return play_result(send(stream_descriptor(session->stream), data, len,
	    MSG_DONTWAIT | MSG_NOSIGNAL), LOOP_WRITE, want);
}

static int
play_handshake(void *state, unsigned int *want)
{
	char hello[4];
	ssize_t got = play_read(state, hello, sizeof(hello), want);

	if (got < 0)
		return (int)got;
	return got == 4 && memcmp(hello, "TLS!", 4) == 0 ? 0 :
	    ERROR_MALFORMED;
}

static const struct stream_transport play = {
	.read = play_read,
	.write = play_write,
	.handshake = play_handshake,
	.free = free,
};

struct tls_session *
tls_session_accept(struct tls_context *context, struct stream *stream)
{
	struct tls_session *session = memory_new(sizeof(*session));

	(void)context;
	session->stream = stream;
	stream_set_transport(stream, &play, session);
	return session;
}

struct text
tls_session_describe(const struct tls_session *session)
{
	(void)session;
	return TEXT("TLSv1.3 PLAY");
}

enum tls_failure
tls_session_failure(const struct tls_session *session, struct reason *why)
{
	(void)session;
	reason_set(why, "no play");
	return TLS_FAILURE_ALERT;
}

int
tls_context_new_server(struct text certificate_pem,
	struct remote_key_channel *channel, struct text key_name,
	struct text session_id, struct tls_context **out, struct reason *why)
{
	(void)certificate_pem;
	(void)channel;
	(void)key_name;
	(void)session_id;
	(void)why;
	*out = &play_context;
	return 0;
}

void
tls_context_release(struct tls_context **context)
{
	*context = NULL;
}

int
tls_certificate_check(struct text pem, struct reason *why)
{
	(void)pem;
	(void)why;
	return 0;
}

/* ---- the fixture ---- */

#define INSIDE "192.0.2.1"
#define OUTSIDE "203.0.113.1"
#define HELLO "EHLO client.example\r\n"
#define MAIL "MAIL FROM:<a@b.example>\r\n"
#define RCPT "RCPT TO:<u@good.example>\r\n"

static struct fixture fixture;

static int
talk_set_up(void **state)
{
	log_set_stderr(false);
	fixture_init(&fixture);
	*state = &fixture;
	return 0;
}

static int
talk_tear_down(void **state)
{
	(void)state;
	fixture_clear(&fixture);
	return 0;
}

/* The codes of complete replies, "250 250 354". */
static const char *
codes_of(const char *replies)
{
	static char out[16384];
	size_t used = 0;
	const char *line = replies;

	out[0] = '\0';
	while (*line != '\0') {
		const char *end = strchr(line, '\n');

		assert_non_null(end);
		assert_true(end - line < 512);
		if (line[3] == ' ')
			used += (size_t)snprintf(out + used,
			    sizeof(out) - used, "%s%.3s",
			    used > 0 ? " " : "", line);
		line = end + 1;
	}
	return out;
}

static void
expect(struct fixture *f, const char *say, const char *codes)
{
	const char *replies = fixture_talk(f, say);

	if (strcmp(codes_of(replies), codes) != 0)
		print_message("# said %.200s\n# heard %.400s\n", say, replies);
	assert_string_equal(codes_of(replies), codes);
}

static void
open_and_greet(struct fixture *f, const char *address)
{
	fixture_open(f, address);
	expect(f, "", "220");
	expect(f, HELLO, "250");
}

/* The body behind our own header. */
static const char *
body_behind_header(struct fixture *f, size_t *len)
{
	const char *at = f->body;
	const char *end = f->body + f->body_len;

	assert_true(f->body_len > 9 && memcmp(at, "Received:", 9) == 0);
	do {
		at = memchr(at, '\n', (size_t)(end - at));
		assert_non_null(at);
		at++;
	} while (at < end && (*at == ' ' || *at == '\t'));
	*len = (size_t)(end - at);
	return at;
}

FIXTURE_OPTIONAL void
expect_body(struct fixture *f, const char *body)
{
	size_t len;
	const char *got = body_behind_header(f, &len);

	assert_int_equal(len, strlen(body));
	assert_memory_equal(got, body, len);
}

#endif
