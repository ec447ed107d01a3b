/*
 * Errands: a message that a worker of another kind is asked about, scan for
 * a judgement, protect for an envelope.  Each kind has a desk with a line;
 * each worker gets a bounded number of messages and bytes at a time.
 *
 * An errand belongs to the channel that it was put to.  When that is lost it
 * is first in line again under another attempt, and what the old worker may
 * still say is not heard.  For a moment then nobody is asked: whose crash it
 * was comes by another channel, and must be known before the next worker is
 * given the same message.
 */
#ifndef QUEUE_QUEUE_ERRAND_H
#define QUEUE_QUEUE_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/base/loop.h"
#include "gateway/protocol/message_body.h"
#include "gateway/protocol/process_kind.h"
#include "queue/queue_heap.h"

struct queue;
struct queue_channel;
struct queue_message;
struct queue_errand;
struct queue_facts;

/* Errands looked at in one turn, of each desk. */
#define QUEUE_ERRANDS_MAX 500

enum queue_desk_id { QUEUE_DESK_JUDGE, QUEUE_DESK_PROTECT, QUEUE_DESKS };

enum queue_errand_state {
	QUEUE_ERRAND_RESTING,	/* in the heap until its time */
	QUEUE_ERRAND_WAITING,	/* in line */
	QUEUE_ERRAND_OUT,	/* with a worker */
	QUEUE_ERRAND_ANSWERED,	/* its answer is being written */
};

/* What a desk is for. */
struct queue_desk_work {
	enum process_kind kind;
	uint32_t messages;	/* out at one worker, at most */
	uint64_t bytes;		/* the same, unless it is a single one */
	/* First in line; false: not to be asked now, it has been seen to. */
	bool (*ready)(struct queue *queue, struct queue_errand *errand);
	void (*send)(struct queue *queue, struct queue_errand *errand,
		const struct message_body *body);
	/* The time of queue_errand_set() has come; it may end the errand. */
	void (*due)(struct queue *queue, struct queue_errand *errand);
};

struct queue_errand {
	struct queue_due due;
	struct list link;		/* of its desk's line or channel */
	struct queue_message *message;
	struct queue_channel *channel;	/* OUT only */
	uint64_t bytes;			/* out */
	uint32_t attempt;
	struct queue_facts *facts;	/* of the message; NULL: none */
	uint8_t desk;			/* enum queue_desk_id */
	uint8_t state;			/* enum queue_errand_state */
};

struct queue_errands {
	struct list lines[QUEUE_DESKS];
	/* Behind the loss of a worker; monotonic. */
	int64_t quiet_until_us[QUEUE_DESKS];
	struct loop_timer *wake;
	uint64_t counts[QUEUE_DESKS];	/* errands, wherever they are */
};

void queue_errands_init(struct queue *queue);
void queue_errands_clear(struct queue *queue);

/* Resting; the message has none yet. */
struct queue_errand *queue_errand_new(struct queue *queue,
	enum queue_desk_id desk, struct queue_message *message);
/* To the end of the line, or to its front; nothing if it is with a worker. */
void queue_errand_line_up(struct queue *queue, struct queue_errand *errand,
	bool first);
/* Out of the line. */
void queue_errand_rest(struct queue *queue, struct queue_errand *errand);
/*
 * Look at it so many microseconds from now, or in 30 days, whatever its
 * state.
 */
void queue_errand_set(struct queue *queue, struct queue_errand *errand,
	int64_t wait_us);
/* Over, whatever its state; nothing if the message has none. */
void queue_errand_end(struct queue *queue, struct queue_message *message);
/* The question is another one: whoever is asked is asked again. */
void queue_errand_renew(struct queue *queue, struct queue_message *message);

/*
 * The errand that an answer is about: NULL if it is not out, not at this
 * channel or under another attempt.
 */
struct queue_errand *queue_errand_answered(struct queue_channel *channel,
	enum queue_desk_id desk, uint64_t mid, uint32_t attempt);
/* The worker has nothing to do with it any more; its answer is written. */
void queue_errand_take_back(struct queue_errand *errand);

void queue_errand_channel_ended(struct queue *queue,
	struct queue_channel *channel);
/* What the heap says is due. */
void queue_errand_due(struct queue *queue, struct queue_due *due);
/* At the end of a turn, behind the sync: ask. */
void queue_errands_turn(struct queue *queue);

#endif
