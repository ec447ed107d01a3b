/*
 * The smtp process's side of its channel to queue: numbers, memory for
 * large bodies, submissions.  Survives the channel: while queue is away,
 * everything is refused for the time being.
 */
#ifndef LISTENERS_SMTP_QUEUE_H
#define LISTENERS_SMTP_QUEUE_H

#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/ipc.h"
#include "gateway/mail/envelope.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/message_body.h"
#include "listeners/smtp_counters.h"
#include "listeners/smtp_wait.h"

struct smtp_queue;

/* All borrowed. */
struct smtp_queue *smtp_queue_new(struct loop *loop,
	const struct ipc_identity *self, struct smtp_counters *counters);
void smtp_queue_free(struct smtp_queue *queue);	/* NULL is allowed */

/* A new channel takes the place of an older one; the descriptor is ours. */
void smtp_queue_connect(struct smtp_queue *queue, int descriptor);

/*
 * Whether messages may be taken now.  ERROR_TEMPORARY with 451 4.3.0 (queue
 * is away) or 452 4.3.1 (it takes none) in why.
 */
int smtp_queue_check(const struct smtp_queue *queue, struct reason *why)
	MUST_CHECK;

/*
 * A number of a kind.  ERROR_AGAIN: none now; wait is set and told when to
 * try again.
 */
int smtp_queue_take_id(struct smtp_queue *queue, enum frame_id_kind kind,
	uint64_t *out, struct smtp_wait *wait) MUST_CHECK;

/*
 * Ask for bytes of memory; the answer comes to wait.
 *   generation  0 the first time for a body, then what was set here; also
 *               for smtp_queue_return_budget() and smtp_queue_submit()
 * ERROR_TEMPORARY when queue is away, or has been restarted meanwhile.
 */
int smtp_queue_ask_budget(struct smtp_queue *queue, uint64_t bytes,
	uint64_t *generation, struct smtp_wait *wait) MUST_CHECK;
/* Harmless for a generation of the past: that queue's memory is gone. */
void smtp_queue_return_budget(struct smtp_queue *queue, uint64_t generation,
	uint64_t bytes);

/*
 * Submit a finished body.  The answer to wait is 0 once the message is
 * durable.  Memory granted for it is queue's from now on.
 *   generation   of its budget; 0: it has none
 * ERROR_TEMPORARY: queue is away, or has been restarted since the budget
 * was granted.
 */
int smtp_queue_submit(struct smtp_queue *queue,
	const struct envelope *envelope, const struct message_body *body,
	uint64_t generation, struct smtp_wait *wait) MUST_CHECK;

#endif
