/*
 * What the tests of changed messages share.
 */
#ifndef T_UNIT_MIME_WRITE_FIXTURE_H
#define T_UNIT_MIME_WRITE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_write.h"

#define ARENA_MAX ((size_t)64 << 20)
#define OUT_MAX ((size_t)64 << 20)

#define assert_bytes(t, wanted) check_bytes((t), text_from(wanted), __LINE__)

static inline void
check_bytes(struct text t, struct text wanted, int line)
{
	if (!text_equal(t, wanted))
		fail_msg("line %d: got <<%.*s>>\nnot <<%.*s>>", line,
		    TEXT_ARG(t), TEXT_ARG(wanted));
}

struct fixture {
	struct arena *arena;
	struct mime_message message;
	struct mime_write write;
	struct buffer out;
};

static inline void
open_bytes(struct fixture *fixture, struct text bytes)
{
	fixture->arena = arena_new(ARENA_MAX);
	buffer_init(&fixture->out, OUT_MAX);
	assert_int_equal(mime_message_parse(bytes, &mime_limits_default,
	    fixture->arena, &fixture->message), 0);
	assert_int_equal(mime_write_open(&fixture->write, &fixture->message,
	    fixture->arena), 0);
}

static inline void
close_all(struct fixture *fixture)
{
	mime_write_close(&fixture->write);
	buffer_clear(&fixture->out);
	arena_free(fixture->arena);
}

static inline struct text
finish(struct fixture *fixture)
{
	assert_int_equal(mime_write_finish(&fixture->write, &fixture->out),
	    0);
	return buffer_text(&fixture->out);
}

#endif
