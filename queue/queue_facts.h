/*
 * Facts of a message that is being judged: what scan wants to know is asked
 * of the processes that can find it out, one question a frame; the errand
 * rests until each is answered or given up, and then the message is judged
 * again, with all answers.  They are recorded with the disposition.
 *
 * A question belongs to the channel that it was put to.  When that is lost
 * it is asked again elsewhere; behind its deadline, or when it has lost too
 * many, its answer is "unknown".  Nothing waits for ever.
 */
#ifndef QUEUE_QUEUE_FACTS_H
#define QUEUE_QUEUE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/list.h"
#include "gateway/protocol/frame_judge.h"
#include "gateway/protocol/process_kind.h"

struct queue;
struct queue_channel;
struct queue_errand;
struct queue_facts;

/* Questions looked at in one turn, of each kind of gatherer. */
#define QUEUE_FACTS_TURN 1000
/* A question that stands in line so long is given up. */
#define QUEUE_FACTS_LINE_US (INT64_C(60) * 1000000)
/* How much later than a gatherer we give up what it was asked. */
#define QUEUE_FACTS_GRACE_US (INT64_C(2) * 1000000)
/* Gatherers that one question may lose. */
#define QUEUE_FACTS_LOSSES 3
/* Messages with open questions; further ones wait to be judged at all. */
#define QUEUE_FACTS_MESSAGES 2000
/* Bytes of one message's facts in its record, at most. */
#define QUEUE_FACTS_MAX ((size_t)1024 * 1024)

/* Of the queue. */
struct queue_fact_lines {
	struct list lines[PROCESS_KINDS];	/* messages with questions */
	uint64_t last_id;
	uint64_t messages;	/* with questions that are open */
	uint64_t asked;		/* put to gatherers, and ... */
	uint64_t unknown;	/* ... those that ended so */
};

/* Facts as they lie in a record. */
struct queue_fact_list {
	struct frame_fact *facts;
	size_t count;
};
extern const struct record_shape queue_fact_list_shape;

void queue_facts_init(struct queue_fact_lines *lines);

/*
 * Ask what scan wants to know about the errand's message; the errand, whose
 * answer this is, rests meanwhile.  ERROR_MALFORMED: scan asked what it was
 * told, or what nobody can find out; ERROR_LIMIT: the facts would not fit
 * into the message's record.
 */
int queue_facts_want(struct queue *queue, struct queue_errand *errand,
	const struct frame_fact *wanted, size_t count) MUST_CHECK;
/* Whether one more message may be put to scan, which may want facts. */
bool queue_facts_may_begin(const struct queue *queue,
	const struct queue_errand *errand);
/* Whether an answer is missing. */
bool queue_facts_are_open(const struct queue_errand *errand);
/* The errand's time has come: what is late is given up. */
void queue_facts_due(struct queue *queue, struct queue_errand *errand);
/* The errand is over. */
void queue_facts_drop(struct queue_errand *errand);

/* What is known, for JUDGE; borrowed from the errand. */
void queue_facts_fill(const struct queue_errand *errand,
	struct frame_judge *frame);
/* The same as a record (queue_fact_list_shape), empty where there is none. */
void queue_facts_encode(const struct queue_errand *errand,
	struct buffer *out);
/* Bytes that facts may take in a record of this queue's log. */
size_t queue_facts_room(const struct queue *queue);

/* FRAME_FACT */
void queue_facts_on_fact(struct queue_channel *channel, const void *frame,
	int descriptor);
void queue_facts_channel_ended(struct queue *queue,
	struct queue_channel *channel);
/* At the end of a turn: ask. */
void queue_facts_turn(struct queue *queue);

#endif
