/* base/stream: reading, writing, ends, deadlines, transports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/stream.c"

static struct loop *loop;
static struct stream *stream;
static struct loop_timer *guard;
static int peer;
static char story[200];
static size_t taken;
static bool take_input;
static const char *free_in;

static void
note(const char *word)
{
	require(strlen(story) + strlen(word) < sizeof(story));
	memcpy(story + strlen(story), word, strlen(word) + 1);
	if (free_in != NULL && strcmp(free_in, word) == 0) {
		stream_free(stream);
		stream = NULL;
		loop_stop(loop);
	}
}

static void
on_input(void *context)
{
	size_t len = stream_input(stream).len;

	(void)context;
	if (take_input) {
		taken += len;
		stream_consume(stream, len);
	} else {
		note("i");
	}
	if (stream != NULL && !take_input)
		loop_stop(loop);
}

static void
on_drained(void *context)
{
	(void)context;
	note("d");
	loop_stop(loop);
}

static void
on_ended(void *context, int error)
{
	(void)context;
	note(error == 0 ? "e" : "E");
	loop_stop(loop);
}

static void
on_time(void *context)
{
	(void)context;
	note("t");
	loop_stop(loop);
}

static void
on_handshake(void *context, int error)
{
	(void)context;
	note(error == 0 ? "h" : "H");
	loop_stop(loop);
}

static const struct stream_events events = {
	.input = on_input,
	.drained = on_drained,
	.ended = on_ended,
	.deadline = on_time,
	.handshake = on_handshake,
};

static void
too_long(void *context)
{
	(void)context;
	fail_msg("nothing happened: %s", story);
}

static int
set_up(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	loop = loop_new();
	guard = loop_timer_new(loop, too_long, NULL);
	loop_timer_set(guard, 20000);
	peer = pair[1];
	stream = stream_new(loop, pair[0], 100, 1 << 20, &events, NULL);
	story[0] = '\0';
	taken = 0;
	take_input = false;
	free_in = NULL;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	stream_free(stream);
	loop_timer_free(guard);
	loop_free(loop);
	(void)close(peer);
	return 0;
}

static void
peer_says(const char *words)
{
	assert_int_equal(write(peer, words, strlen(words)),
		(ssize_t)strlen(words));
}

static void
peer_hears(const char *words)
{
	char heard[300];
	ssize_t len = recv(peer, heard, sizeof(heard), MSG_DONTWAIT);

	assert_int_equal(len, (ssize_t)strlen(words));
	assert_memory_equal(heard, words, strlen(words));
}

static void
reads_and_writes(void **state)
{
	(void)state;
	peer_says("EHLO");
	loop_run(loop);
	assert_true(text_equal(stream_input(stream), TEXT("EHLO")));
	assert_int_equal(stream_bytes_read(stream), 4);
	stream_consume(stream, 4);
	assert_null(stream->input.bytes);
	assert_int_equal(stream_write(stream, TEXT("250 ")), 0);
	assert_int_equal(stream_printf(stream, "%s\r\n", "ok"), 0);
	assert_int_equal(stream_output_len(stream), 8);
	loop_run(loop);
	peer_hears("250 ok\r\n");
	assert_null(stream->output.bytes);
	assert_string_equal(story, "id");
}

static void
rests_when_full(void **state)
{
	char many[250];

	(void)state;
	memset(many, 'x', sizeof(many));
	assert_int_equal(write(peer, many, sizeof(many)), 250);
	loop_run(loop);
	assert_int_equal(stream_input(stream).len, 100);
	assert_int_equal(stream->watch == NULL, 0);
	stream_consume(stream, 100);
	loop_run(loop);
	assert_int_equal(stream_bytes_read(stream), 200);
	stream_consume(stream, 100);
	stream_want_input(stream, false);
	stream_set_deadline(stream, 20);
	loop_run(loop);
	assert_int_equal(stream_bytes_read(stream), 200);
	stream_want_input(stream, true);
	loop_run(loop);
	assert_int_equal(stream_bytes_read(stream), 250);
	assert_string_equal(story, "iiti");
}

static void
waits_for_a_slow_peer(void **state)
{
	static char many[1 << 20];
	static char heard[1 << 16];
	size_t total = 0;
	ssize_t len;

	(void)state;
	assert_int_equal(stream_write(stream, text_of(many, sizeof(many))),
		0);
	assert_int_equal(stream_write(stream, TEXT("x")), ERROR_LIMIT);
	stream_flush(stream);
	assert_true(stream_output_len(stream) > 0);
	while (total < sizeof(many)) {
		len = recv(peer, heard, sizeof(heard), MSG_DONTWAIT);
		total += len > 0 ? (size_t)len : 0;
		stream_set_deadline(stream, 0);
		loop_run(loop);
		if (strchr(story, 'd') != NULL)
			break;
		story[0] = '\0';
	}
	assert_int_equal(stream_output_len(stream), 0);
}

static void
tells_the_end_once(void **state)
{
	(void)state;
	peer_says("QUIT");
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	loop_run(loop);
	if (strcmp(story, "i") == 0)
		loop_run(loop);
	assert_string_equal(story, "ie");
	assert_true(text_equal(stream_input(stream), TEXT("QUIT")));
	/* Our side is open still. */
	assert_int_equal(stream_write(stream, TEXT("221")), 0);
	stream_finish(stream);
	loop_run(loop);
	assert_string_equal(story, "iede");
	peer_hears("221");
	assert_int_equal(recv(peer, story, 1, 0), 0);
	assert_int_equal(stream_write(stream, TEXT("x")), ERROR_CLOSED);
	story[0] = '\0';
	stream_set_deadline(stream, 30);
	loop_run(loop);
	assert_string_equal(story, "t");
}

