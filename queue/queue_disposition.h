/*
 * Dispositions: what was decided about a message, written as one STATE
 * record.  Whoever judges gives its answer to queue_disposition_take(); as
 * long as nobody does, the answer is "no policy, configuration version n".
 */
#ifndef QUEUE_QUEUE_DISPOSITION_H
#define QUEUE_QUEUE_DISPOSITION_H

#include <stdint.h>

#include "gateway/base/text.h"

struct queue;
struct queue_message;

struct queue_disposition {
	uint64_t mid;
	uint64_t config_version;	/* that judged */
	struct text words;
};

/*
 * Have a message judged: from RECEIVED to JUDGING.  Service mail is never
 * judged and goes to READY.
 */
void queue_disposition_ask(struct queue *queue,
	struct queue_message *message);
/*
 * The answer: from JUDGING to READY, recorded; the caller schedules.  An
 * answer about a message that is not being judged changes nothing.
 */
void queue_disposition_take(struct queue *queue,
	const struct queue_disposition *disposition);

#endif
