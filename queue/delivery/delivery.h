/*
 * Delivering, as a machine of its own: jobs go in, results come out; what
 * lies outside (queue, lookup, the network) is reached through a table of
 * functions, so that tests can stand in for it.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_H
#define QUEUE_DELIVERY_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/loop.h"
#include "gateway/config/config.h"
#include "gateway/protocol/frame_deliver.h"
#include "gateway/protocol/frame_lookup.h"
#include "gateway/protocol/message_body.h"

struct delivery;
struct delivery_target;

/* Jobs held at once; more are put off. */
#define DELIVERY_JOBS_MAX 50000
#define DELIVERY_DESTINATIONS_MAX 20000

struct delivery_peers {
	/* Ask lookup; delivery_hosts_came() brings the answer. */
	void (*ask_hosts)(void *context, const struct frame_hosts_ask *ask);
	/* A job is done; result is borrowed until return. */
	void (*result)(void *context, const struct frame_job_result *result);
	/* A number for a connection; 0 where none is at hand. */
	uint64_t (*dcid)(void *context);
	/* The message that is worked on, 0 for none. */
	void (*in_hand)(void *context, uint64_t mid);
	/*
	 * A non-blocking socket that is connected or connecting to target,
	 * or -1 with errno.
	 */
	int (*open_socket)(void *context,
		const struct delivery_target *target);
	/* delivery_stop() has come to its end. */
	void (*stopped)(void *context);
};

/* sessions_max: connections at once.  Never NULL. */
struct delivery *delivery_new(struct loop *loop, size_t sessions_max,
	const struct delivery_peers *peers, void *context);
/* Jobs that are open are forgotten; nothing is told. */
void delivery_free(struct delivery *delivery);

/*
 * Use this configuration, which must live until the next one is given.
 * ERROR_MALFORMED: its trust cannot be used (nothing changes then).
 */
int delivery_configure(struct delivery *delivery,
	const struct config *config, struct reason *why) MUST_CHECK;

/*
 * Take a job; its body is referenced.
 *   channel  number of queue's channel that brought it, rising
 * ERROR_MALFORMED or ERROR_LIMIT where the frame is not usable.
 */
int delivery_take(struct delivery *delivery, const struct frame_job *frame,
	struct message_body *body, uint32_t channel) MUST_CHECK;

/*
 * Queue has a new channel: jobs of older ones that were not started are
 * forgotten, those at hand are finished.  A new job for recipients that
 * are at hand waits for that end and shares it.
 */
void delivery_forget_waiting(struct delivery *delivery, uint32_t channel);

/* An answer of lookup; unknown ids are ignored. */
void delivery_hosts_came(struct delivery *delivery,
	const struct frame_hosts *hosts);
/* Lookup has a new channel: ask it everything that is open. */
void delivery_ask_again(struct delivery *delivery);

/* Finish what is at hand, start nothing, then peers->stopped(). */
void delivery_stop(struct delivery *delivery);

struct delivery_counts {
	uint64_t jobs;		/* held now */
	uint64_t sessions;	/* connections now */
	uint64_t destinations;
	uint64_t connections;	/* made so far */
	uint64_t connect_failures;
	uint64_t tls_sessions;
	uint64_t delivered;	/* recipients, so far */
	uint64_t deferred;
	uint64_t failed;
	uint64_t needs_envelope;
	uint64_t unknown;	/* outcomes that SMTP could not tell */
};
struct delivery_counts delivery_count(const struct delivery *delivery);

#endif
