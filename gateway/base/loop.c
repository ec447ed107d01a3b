/*
 * The loop over libevent's epoll.
 */
#include "gateway/base/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"

/* The longest sleep of one timer event; longer ones are taken in steps. */
#define SLEEP_MOST_MS (INT64_C(86400) * 1000)
/* How often test builds look whether the clock was moved. */
#define TEST_TICK_MS 20

struct hook {
	struct list link;
	loop_callback callback;
	void *context;
};

struct signal_hook {
	struct list link;
	struct event event;
	loop_callback callback;
	void *context;
};

struct loop {
	struct event_base *base;
	struct list turn_ends;	/* struct hook */
	struct list signals;	/* struct signal_hook */
	struct list chores;	/* struct loop_chore */
	bool again;
	bool stopped;
#ifdef POSTERN_TEST
	struct list timers;	/* struct loop_timer, those that are set */
	struct event tick;
#endif
};

struct loop_watch {
	struct event event;
	struct loop *loop;
	loop_ready callback;
	void *context;
	int descriptor;
	unsigned int want;
};

struct loop_timer {
	struct event event;
	struct loop *loop;
	loop_callback callback;
	void *context;
	int64_t due_ms;
	bool set;
#ifdef POSTERN_TEST
	struct list link;
#endif
};

static void
must(int result, const char *what)
{
	if (result != 0)
		fatal_errno("event loop: %s", what);
}

static struct timeval
timeval_of_ms(int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms > SLEEP_MOST_MS)
		ms = SLEEP_MOST_MS;
	return (struct timeval){ .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };
}

static void
tick_start(struct loop *loop);

struct loop *
loop_new(void)
{
	struct loop *loop = memory_new(sizeof(*loop));
	struct event_config *config = event_config_new();

	if (config == NULL)
		fatal("event loop: out of memory");
	/* A log or a terminal that goes away must not end the process. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal_errno("SIGPIPE");
	/* A turn may be long: due times count from the true time. */
	must(event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
		EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_NO_CACHE_TIME),
		"flags");
	must(event_config_avoid_method(config, "poll"), "method");
	must(event_config_avoid_method(config, "select"), "method");
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	if (loop->base == NULL)
		fatal_errno("event loop");
	list_init(&loop->turn_ends);
	list_init(&loop->signals);
	list_init(&loop->chores);
	/* What was queued before the first turn must not wait for it. */
	loop->again = true;
	tick_start(loop);
	return loop;
}

static void
tick_stop(struct loop *loop);

void
loop_free(struct loop *loop)
{
	struct list *link;
	struct list *after;
	struct signal_hook *signal;

	if (loop == NULL)
		return;
	tick_stop(loop);
	LIST_EACH(&loop->signals, link, after) {
		signal = LIST_OWNER(link, struct signal_hook, link);
		(void)event_del(&signal->event);
		free(signal);
	}
	LIST_EACH(&loop->turn_ends, link, after)
		free(LIST_OWNER(link, struct hook, link));
	LIST_EACH(&loop->chores, link, after)
		list_remove(link);
	event_base_free(loop->base);
	free(loop);
}

static void
run_turn_ends(struct loop *loop)
{
	struct list *link;
	struct list *after;
	struct hook *hook;

	LIST_EACH(&loop->turn_ends, link, after) {
		hook = LIST_OWNER(link, struct hook, link);
		hook->callback(hook->context);
	}
}

/* The chores of now; those that they add stay for the next turn. */
static void
run_chores(struct loop *loop)
{
	struct list now;
	struct loop_chore *chore;

	if (list_is_empty(&loop->chores))
		return;
	list_add_before(&loop->chores, &now);
	list_remove(&loop->chores);
	while (!list_is_empty(&now)) {
		chore = LIST_OWNER(now.next, struct loop_chore, link);
		list_remove(&chore->link);
		chore->callback(chore->context);
	}
}

