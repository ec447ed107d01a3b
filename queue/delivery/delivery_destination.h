/*
 * One destination: its waiting jobs, its sessions, and where it is.  Equal
 * settings share; what differs in its TLS rule or route is another one.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_DESTINATION_H
#define QUEUE_DELIVERY_DELIVERY_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/delivery/delivery_private.h"
#include "queue/delivery/delivery_resolve.h"
#include "queue/delivery/delivery_session.h"

struct delivery_destination {
	struct list ready_link;		/* in delivery->ready or ->starved */
	struct delivery *delivery;
	struct arena *arena;
	struct text key;		/* all that must be equal */
	struct frame_destination settings;
	struct list waiting;		/* struct delivery_job */
	size_t waiting_count;
	struct list sessions;		/* struct delivery_session */
	size_t session_count;
	struct delivery_resolve resolve;
	struct loop_timer *timer;	/* of the limit */
	size_t session_limit;		/* 0: none beyond concurrency */
	int64_t used_ms;		/* last work, monotonic */
};

/* The destination of these settings, made where there is none. */
struct delivery_destination *delivery_destination_find(
	struct delivery *delivery, const struct frame_destination *settings);
/* There must be no session left; waiting jobs are forgotten. */
void delivery_destination_free(struct delivery_destination *destination);
/* Whether it holds nothing that is worth keeping. */
bool delivery_destination_is_idle(
	const struct delivery_destination *destination, int64_t now_ms);

/* Put a job at the back of the queue, or back to its front. */
void delivery_destination_add(struct delivery_destination *destination,
	struct delivery_job *job);
void delivery_destination_return(struct delivery_destination *destination,
	struct delivery_job *job);
/* Forget waiting jobs of channels before this one. */
void delivery_destination_forget(struct delivery_destination *destination,
	uint32_t channel);

/* Give jobs to idle sessions and open new ones. */
void delivery_destination_dispatch(struct delivery_destination *destination);

/* ---- for its sessions ---- */

/* The next job for a session at this position; NULL: none. */
struct delivery_job *delivery_destination_next(
	struct delivery_destination *destination, size_t position);
/* The session takes no more part. */
void delivery_destination_leave(struct delivery_destination *destination,
	struct delivery_session *session);
/*
 * The session found no host that would talk.  Jobs that it was opened for
 * and nobody else can serve get this outcome.
 */
void delivery_destination_unreachable(
	struct delivery_destination *destination,
	const struct delivery_session *session,
	const struct delivery_trouble *trouble);

#endif