static void
tells_a_break(void **state)
{
	(void)state;
	assert_int_equal(close(peer), 0);
	peer = -1;
	assert_int_equal(stream_write(stream, TEXT("x")), 0);
	stream_flush(stream);
	assert_string_equal(story, "");
	assert_int_equal(stream_write(stream, TEXT("x")), ERROR_CLOSED);
	loop_run(loop);
	assert_string_equal(story, "E");
}

static void
survives_being_freed(const char *where)
{
	free_in = where;
	assert_int_equal(stream_write(stream, TEXT("x")), 0);
	if (strcmp(where, "E") != 0)
		peer_says("x");
	if (strcmp(where, "e") == 0)
		assert_int_equal(shutdown(peer, SHUT_WR), 0);
	if (strcmp(where, "E") == 0) {
		stream_want_input(stream, false);
		assert_int_equal(close(peer), 0);
		peer = -1;
	}
	stream_set_deadline(stream, 10);
	if (strcmp(where, "h") == 0)
		stream_handshake(stream);
	while (stream != NULL)
		loop_run(loop);
}

static void
may_be_freed_in_input(void **state)
{
	(void)state;
	survives_being_freed("i");
}

static void
may_be_freed_in_drained(void **state)
{
	(void)state;
	survives_being_freed("d");
}

static void
may_be_freed_in_ended(void **state)
{
	(void)state;
	survives_being_freed("e");
}

static void
may_be_freed_in_broken(void **state)
{
	(void)state;
	survives_being_freed("E");
}

static void
may_be_freed_in_deadline(void **state)
{
	(void)state;
	survives_being_freed("t");
}

static void
may_be_freed_in_handshake(void **state)
{
	(void)state;
	survives_being_freed("h");
}

/*
 * A transport that reads by writing and writes by reading, keeps bytes of
 * its own, and shakes hands in three steps.
 */
struct odd {
	int steps;
	size_t pending;
	int said_goodbye;
	int freed;
};

static int
odd_handshake(void *state, unsigned int *want)
{
	struct odd *odd = state;

	if (++odd->steps < 3) {
		*want = LOOP_WRITE;
		return ERROR_AGAIN;
	}
	odd->pending = 250000;
	return 0;
}

