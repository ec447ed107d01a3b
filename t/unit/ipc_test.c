/* base/ipc: frames both ways, descriptors, hello, ends, hostile peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "gateway/base/ipc.c"

#define FRAMES 3000

struct side {
	struct ipc *ipc;
	int frames;
	int ended;
	int drained;
	int last_error;
	size_t bytes;
	bool free_in_frame;
	bool free_in_end;
	bool rest_in_frame;
	bool with_descriptors;
	bool payload_kept;
};

static struct loop *loop;
static struct loop_timer *guard;
static struct side sides[2];
static int sockets[2];
static const struct ipc_identity identity = { .build = "build-1",
	.protocol = 7, .kind = 2, .number = 1, .epoch = 99 };

static void
too_long(void *context)
{
	(void)context;
	fail_msg("nothing happened");
}

/* The number of the frame is its first bytes and the descriptor's size. */
static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct side *side = context;
	struct stat info;
	uint32_t number;

	assert_true(payload.len >= sizeof(number));
	memcpy(&number, payload.data, sizeof(number));
	assert_int_equal(number, side->frames);
	assert_int_equal(type, number % 1000);
	side->frames++;
	side->bytes += payload.len;
	if (side->with_descriptors && number % 3 == 0) {
		assert_int_equal(fstat(descriptor, &info), 0);
		assert_int_equal(info.st_size, number);
		assert_true(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
		(void)close(descriptor);
	} else {
		assert_int_equal(descriptor, -1);
	}
	if (side->rest_in_frame)
		ipc_want_input(side->ipc, 0);
	if (side->free_in_frame) {
		ipc_free(side->ipc);
		side->ipc = NULL;
		/* borrowed until return */
		side->payload_kept = payload.data[payload.len - 1] == 'x';
	}
	if (side->frames == FRAMES || side->free_in_frame ||
	    side->rest_in_frame)
		loop_stop(loop);
}

static void
on_ended(void *context, int error)
{
	struct side *side = context;

	side->ended++;
	side->last_error = error;
	if (side->free_in_end) {
		ipc_free(side->ipc);
		side->ipc = NULL;
	}
	loop_stop(loop);
}

static void
on_drained(void *context)
{
	struct side *side = context;

	side->drained++;
}

static const struct ipc_events events = { on_frame, on_ended, on_drained };

static int
set_up(void **state)
{
	(void)state;
	memset(sides, 0, sizeof(sides));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		sockets), 0);
	loop = loop_new();
	guard = loop_timer_new(loop, too_long, NULL);
	loop_timer_set(guard, 20000);
	return 0;
}

static void
open_side(int i, const struct ipc_identity *self)
{
	sides[i].ipc = ipc_new(loop, sockets[i], self, &events, &sides[i]);
	sockets[i] = -1;
}

static int
tear_down(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		ipc_free(sides[i].ipc);
		if (sockets[i] >= 0)
			(void)close(sockets[i]);
	}
	loop_timer_free(guard);
	loop_free(loop);
	return 0;
}

static int
memory_file(size_t size)
{
	int descriptor = memfd_create("test", MFD_CLOEXEC);

	assert_true(descriptor >= 0);
	assert_int_equal(ftruncate(descriptor, (off_t)size), 0);
	return descriptor;
}

static void
send_frame(struct ipc *ipc, uint32_t number, size_t len, int descriptor)
{
	static char filler[IPC_PAYLOAD_MAX];
	struct text pieces[3] = { text_of(&number, sizeof(number)),
		text_of(filler, len), TEXT("x") };

	ipc_send_pieces(ipc, (uint16_t)(number % 1000), pieces, 3,
		descriptor);
}

