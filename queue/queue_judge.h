/*
 * Judging: new messages of a direction that has content filters are put to
 * scan processes, and wait until one of them has answered.  Nothing leaves
 * unjudged.
 */
#ifndef QUEUE_QUEUE_JUDGE_H
#define QUEUE_QUEUE_JUDGE_H

#include <stdbool.h>

#include "queue/queue_errand.h"

struct queue;
struct queue_channel;
struct queue_message;

/* Out at one scan process. */
#define QUEUE_JUDGE_MESSAGES 8
#define QUEUE_JUDGE_BYTES (32u * 1024 * 1024)
/* A judgement that could not be written is asked for again then. */
#define QUEUE_JUDGE_PAUSE_US (INT64_C(5) * 1000000)

extern const struct queue_desk_work queue_judge_desk;

/* Whether the configuration has filters for a message like this. */
bool queue_judge_is_needed(const struct queue *queue,
	const struct queue_message *message);
/* A message in state JUDGING is asked about. */
void queue_judge_ask(struct queue *queue, struct queue_message *message);
/* FRAME_DISPOSITION */
void queue_judge_on_disposition(struct queue_channel *channel,
	const void *frame, int descriptor);

#endif
