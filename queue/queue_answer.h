/*
 * Answers that may be given only when what they promise is durable.
 */
#ifndef QUEUE_QUEUE_ANSWER_H
#define QUEUE_QUEUE_ANSWER_H

#include <stddef.h>

#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_queue_admin.h"
#include "gateway/protocol/frame_submit.h"

struct queue;
struct queue_channel;

union queue_answer_frame {
	struct frame_id_lease id_lease;
	struct frame_submit_result submit_result;
	struct frame_queue_act act;
};

struct queue_answer {
	struct queue_channel *channel;	/* NULL: it ended meanwhile */
	enum frame_type type;
	union queue_answer_frame frame;	/* its texts are static */
};

struct queue_answers {
	struct queue_answer *items;
	size_t count;
	size_t size;
};

/* Give it behind the sync of this turn. */
void queue_answer_add(struct queue *queue, struct queue_channel *channel,
	enum frame_type type, const union queue_answer_frame *frame);
void queue_answer_channel_ended(struct queue *queue,
	struct queue_channel *channel);
/* All is durable: tell. */
void queue_answers_give(struct queue *queue);
void queue_answers_clear(struct queue_answers *answers);

#endif