static void
carries_frames(void **state)
{
	size_t total = 0;
	size_t len;
	uint32_t i;

	(void)state;
	open_side(0, &identity);
	assert_null(ipc_peer(sides[0].ipc));
	open_side(1, &identity);
	srandom(5);
	for (i = 0; i < FRAMES; i++) {
		len = (size_t)random() % (i % 100 == 0 ? 300000 : 300);
		send_frame(sides[0].ipc, i, len, -1);
		total += len + 5;
	}
	assert_true(ipc_backlog(sides[0].ipc) > total);
	loop_run(loop);
	assert_int_equal(sides[1].frames, FRAMES);
	assert_int_equal(sides[1].bytes, total);
	assert_int_equal(ipc_backlog(sides[0].ipc), 0);
	assert_int_equal(sides[0].drained, 1);
	assert_int_equal(ipc_peer(sides[1].ipc)->epoch, 99);
	assert_string_equal(ipc_peer(sides[1].ipc)->build, "build-1");
	assert_null(sides[1].ipc->input.bytes);
}

static void
carries_the_largest(void **state)
{
	static char largest[IPC_PAYLOAD_MAX];

	(void)state;
	open_side(0, &identity);
	open_side(1, &identity);
	ipc_send(sides[0].ipc, 0, text_of(largest, sizeof(largest)), -1);
	sides[1].rest_in_frame = true;
	loop_run(loop);
	assert_int_equal(sides[1].bytes, IPC_PAYLOAD_MAX);
}

static void
carries_descriptors(void **state)
{
	uint32_t i;

	(void)state;
	open_side(0, &identity);
	open_side(1, &identity);
	sides[1].with_descriptors = true;
	for (i = 0; i < FRAMES; i++) {
		/* few under way, as an owner with backpressure sends them */
		if (i % 100 == 99)
			while (sides[1].frames < (int)i - 50) {
				ipc_flush(sides[0].ipc);
				drive(sides[1].ipc, true, true);
			}
		send_frame(sides[0].ipc, i, i % 700,
			i % 3 == 0 ? memory_file(i) : -1);
	}
	loop_run(loop);
	assert_int_equal(sides[1].frames, FRAMES);
	assert_int_equal(sides[1].ipc->descriptors.count, 0);
}

static void
rests_and_goes_on(void **state)
{
	uint32_t i;

	(void)state;
	open_side(0, &identity);
	open_side(1, &identity);
	for (i = 0; i < 20; i++)
		send_frame(sides[0].ipc, i, 10, -1);
	sides[1].rest_in_frame = true;
	for (i = 1; i <= 20; i++) {
		loop_run(loop);
		assert_int_equal(sides[1].frames, i);
		ipc_want_input(sides[1].ipc, 1);
	}
	/* What came before the end is told before it. */
	ipc_want_input(sides[1].ipc, 0);
	send_frame(sides[0].ipc, 20, 10, -1);
	ipc_flush(sides[0].ipc);
	ipc_free(sides[0].ipc);
	sides[0].ipc = NULL;
	send_frame(sides[1].ipc, 0, 10, -1);
	ipc_flush(sides[1].ipc);
	sides[1].rest_in_frame = false;
	ipc_want_input(sides[1].ipc, 1);
	loop_run(loop);
	assert_int_equal(sides[1].frames, 21);
	assert_int_equal(sides[1].ended, 1);
	assert_int_equal(sides[1].last_error, ERROR_CLOSED);
	/* Sending into the void is harmless. */
	send_frame(sides[1].ipc, 0, 10, memory_file(1));
	assert_int_equal(ipc_backlog(sides[1].ipc), 0);
}

static void
may_be_freed_in_a_frame(void **state)
{
	(void)state;
	open_side(0, &identity);
	open_side(1, &identity);
	sides[1].free_in_frame = true;
	sides[0].free_in_end = true;
	send_frame(sides[0].ipc, 0, 100, -1);
	send_frame(sides[0].ipc, 1, 100, -1);
	loop_run(loop);
	assert_true(sides[1].payload_kept);
	assert_int_equal(sides[1].frames, 1);
	while (sides[0].ipc != NULL)
		loop_run(loop);
	assert_int_equal(sides[0].last_error, ERROR_CLOSED);
}

static void
check_mismatch(const struct ipc_identity *other)
{
	open_side(0, &identity);
	open_side(1, other);
	while (sides[0].ended + sides[1].ended < 2)
		loop_run(loop);
	assert_int_equal(sides[0].last_error, ERROR_MISMATCH);
	assert_int_equal(sides[1].last_error, ERROR_MISMATCH);
	assert_null(ipc_peer(sides[0].ipc));
}

