/*
 * Outcomes: what a result means for each recipient, written as one record
 * together with the notification that it causes.
 */
#ifndef QUEUE_QUEUE_OUTCOME_H
#define QUEUE_QUEUE_OUTCOME_H

#include "gateway/protocol/frame_deliver.h"
#include "queue/queue_bounce.h"
#include "queue/queue_part.h"

struct queue;
struct queue_change;
struct queue_channel;

/*
 * What is kept of the next hop's words; less for messages with more than
 * QUEUE_WORDS_SHORT_FROM recipients, so that one record can hold them all.
 */
#define QUEUE_REASON_MAX 300
#define QUEUE_HOST_MAX 128
#define QUEUE_WORDS_SHORT_FROM 500
#define QUEUE_REASON_SHORT 80
#define QUEUE_HOST_SHORT 64

/*
 * FRAME_JOB_RESULT.  A result for a recipient that has its outcome changes
 * nothing; one that comes without its lease (queue was restarted) counts if
 * it brings an outcome.  Recipients who need an envelope, since there is no
 * TLS, are taken there (queue_split.h).
 */
void queue_outcome_on_result(struct queue_channel *channel,
	const void *frame, int descriptor);

/* Why a message is given up without an attempt. */
struct queue_failure {
	struct text status;		/* "5.7.5" */
	struct text reason;		/* for the sender */
	struct queue_bounce_notice notice;
	bool is_muted;			/* the bounce profile sends none */
	const struct queue_change *also;	/* rest of the record */
};

/*
 * Its live recipients have failed, those excepted that are out for delivery;
 * the sender is told.  Gives how many; the message may be gone.
 */
uint64_t queue_outcome_give_up(struct queue *queue,
	struct queue_message *message, const struct queue_failure *failure);

/* Of a reason, what is kept with a recipient of this message. */
struct text queue_outcome_cut(const struct queue_message *message,
	struct text reason);

/* The lifetime of a part that cannot be reached is over. */
void queue_outcome_expire(struct queue *queue, struct queue_part *part);
/* It is late: tell the sender, once. */
void queue_outcome_warn(struct queue *queue, struct queue_part *part);

#endif