void
loop_run(struct loop *loop)
{
	bool sleeps;
	int flags;

	while (!loop->stopped) {
		sleeps = !loop->again && list_is_empty(&loop->chores);
		flags = EVLOOP_NO_EXIT_ON_EMPTY |
		    (sleeps ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
		loop->again = false;
		if (event_base_loop(loop->base, flags) < 0)
			fatal_errno("event loop");
		run_turn_ends(loop);
		run_chores(loop);
	}
	loop->stopped = false;
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

void
loop_again(struct loop *loop)
{
	loop->again = true;
}

void
loop_on_turn_end(struct loop *loop, loop_callback callback, void *context)
{
	struct hook *hook = memory_new(sizeof(*hook));

	hook->callback = callback;
	hook->context = context;
	list_append(&loop->turn_ends, &hook->link);
}

/* ---- chores ---- */

void
loop_chore_init(struct loop_chore *chore, loop_callback callback,
	void *context)
{
	list_init(&chore->link);
	chore->callback = callback;
	chore->context = context;
}

void
loop_chore_add(struct loop *loop, struct loop_chore *chore)
{
	if (list_is_empty(&chore->link))
		list_append(&loop->chores, &chore->link);
}

void
loop_chore_remove(struct loop_chore *chore)
{
	list_remove(&chore->link);
}

/* ---- signals ---- */

static void
signal_came(evutil_socket_t signal, short what, void *context)
{
	struct signal_hook *hook = context;

	(void)signal;
	(void)what;
	hook->callback(hook->context);
}

void
loop_on_signal(struct loop *loop, int signal, loop_callback callback,
	void *context)
{
	struct signal_hook *hook = memory_new(sizeof(*hook));

	hook->callback = callback;
	hook->context = context;
	must(event_assign(&hook->event, loop->base, signal,
		EV_SIGNAL | EV_PERSIST, signal_came, hook), "signal");
	must(event_add(&hook->event, NULL), "signal");
	list_append(&loop->signals, &hook->link);
}

/* ---- watches ---- */

static void
watch_ready(evutil_socket_t descriptor, short what, void *context)
{
	struct loop_watch *watch = context;
	unsigned int ready = 0;

	(void)descriptor;
	if (what & EV_READ)
		ready |= LOOP_READ;
	if (what & EV_WRITE)
		ready |= LOOP_WRITE;
	watch->callback(watch->context, ready);
}

struct loop_watch *
loop_watch_new(struct loop *loop, int descriptor, loop_ready callback,
	void *context)
{
	struct loop_watch *watch = memory_new(sizeof(*watch));

	watch->loop = loop;
	watch->callback = callback;
	watch->context = context;
	watch->descriptor = descriptor;
	return watch;
}

void
loop_watch_want(struct loop_watch *watch, unsigned int want)
{
	short what = EV_PERSIST;

	if (want == watch->want)
		return;
	if (watch->want != 0)
		must(event_del(&watch->event), "unwatch");
	watch->want = want;
	if (want == 0)
		return;
	if (want & LOOP_READ)
		what |= EV_READ;
	if (want & LOOP_WRITE)
		what |= EV_WRITE;
	must(event_assign(&watch->event, watch->loop->base,
		watch->descriptor, what, watch_ready, watch), "watch");
	must(event_add(&watch->event, NULL), "watch");
}

void
loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	loop_watch_want(watch, 0);
	free(watch);
}

/* ---- timers ---- */

static void
timer_rest(struct loop_timer *timer)
{
	if (!timer->set)
		return;
	timer->set = false;
	must(event_del(&timer->event), "timer");
#ifdef POSTERN_TEST
	list_remove(&timer->link);
#endif
}

static void
timer_arm(struct loop_timer *timer)
{
	struct timeval delay =
		timeval_of_ms(timer->due_ms - clock_monotonic_ms());

	must(event_add(&timer->event, &delay), "timer");
}

/* libevent's clock is coarse: what comes early sleeps for the rest. */
static void
timer_due(evutil_socket_t descriptor, short what, void *context)
{
	struct loop_timer *timer = context;

	(void)descriptor;
	(void)what;
	if (clock_monotonic_ms() < timer->due_ms) {
		timer_arm(timer);
		return;
	}
	timer_rest(timer);
	timer->callback(timer->context);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_callback callback, void *context)
{
	struct loop_timer *timer = memory_new(sizeof(*timer));

	timer->loop = loop;
	timer->callback = callback;
	timer->context = context;
	must(event_assign(&timer->event, loop->base, -1, 0, timer_due,
		timer), "timer");
#ifdef POSTERN_TEST
	list_init(&timer->link);
#endif
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	int64_t now = clock_monotonic_ms();

	if (delay_ms < 0)
		delay_ms = 0;
	timer->due_ms = delay_ms > INT64_MAX - now ? INT64_MAX :
	    now + delay_ms;
	timer->set = true;
	timer_arm(timer);
#ifdef POSTERN_TEST
	list_remove(&timer->link);
	list_append(&timer->loop->timers, &timer->link);
#endif
}

void
loop_timer_unset(struct loop_timer *timer)
{
	timer_rest(timer);
}

bool
loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->set;
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	timer_rest(timer);
	free(timer);
}

/* ---- the moved clock of test builds ---- */

#ifdef POSTERN_TEST

static int
by_due_time(const void *left, const void *right)
{
	const struct loop_timer *a = *(struct loop_timer *const *)left;
	const struct loop_timer *b = *(struct loop_timer *const *)right;

	return a->due_ms < b->due_ms ? -1 : a->due_ms > b->due_ms;
}

/* Timers that the moved clock has made due fire in their due order. */
static void
tick(evutil_socket_t descriptor, short what, void *context)
{
	struct loop *loop = context;
	struct loop_timer **due = NULL;
	struct loop_timer *timer;
	struct list *link;
	struct list *after;
	int64_t now = clock_monotonic_ms();
	size_t count = 0;
	size_t room = 0;
	size_t i;

	(void)descriptor;
	(void)what;
	LIST_EACH(&loop->timers, link, after) {
		timer = LIST_OWNER(link, struct loop_timer, link);
		if (timer->due_ms > now)
			continue;
		if (count == room) {
			room = room * 2 + 16;
			due = memory_resize(due, room, sizeof(*due));
		}
		due[count++] = timer;
	}
	if (count > 0)
		qsort(due, count, sizeof(*due), by_due_time);
	for (i = 0; i < count; i++)
		event_active(&due[i]->event, EV_TIMEOUT, 0);
	free(due);
}

static void
tick_start(struct loop *loop)
{
	struct timeval every = timeval_of_ms(TEST_TICK_MS);

	list_init(&loop->timers);
	must(event_assign(&loop->tick, loop->base, -1, EV_PERSIST, tick,
		loop), "tick");
	must(event_add(&loop->tick, &every), "tick");
}

static void
tick_stop(struct loop *loop)
{
	(void)event_del(&loop->tick);
}

#else

static void
tick_start(struct loop *loop)
{
	(void)loop;
}

static void
tick_stop(struct loop *loop)
{
	(void)loop;
}

#endif
