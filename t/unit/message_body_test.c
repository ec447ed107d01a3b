/*
 * Message bodies: in memory, in a sealed memfd, and received from a peer
 * that lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/message_body.h"

static struct message_body *
make(size_t size)
{
	struct message_body *body = message_body_new();
	char *piece = malloc(1000);

	memset(piece, 'x', 1000);
	for (size_t left = size; left > 0;) {
		size_t n = left < 1000 ? left : 1000;

		assert_int_equal(message_body_append(body,
		    text_of(piece, n)), 0);
		left -= n;
	}
	free(piece);
	assert_int_equal(message_body_finish(body), 0);
	return body;
}

static void
check_content(const struct message_body *body, size_t size)
{
	char scratch[4096];
	struct text piece;
	size_t at = 0;

	for (;;) {
		assert_int_equal(message_body_read(body, at, sizeof(scratch),
		    scratch, &piece), 0);
		if (piece.len == 0)
			break;
		for (size_t i = 0; i < piece.len; i++)
			assert_int_equal(piece.data[i], 'x');
		at += piece.len;
	}
	assert_int_equal(at, size);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, FRAME_BODY_INLINE_MAX - 1,
		FRAME_BODY_INLINE_MAX, FRAME_BODY_INLINE_MAX + 1, 3000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct message_body *body = make(sizes[i]), *other = NULL;
		struct text bytes;
		int descriptor;

		assert_int_equal(message_body_size(body), sizes[i]);
		check_content(body, sizes[i]);
		bytes = message_body_frame(body, &descriptor);
		assert_int_equal(descriptor != -1,
		    sizes[i] > FRAME_BODY_INLINE_MAX);
		assert_int_equal(message_body_receive(bytes, descriptor,
		    sizes[i], &other), 0);
		check_content(other, sizes[i]);
		message_body_release(&body);
		check_content(other, sizes[i]);
		message_body_release(&other);
		assert_null(other);
	}
}

static void
test_refuses_what_could_change(void **state)
{
	struct message_body *body = NULL;
	int open_memfd = memfd_create("t", MFD_ALLOW_SEALING);
	int pair[2];

	(void)state;
	assert_int_equal(ftruncate(open_memfd, 100000), 0);
	assert_int_equal(message_body_receive(TEXT_EMPTY, open_memfd, 100000,
	    &body), ERROR_MALFORMED);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(message_body_receive(TEXT_EMPTY, pair[0], 5, &body),
	    ERROR_MALFORMED);
	close(pair[1]);
	assert_int_equal(message_body_receive(TEXT("abc"), -1, 4, &body),
	    ERROR_MALFORMED);
	assert_null(body);
}

static void
test_refuses_another_size(void **state)
{
	struct message_body *body = make(100000), *other = NULL;
	int descriptor;

	(void)state;
	(void)message_body_frame(body, &descriptor);
	assert_int_equal(message_body_receive(TEXT_EMPTY, descriptor, 99999,
	    &other), ERROR_MALFORMED);
	message_body_release(&body);
}

/* Slices of one body: each reads as its own bytes, and outlives the whole. */
static void
check_slices(size_t size)
{
	struct message_body *whole = make(size), *slice = NULL;
	struct message_body *head = NULL;

	assert_int_equal(message_body_slice(whole, size, 1, &slice),
	    ERROR_MALFORMED);
	assert_int_equal(message_body_slice(whole, 1, size, &slice),
	    ERROR_MALFORMED);
	assert_int_equal(message_body_slice(whole, UINT64_MAX, 2, &slice),
	    ERROR_MALFORMED);
	assert_int_equal(message_body_slice(whole, size - 10, 10, &slice),
	    0);
	assert_int_equal(message_body_slice(whole, 0, size / 2, &head), 0);
	assert_false(message_body_is_slice(whole));
	assert_true(message_body_is_slice(head));
	message_body_release(&whole);
	assert_int_equal(message_body_size(slice), 10);
	check_content(slice, 10);
	check_content(head, size / 2);
	message_body_release(&slice);
	message_body_release(&head);
}

static void
test_slices(void **state)
{
	(void)state;
	check_slices(500);
	check_slices(300000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_refuses_what_could_change),
		cmocka_unit_test(test_refuses_another_size),
		cmocka_unit_test(test_slices),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
