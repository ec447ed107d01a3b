/*
 * Answers behind the sync.
 */
#include "queue/queue_answer.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "queue/queue.h"

void
queue_answer_add(struct queue *queue, struct queue_channel *channel,
    enum frame_type type, const union queue_answer_frame *frame)
{
	struct queue_answers *answers = &queue->answers;

	if (answers->count == answers->size) {
		answers->size = answers->size == 0 ? 64 : answers->size * 2;
		answers->items = memory_resize(answers->items, answers->size,
		    sizeof(*answers->items));
	}
	answers->items[answers->count++] = (struct queue_answer){
		.channel = channel,
		.type = type,
		.frame = *frame,
	};
	queue_log_hurry(queue);
}

void
queue_answer_channel_ended(struct queue *queue,
    struct queue_channel *channel)
{
	struct queue_answers *answers = &queue->answers;

	for (size_t i = 0; i < answers->count; i++)
		if (answers->items[i].channel == channel)
			answers->items[i].channel = NULL;
}

/* Accepted is logged when it is true for good. */
static void
tell_accepted(struct queue *queue, const struct queue_answer *answer)
{
	struct queue_message *message;
	struct envelope envelope;

	if (answer->type != FRAME_SUBMIT_RESULT ||
	    answer->frame.submit_result.outcome != FRAME_SUBMIT_COMMITTED)
		return;
	message = queue_table_find(queue, answer->frame.submit_result.mid);
	if (message == NULL)
		return;
	arena_reset(queue->arena);
	if (queue_message_envelope(message, queue->arena, &envelope) != 0)
		return;
	mail_event_accepted(&envelope);
	/* By filters: "judged" tells when it is. */
	if (message->asked == 0 && message->disposition != NULL)
		mail_event_disposition(message->mid, message->config_version,
		    text_from(message->disposition));
}

void
queue_answers_give(struct queue *queue)
{
	struct queue_answers *answers = &queue->answers;

	for (size_t i = 0; i < answers->count; i++) {
		const struct queue_answer *answer = &answers->items[i];

		if (answer->channel != NULL)
			queue_channel_send(answer->channel, answer->type,
			    &answer->frame, -1);
		tell_accepted(queue, answer);
	}
	answers->count = 0;
}

void
queue_answers_clear(struct queue_answers *answers)
{
	free(answers->items);
	*answers = (struct queue_answers){ 0 };
}