static void
refuses_another_build(void **state)
{
	struct ipc_identity other = identity;

	(void)state;
	other.build[6] = '2';
	check_mismatch(&other);
}

static void
refuses_another_protocol(void **state)
{
	struct ipc_identity other = identity;

	(void)state;
	other.protocol++;
	check_mismatch(&other);
}

static void
check_bytes(const char *bytes, size_t len, int expected)
{
	set_up(NULL);
	open_side(1, &identity);
	assert_int_equal(write(sockets[0], bytes, len), (ssize_t)len);
	if (expected == ERROR_CLOSED)
		assert_int_equal(shutdown(sockets[0], SHUT_WR), 0);
	loop_run(loop);
	assert_int_equal(sides[1].frames, 0);
	assert_int_equal(sides[1].last_error, expected);
	tear_down(NULL);
}

#define HELLO "\x17\0\0\0\xff\xff\0\0\1\0\7\0\0\0build-1" \
	"\2\0\4\0\0\0\7\0\0\0"
#define CHECK(bytes, expected) \
	check_bytes("" bytes, sizeof(bytes) - 1, expected)

static void
refuses_hostile_bytes(void **state)
{
	char header[IPC_HEADER_SIZE] = { 0 };
	uint32_t number;

	(void)state;
	CHECK("", ERROR_CLOSED);
	CHECK("\1\0", ERROR_CLOSED);
	/* no hello first, twice, or one that is no record */
	CHECK("\4\0\0\0\0\0\0\0abcd", ERROR_MALFORMED);
	CHECK("\4\0\0\0\xff\xff\0\0abcd", ERROR_MALFORMED);
	CHECK("\0\0\0\0\xff\xff\0\0", ERROR_MISMATCH);
	CHECK(HELLO HELLO, ERROR_MALFORMED);
	/* too long, unknown flags, a descriptor that never came */
	number = htole32(IPC_PAYLOAD_MAX + 1);
	memcpy(header, &number, sizeof(number));
	check_bytes(header, sizeof(header), ERROR_LIMIT);
	CHECK("\xff\xff\xff\xff\xff\xff\0\0", ERROR_LIMIT);
	CHECK(HELLO "\4\0\0\0\0\0\2\0abcd", ERROR_MALFORMED);
	CHECK(HELLO "\4\0\0\0\0\0\1\0abcd", ERROR_MALFORMED);
}

static size_t
open_descriptors(void)
{
	size_t count = 0;
	int i;

	for (i = 0; i < 1000; i++)
		count += fcntl(i, F_GETFD) >= 0;
	return count;
}

/* Descriptors that no frame claims are bounded, and closed at the end. */
static void
closes_what_nobody_claims(void **state)
{
	size_t before;
	union control control;
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message;
	struct cmsghdr *header;
	int i;

	(void)state;
	open_side(1, &identity);
	before = open_descriptors();
	for (i = 0; i < DESCRIPTORS_MAX + 5; i++) {
		memset(&control, 0, sizeof(control));
		message = (struct msghdr){ .msg_iov = &part,
			.msg_iovlen = 1, .msg_control = control.bytes,
			.msg_controllen = CMSG_SPACE(sizeof(int)) };
		/* a hello of one megabyte that comes byte by byte */
		byte = "\0\0\x10\0\xff\xff\0\0"[i < 8 ? i : 0];
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &sockets[0], sizeof(int));
		assert_int_equal(sendmsg(sockets[0], &message, 0), 1);
	}
	loop_run(loop);
	assert_int_equal(sides[1].last_error, ERROR_LIMIT);
	assert_true(open_descriptors() <= before + DESCRIPTORS_MAX);
	ipc_free(sides[1].ipc);
	sides[1].ipc = NULL;
	assert_int_equal(open_descriptors(), before - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(carries_frames),
		TEST(carries_the_largest),
		TEST(carries_descriptors),
		TEST(rests_and_goes_on),
		TEST(may_be_freed_in_a_frame),
		TEST(refuses_another_build),
		TEST(refuses_another_protocol),
		cmocka_unit_test(refuses_hostile_bytes),
		TEST(closes_what_nobody_claims),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
