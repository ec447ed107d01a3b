/* base/loop: turns, chores, watches, timers, signals, the moved clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef POSTERN_TEST
#define POSTERN_TEST
#endif
#include "gateway/base/clock.c"
#include "gateway/base/loop.c"

static struct loop *loop;
static char story[200];

static void
note(const char *word)
{
	require(strlen(story) + strlen(word) < sizeof(story));
	memcpy(story + strlen(story), word, strlen(word) + 1);
}

static int
set_up(void **state)
{
	(void)state;
	story[0] = '\0';
	loop = loop_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
note_word(void *context)
{
	note(context);
}

static void
stop(void *context)
{
	(void)context;
	loop_stop(loop);
}

static struct loop_chore chore;
static int turns;

static void
count_turn(void *context)
{
	(void)context;
	note("t");
	if (++turns == 1)
		loop_chore_add(loop, &chore);
	if (turns == 3)
		loop_stop(loop);
}

static void
do_chore(void *context)
{
	(void)context;
	note("c");
	/* twice is once; it comes with the next turn, at once */
	loop_chore_add(loop, &chore);
	loop_chore_add(loop, &chore);
}

static void
runs_turn_ends_then_chores(void **state)
{
	(void)state;
	turns = 0;
	loop_chore_init(&chore, do_chore, NULL);
	loop_on_turn_end(loop, note_word, (void *)(uintptr_t)"a");
	loop_on_turn_end(loop, count_turn, NULL);
	loop_run(loop);
	assert_string_equal(story, "atcatcatc");
	loop_chore_remove(&chore);
	loop_chore_remove(&chore);
}

static int pair[2];
static struct loop_watch *watch;

static void
on_ready(void *context, unsigned int ready)
{
	char byte;

	(void)context;
	if (ready & LOOP_WRITE) {
		note("w");
		loop_watch_want(watch, LOOP_READ);
		assert_int_equal(write(pair[1], "x", 1), 1);
		return;
	}
	note("r");
	assert_int_equal(ready, LOOP_READ);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	loop_watch_free(watch);
	loop_stop(loop);
}

static void
watches(void **state)
{
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	watch = loop_watch_new(loop, pair[0], on_ready, NULL);
	loop_watch_want(watch, LOOP_READ | LOOP_WRITE);
	loop_run(loop);
	assert_string_equal(story, "wr");
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static struct loop_timer *timers[3];

static void
unset_other(void *context)
{
	note(context);
	assert_false(loop_timer_is_set(timers[0]));
	loop_timer_unset(timers[1]);
	loop_timer_set(timers[2], 30);
}

static void
fires_timers(void **state)
{
	int64_t start = clock_monotonic_ms();

	(void)state;
	timers[0] = loop_timer_new(loop, unset_other,
		(void *)(uintptr_t)"0");
	timers[1] = loop_timer_new(loop, note_word, (void *)(uintptr_t)"1");
	timers[2] = loop_timer_new(loop, stop, NULL);
	assert_false(loop_timer_is_set(timers[0]));
	loop_timer_set(timers[1], 20);
	loop_timer_set(timers[0], 60000);
	loop_timer_set(timers[0], 10);
	assert_true(loop_timer_is_set(timers[0]));
	loop_run(loop);
	assert_string_equal(story, "0");
	assert_true(clock_monotonic_ms() - start >= 40);
	for (int i = 0; i < 3; i++)
		loop_timer_free(timers[i]);
}

static void
takes_signals(void **state)
{
	(void)state;
	loop_on_signal(loop, SIGUSR1, stop, NULL);
	assert_int_equal(raise(SIGUSR1), 0);
	loop_run(loop);
	assert_int_equal(raise(SIGUSR1), 0);
	loop_run(loop);
}

static int64_t clock_offset;

static void
move_clock(void *context)
{
	(void)context;
	clock_offset += INT64_C(73) * 3600 * CLOCK_SECOND_US;
}

/* Three days pass in a moment, and in the right order. */
static void
follows_the_moved_clock(void **state)
{
	struct loop_timer *more[3];
	const int64_t hour = 3600 * 1000;

	(void)state;
	offset = &clock_offset;
	more[0] = loop_timer_new(loop, stop, NULL);
	more[1] = loop_timer_new(loop, note_word, (void *)(uintptr_t)"1");
	more[2] = loop_timer_new(loop, note_word, (void *)(uintptr_t)"2");
	timers[0] = loop_timer_new(loop, move_clock, NULL);
	loop_timer_set(more[0], 72 * hour);
	loop_timer_set(more[2], 2 * hour);
	loop_timer_set(more[1], 1 * hour);
	loop_timer_set(timers[0], 5);
	loop_run(loop);
	assert_string_equal(story, "12");
	for (int i = 0; i < 3; i++)
		loop_timer_free(more[i]);
	loop_timer_free(timers[0]);
	offset = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_turn_ends_then_chores),
		TEST(watches),
		TEST(fires_timers),
		TEST(takes_signals),
		TEST(follows_the_moved_clock),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
