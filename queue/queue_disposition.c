/*
 * Asking for a judgement and taking it.
 */
#include "queue/queue_disposition.h"

#include <inttypes.h>
#include <stdio.h>

#include "queue/queue.h"

void
queue_disposition_take(struct queue *queue,
    const struct queue_disposition *disposition)
{
	struct queue_message *message =
	    queue_table_find(queue, disposition->mid);
	struct queue_change change = {
		.set = QUEUE_SET_STATE | QUEUE_SET_DISPOSITION,
		.state = MESSAGE_READY,
		.disposition = disposition->words,
		.disposition_version = disposition->config_version,
	};

	if (message == NULL || message->state != MESSAGE_JUDGING)
		return;
	queue_change(queue, message, &change);
	queue_message_move(message, MESSAGE_JUDGING, MESSAGE_READY);
}

static void
answer_without_policy(struct queue *queue,
    const struct queue_message *message)
{
	struct queue_disposition disposition = {
		.mid = message->mid,
		.config_version = queue->config_version,
	};
	char words[64];

	snprintf(words, sizeof(words),
	    "no policy, configuration version %" PRIu64,
	    queue->config_version);
	disposition.words = text_from(words);
	queue_disposition_take(queue, &disposition);
}

void
queue_disposition_ask(struct queue *queue, struct queue_message *message)
{
	if (message->class == ENVELOPE_CLASS_SERVICE) {
		queue_message_move(message, MESSAGE_RECEIVED, MESSAGE_READY);
		return;
	}
	queue_message_move(message, MESSAGE_RECEIVED, MESSAGE_JUDGING);
	answer_without_policy(queue, message);
}
