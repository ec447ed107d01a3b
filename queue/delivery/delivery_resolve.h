/*
 * Where a destination is: the hosts of its static route, or what the mail
 * exchangers of its domain are; asked of lookup, kept as long as the answer
 * allows.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_RESOLVE_H
#define QUEUE_DELIVERY_DELIVERY_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/loop.h"
#include "gateway/protocol/frame_lookup.h"
#include "queue/delivery/delivery_target.h"
#include "queue/delivery/delivery_trouble.h"

struct delivery_destination;
struct delivery_question;

enum delivery_resolve_state {
	DELIVERY_RESOLVE_NONE,		/* nothing known, nothing asked */
	DELIVERY_RESOLVE_ASKED,
	DELIVERY_RESOLVE_FOUND,
	DELIVERY_RESOLVE_FAILED,	/* trouble says how */
};

struct delivery_resolve {
	struct delivery_destination *owner;
	enum delivery_resolve_state state;
	struct delivery_question *questions;	/* one per host or one */
	size_t question_count;
	size_t open;
	struct loop_timer *timer;	/* lookup does not answer at all */
	int64_t until_ms;		/* how long it may be believed */
	struct delivery_targets *targets;
	struct delivery_trouble trouble;
	bool misses_some;	/* a host could not be looked up */
};

void delivery_resolve_init(struct delivery_resolve *resolve,
	struct delivery_destination *owner);
void delivery_resolve_clear(struct delivery_resolve *resolve);

/*
 * Find out where to, if that is not known: the state afterwards is ASKED,
 * FOUND or FAILED.  The owner is woken when ASKED ends.
 */
void delivery_resolve_want(struct delivery_resolve *resolve);

/* For delivery_hosts_came() and delivery_ask_again(). */
void delivery_question_answer(struct delivery_question *question,
	const struct frame_hosts *hosts);
void delivery_question_ask(struct delivery_question *question);

#endif
