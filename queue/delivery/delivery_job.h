/*
 * One job: a message, some of its recipients and one destination, with what
 * became of each recipient so far.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_JOB_H
#define QUEUE_DELIVERY_DELIVERY_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/list.h"
#include "gateway/protocol/frame_deliver.h"
#include "gateway/protocol/message_body.h"

/* The frame's copy, the outcomes and their words. */
#define DELIVERY_JOB_ARENA_MAX (16u * 1024u * 1024u)

struct delivery_outcome {
	uint8_t result;		/* enum frame_result */
	uint16_t reply;		/* the next hop's, or 0 */
	uint16_t status[3];
	struct text words;	/* in the job's arena */
};

struct delivery_recipient {
	bool is_decided;
	bool has_trouble;	/* not decided, but a host said "later" */
	struct delivery_outcome outcome;
};

struct delivery_job {
	struct list link;	/* where it waits */
	struct arena *arena;
	struct frame_job frame;	/* without the body */
	struct message_body *body;
	struct delivery_recipient *recipients;	/* as in the envelope */
	size_t open;		/* not decided */
	size_t floor;		/* targets before it have been tried */
	unsigned int repeats;	/* on a new connection to the same host */
	uint32_t channel;	/* which one of queue's brought it */
	int64_t queued_ms;	/* monotonic */
	bool is_started;	/* was in a session */
	bool is_reached;	/* an SMTP session was held for it */
	uint64_t dcid;		/* the last one */
	struct text host;
	struct text tls;
	struct list followers;	/* jobs of a newer channel for the same */
};

/*
 * Copy the frame; takes its own reference to body.  ERROR_LIMIT where the
 * frame is too large, ERROR_MALFORMED without recipients.
 */
int delivery_job_new(const struct frame_job *frame, struct message_body *body,
	struct delivery_job **out) MUST_CHECK;
/* There must be no followers left; NULL is allowed. */
void delivery_job_free(struct delivery_job *job);
/* With its followers; NULL is allowed. */
void delivery_job_discard(struct delivery_job *job);

uint64_t delivery_job_mid(const struct delivery_job *job);

/* Words for outcomes, copied; cut where there are very many recipients. */
struct text delivery_job_words(struct delivery_job *job, struct text words);

/* Decide a recipient, for good. */
void delivery_job_decide(struct delivery_job *job, size_t index,
	const struct delivery_outcome *outcome);
/* Remember why it could not be decided yet. */
void delivery_job_trouble(struct delivery_job *job, size_t index,
	const struct delivery_outcome *outcome);
/* Decide all that are open; those with trouble keep their words. */
void delivery_job_decide_open(struct delivery_job *job,
	const struct delivery_outcome *outcome);

/*
 * Put off everybody who is open, and say so in the log: a message that must
 * be protected came without its protection.
 */
void delivery_job_refuse_unprotected(struct delivery_job *job,
	const char *words);

/* The host that was spoken to; copied. */
void delivery_job_set_host(struct delivery_job *job, uint64_t dcid,
	struct text host, struct text tls);

/* Whether both have a recipient in common. */
bool delivery_job_overlaps(const struct delivery_job *a,
	const struct delivery_job *b);

/*
 * The frame that tells how it ended; no recipient may be open.  Lives in the
 * job's arena.
 */
const struct frame_job_result *delivery_job_result(struct delivery_job *job);

#endif