static ssize_t
odd_read(void *state, void *data, size_t len, unsigned int *want)
{
	struct odd *odd = state;

	if (odd->pending == 0) {
		*want = LOOP_READ;
		return ERROR_AGAIN;
	}
	len = len < odd->pending ? len : odd->pending;
	memset(data, 'o', len);
	odd->pending -= len;
	return (ssize_t)len;
}

static ssize_t
odd_write(void *state, const void *data, size_t len, unsigned int *want)
{
	char byte;

	(void)state;
	(void)data;
	if (recv(peer, &byte, 1, MSG_DONTWAIT) == 1)
		return (ssize_t)len;
	*want = LOOP_READ;
	return ERROR_AGAIN;
}

static bool
odd_pending(void *state)
{
	return ((struct odd *)state)->pending > 0;
}

static void
odd_shutdown(void *state)
{
	((struct odd *)state)->said_goodbye++;
}

static void
odd_free(void *state)
{
	((struct odd *)state)->freed++;
}

static const struct stream_transport odd_transport = {
	.read = odd_read,
	.write = odd_write,
	.handshake = odd_handshake,
	.pending = odd_pending,
	.shutdown = odd_shutdown,
	.free = odd_free,
};

static void
changes_its_transport(void **state)
{
	struct odd odd = { 0 };

	(void)state;
	peer_says("STARTTLS and more");
	loop_run(loop);
	assert_int_equal(stream_input(stream).len, 17);
	stream_set_transport(stream, &odd_transport, &odd);
	assert_int_equal(stream_input(stream).len, 0);
	take_input = true;
	stream_handshake(stream);
	loop_run(loop);
	assert_string_equal(story, "ih");
	/* Bytes that the transport holds need no readiness. */
	stream_set_deadline(stream, 30);
	while (taken < 250000)
		loop_run(loop);
	assert_int_equal(odd.pending, 0);
	stream_finish(stream);
	loop_run(loop);
	assert_int_equal(odd.said_goodbye, 1);
	stream_set_transport(stream, NULL, NULL);
	assert_int_equal(odd.freed, 1);
}

static int
odd_refuse(void *state, unsigned int *want)
{
	(void)state;
	(void)want;
	return ERROR_REFUSED;
}

static void
tells_a_failed_handshake(void **state)
{
	static const struct stream_transport refusing = {
		.read = odd_read,
		.write = odd_write,
		.handshake = odd_refuse,
	};
	struct odd odd = { 0 };

	(void)state;
	stream_set_transport(stream, &refusing, &odd);
	stream_handshake(stream);
	loop_run(loop);
	stream_set_deadline(stream, 20);
	loop_run(loop);
	assert_string_equal(story, "Ht");
}

static void
costs_little_when_idle(void **state)
{
	static struct stream *many[200];
	struct mallinfo2 before = mallinfo2();
	struct mallinfo2 after;
	int pair[2];
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair),
			0);
		many[i] = stream_new(loop, pair[0], 65536, 65536, &events,
			NULL);
		stream_set_deadline(many[i], 300000);
		(void)close(pair[1]);
		stream_want_input(many[i], false);
	}
	after = mallinfo2();
	/* Sanitizers count nothing: then this is 0. */
	assert_true(after.uordblks - before.uordblks < 200 * 1024);
	for (i = 0; i < 200; i++)
		stream_free(many[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_and_writes),
		TEST(rests_when_full),
		TEST(waits_for_a_slow_peer),
		TEST(tells_the_end_once),
		TEST(tells_a_break),
		TEST(may_be_freed_in_input),
		TEST(may_be_freed_in_drained),
		TEST(may_be_freed_in_ended),
		TEST(may_be_freed_in_broken),
		TEST(may_be_freed_in_deadline),
		TEST(may_be_freed_in_handshake),
		TEST(changes_its_transport),
		TEST(tells_a_failed_handshake),
		TEST(costs_little_when_idle),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
