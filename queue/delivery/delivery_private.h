/*
 * What the files of the delivery machine share.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_PRIVATE_H
#define QUEUE_DELIVERY_DELIVERY_PRIVATE_H

#include "crypto/tls_context.h"
#include "gateway/base/buffer.h"
#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "queue/delivery/delivery.h"
#include "queue/delivery/delivery_health.h"
#include "queue/delivery/delivery_job.h"

struct delivery_destination;

struct delivery {
	struct loop *loop;
	const struct delivery_peers *peers;
	void *context;
	const struct config *config;
	struct tls_context *tls;
	struct delivery_health *health;
	struct map *destinations;	/* by their whole key */
	struct map *asks;		/* open look-ups by id */
	uint64_t last_ask;
	size_t sessions_max;
	struct list at_hand;		/* jobs in sessions */
	struct list at_hand_old;	/* the same, of older channels */
	uint32_t channel;		/* the newest */
	struct list sessions_over;	/* closed, to be freed */
	struct list sessions_leaving;	/* saying QUIT */
	struct list ready;		/* destinations to look at */
	struct list starved;		/* destinations without a socket */
	struct loop_chore chore;
	struct loop_timer *sweep;
	struct buffer scratch;		/* one command */
	struct delivery_counts counts;
	bool is_stopping;
	bool is_stopped;
};

/* Look at this destination at the end of the turn. */
void delivery_wake(struct delivery *delivery,
	struct delivery_destination *destination);
/* Run the chore even where no destination is to be looked at. */
void delivery_chore_soon(struct delivery *delivery);

/* Every recipient is decided: tell, and free the job. */
void delivery_job_done(struct delivery *delivery, struct delivery_job *job);

/* It is nobody's any more: free it without a word. */
void delivery_job_forget(struct delivery *delivery,
	struct delivery_job *job);

/* A session has begun or ended: connections are scarce. */
bool delivery_session_may_begin(struct delivery *delivery,
	struct delivery_destination *destination);
void delivery_session_ended(struct delivery *delivery);

#endif
