/*
 * Streaming another body, and what follows.
 */
#include "queue/queue_rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"
#include "queue/queue.h"

#define ANSWER_ARENA_MAX (16u * 1024 * 1024)

struct rewrite {
	uint64_t mid;
	uint32_t attempt;
	enum queue_desk_id desk;
	const struct queue_rewrite_work *work;
	struct arena *arena;
	void *answer;
	struct message_body *body;
	uint8_t sha256[32];
};

static void
rewrite_free(void *owner)
{
	struct rewrite *rewrite = owner;

	message_body_release(&rewrite->body);
	arena_free(rewrite->arena);
	free(rewrite);
}

/* NULL where it was held, deleted or given up meanwhile. */
static struct queue_message *
find_message(const struct queue *queue, const struct rewrite *rewrite)
{
	struct queue_message *message =
	    queue_table_find(queue, rewrite->mid);

	if (message == NULL || message->errand == NULL ||
	    message->errand->desk != rewrite->desk ||
	    message->errand->state != QUEUE_ERRAND_ANSWERED ||
	    message->errand->attempt != rewrite->attempt)
		return NULL;
	return message;
}

static void
on_done(struct queue *queue, void *owner, const struct segment_place *pieces,
    size_t count)
{
	struct rewrite *rewrite = owner;
	struct queue_message *message = find_message(queue, rewrite);
	struct queue_change change = {
		.set = QUEUE_SET_BODY,
		.size = message_body_size(rewrite->body),
		.piece_count = count,
	};
	struct segment_place *copy;

	if (message != NULL) {
		copy = memory_array(count, sizeof(*copy));
		memcpy(copy, pieces, count * sizeof(*copy));
		memcpy(change.sha256, rewrite->sha256,
		    sizeof(change.sha256));
		change.pieces = copy;
		rewrite->work->take(queue, message, rewrite->answer,
		    &change);
		free(copy);
		message = queue_table_find(queue, rewrite->mid);
		if (message != NULL && message->body == NULL)
			queue_body_keep(queue, message,
			    message_body_ref(rewrite->body));
	}
	rewrite_free(rewrite);
}

static void
on_failed(struct queue *queue, void *owner)
{
	struct rewrite *rewrite = owner;
	struct queue_message *message = find_message(queue, rewrite);

	if (message != NULL)
		rewrite->work->failed(queue, message);
	rewrite_free(rewrite);
}

static const struct queue_stream_work stream_work = {
	.done = on_done,
	.failed = on_failed,
	.drop = rewrite_free,
};

void
queue_rewrite_begin(struct queue *queue, struct queue_errand *errand,
    const struct queue_rewrite_work *work, const void *answer,
    struct message_body *body, const uint8_t sha256[32])
{
	struct rewrite *rewrite = memory_new(sizeof(*rewrite));

	*rewrite = (struct rewrite){
		.mid = errand->message->mid,
		.attempt = errand->attempt,
		.desk = errand->desk,
		.work = work,
		.arena = arena_new(ANSWER_ARENA_MAX),
		.body = message_body_ref(body),
	};
	memcpy(rewrite->sha256, sha256, sizeof(rewrite->sha256));
	rewrite->answer = arena_alloc(rewrite->arena, work->shape->size);
	require(rewrite->answer != NULL);
	require(record_copy(work->shape, answer, rewrite->arena,
	    rewrite->answer) == 0);
	queue_errand_take_back(errand);
	queue_stream_add(queue, &stream_work, rewrite, NULL, rewrite->mid,
	    body);
}
