/*
 * The loop as libunbound's event base: part of the lookup process.
 */
#include "gateway/lookup/lookup_event.h"

#include <stdlib.h>
#include <sys/time.h>
#include <unbound-event.h>

#include "gateway/base/memory.h"

struct lookup_event_base {
	struct ub_event_base face;	/* first: libunbound casts */
	struct ub_event_base_vmt table;
	struct loop *loop;
};

struct lookup_event {
	struct ub_event face;		/* first */
	struct loop *loop;
	struct loop_watch *watch;	/* only while it is active */
	struct loop_timer *timer;
	int64_t timeout_ms;		/* below 0: none */
	void (*callback)(int descriptor, short bits, void *argument);
	void *argument;
	int descriptor;
	short bits;
};

static struct lookup_event *
lookup_event_of(struct ub_event *face)
{
	require(face->magic == UB_EVENT_MAGIC);
	return (struct lookup_event *)(void *)face;
}

/*
 * The descriptor may be closed and its number given to another socket as
 * soon as the event rests, so no watch outlives that.
 */
static void
lookup_event_rest(struct lookup_event *event)
{
	loop_watch_free(event->watch);
	event->watch = NULL;
	loop_timer_unset(event->timer);
	event->timeout_ms = -1;
}

/* The callback may free the event: nothing is touched behind it. */
static void
lookup_event_fire(struct lookup_event *event, short bits)
{
	if ((event->bits & UB_EV_PERSIST) == 0)
		lookup_event_rest(event);
	else if (event->timeout_ms >= 0)
		loop_timer_set(event->timer, event->timeout_ms);
	event->callback(event->descriptor, bits, event->argument);
}

static void
lookup_event_ready(void *context, unsigned int ready)
{
	short bits = 0;

	if (ready & LOOP_READ)
		bits |= UB_EV_READ;
	if (ready & LOOP_WRITE)
		bits |= UB_EV_WRITE;
	lookup_event_fire(context, bits);
}

static void
lookup_event_due(void *context)
{
	lookup_event_fire(context, UB_EV_TIMEOUT);
}

static void
lookup_event_watch(struct lookup_event *event)
{
	unsigned int want = 0;

	loop_watch_free(event->watch);
	event->watch = NULL;
	if (event->bits & UB_EV_READ)
		want |= LOOP_READ;
	if (event->bits & UB_EV_WRITE)
		want |= LOOP_WRITE;
	if (want == 0 || event->descriptor < 0)
		return;
	event->watch = loop_watch_new(event->loop, event->descriptor,
	    lookup_event_ready, event);
	loop_watch_want(event->watch, want);
}

static int64_t
lookup_event_ms(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000 + (time->tv_usec + 999) / 1000;
}

static int
lookup_event_add(struct ub_event *face, struct timeval *timeout)
{
	struct lookup_event *event = lookup_event_of(face);

	lookup_event_watch(event);
	if (timeout != NULL) {
		event->timeout_ms = lookup_event_ms(timeout);
		loop_timer_set(event->timer, event->timeout_ms);
	}
	return 0;
}

static int
lookup_event_del(struct ub_event *face)
{
	lookup_event_rest(lookup_event_of(face));
	return 0;
}

static void
lookup_event_add_bits(struct ub_event *face, short bits)
{
	struct lookup_event *event = lookup_event_of(face);

	event->bits = (short)(event->bits | bits);
}

static void
lookup_event_del_bits(struct ub_event *face, short bits)
{
	struct lookup_event *event = lookup_event_of(face);

	event->bits = (short)(event->bits & ~bits);
}

static void
lookup_event_set_descriptor(struct ub_event *face, int descriptor)
{
	lookup_event_of(face)->descriptor = descriptor;
}

static void
lookup_event_free(struct ub_event *face)
{
	struct lookup_event *event = lookup_event_of(face);

	lookup_event_rest(event);
	loop_timer_free(event->timer);
	free(event);
}

static int
lookup_event_add_timer(struct ub_event *face, struct ub_event_base *base,
	void (*callback)(int descriptor, short bits, void *argument),
	void *argument, struct timeval *timeout)
{
	struct lookup_event *event = lookup_event_of(face);

	(void)base;
	event->callback = callback;
	event->argument = argument;
	return lookup_event_add(face, timeout);
}

/* Signals are the process's, never libunbound's. */
static int
lookup_event_add_signal(struct ub_event *face, struct timeval *timeout)
{
	(void)face;
	(void)timeout;
	return -1;
}

static struct ub_event_vmt lookup_event_table = {
	.add_bits = lookup_event_add_bits,
	.del_bits = lookup_event_del_bits,
	.set_fd = lookup_event_set_descriptor,
	.free = lookup_event_free,
	.add = lookup_event_add,
	.del = lookup_event_del,
	.add_timer = lookup_event_add_timer,
	.del_timer = lookup_event_del,
	.add_signal = lookup_event_add_signal,
	.del_signal = lookup_event_del,
};

static struct ub_event *
lookup_event_new(struct ub_event_base *face, int descriptor, short bits,
	void (*callback)(int descriptor, short bits, void *argument),
	void *argument)
{
	struct lookup_event_base *base =
	    (struct lookup_event_base *)(void *)face;
	struct lookup_event *event = memory_new(sizeof(*event));

	event->face.magic = UB_EVENT_MAGIC;
	event->face.vmt = &lookup_event_table;
	event->loop = base->loop;
	event->timer = loop_timer_new(base->loop, lookup_event_due, event);
	event->timeout_ms = -1;
	event->callback = callback;
	event->argument = argument;
	event->descriptor = descriptor;
	event->bits = bits;
	return &event->face;
}

struct lookup_event_base *
lookup_event_base_new(struct loop *loop)
{
	struct lookup_event_base *base = memory_new(sizeof(*base));

	base->face.magic = UB_EVENT_MAGIC;
	base->face.vmt = &base->table;
	base->table.new_event = lookup_event_new;
	base->loop = loop;
	return base;
}

struct ub_event_base *
lookup_event_base_face(struct lookup_event_base *base)
{
	return &base->face;
}

void
lookup_event_base_free(struct lookup_event_base *base)
{
	free(base);
}
