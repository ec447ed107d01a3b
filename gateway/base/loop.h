/*
 * The event loop; with base/stream the only user of libevent.
 *
 * One turn: wait, run every ready callback, then the turn-end callbacks in
 * the order of their registration.  Turn-end is where a process commits
 * what the turn gathered (group commit, frames to other processes).
 */
#ifndef GATEWAY_BASE_LOOP_H
#define GATEWAY_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/list.h"

struct loop;
struct loop_watch;
struct loop_timer;

/* Turns SIGPIPE off, too: broken pipes are told by errno. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);
/* Until loop_stop(). */
void loop_run(struct loop *loop);
/* Leave loop_run() behind the turn-end callbacks of this turn. */
void loop_stop(struct loop *loop);
/*
 * Do not sleep before the next turn: something was left over (a bounded
 * slice of work, say).
 */
void loop_again(struct loop *loop);

typedef void (*loop_callback)(void *context);
/* Stays registered as long as the loop. */
void loop_on_turn_end(struct loop *loop, loop_callback callback,
	void *context);

/*
 * Work for once, behind the turn-end callbacks of this turn: what leaves
 * then (frames, replies) holds what they decided.  A chore that is added
 * while chores run waits for the next turn, which comes without sleep.
 * Adding one that waits already is harmless; so is removing one that does
 * not wait.  It must be removed before its memory goes.
 */
struct loop_chore {
	struct list link;
	loop_callback callback;
	void *context;
};
void loop_chore_init(struct loop_chore *chore, loop_callback callback,
	void *context);
void loop_chore_add(struct loop *loop, struct loop_chore *chore);
void loop_chore_remove(struct loop_chore *chore);

/* A signal as an event of the loop; stays registered. */
void loop_on_signal(struct loop *loop, int signal, loop_callback callback,
	void *context);

enum loop_want { LOOP_READ = 1, LOOP_WRITE = 2 };
typedef void (*loop_ready)(void *context, unsigned int ready);

/*
 * Watch a descriptor; wants nothing at first.  ready is a set of
 * enum loop_want.  The descriptor stays the caller's, and must outlive the
 * watch.
 */
struct loop_watch *loop_watch_new(struct loop *loop, int descriptor,
	loop_ready callback, void *context);
/* want: a set of enum loop_want; 0 rests. */
void loop_watch_want(struct loop_watch *watch, unsigned int want);
void loop_watch_free(struct loop_watch *watch);

/*
 * A one-shot timer on the monotonic clock; unset at first.  Setting it
 * again moves it.  In test builds due times follow the moved clock.
 */
struct loop_timer *loop_timer_new(struct loop *loop, loop_callback callback,
	void *context);
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_unset(struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

#endif
