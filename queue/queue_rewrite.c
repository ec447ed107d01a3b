/*
 * Streaming other bodies, and what follows.
 */
#include "queue/queue_rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"
#include "queue/queue.h"

#define ANSWER_ARENA_MAX (32u * 1024 * 1024)

struct rewrite {
	uint64_t mid;
	uint32_t attempt;
	enum queue_desk_id desk;
	const struct queue_rewrite_work *work;
	struct arena *arena;
	void *answer;
	struct queue_rewrite_body *bodies;
	size_t count;
};

static void
rewrite_free(void *owner)
{
	struct rewrite *rewrite = owner;

	for (size_t i = 0; i < rewrite->count; i++)
		message_body_release(&rewrite->bodies[i].body);
	free(rewrite->bodies);
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

/* Each body has its share of the pieces. */
static void
deal_pieces(const struct queue *queue, struct rewrite *rewrite,
    struct segment_place *pieces, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < rewrite->count; i++) {
		struct queue_rewrite_body *body = &rewrite->bodies[i];

		body->pieces = pieces + at;
		body->piece_count = queue_stream_pieces(queue,
		    message_body_size(body->body));
		at += body->piece_count;
	}
	require(at == count);
}

static void
on_done(struct queue *queue, void *owner, const struct segment_place *pieces,
    size_t count)
{
	struct rewrite *rewrite = owner;
	struct queue_message *message = find_message(queue, rewrite);
	struct segment_place *copy;

	if (message != NULL) {
		copy = memory_array(count, sizeof(*copy));
		memcpy(copy, pieces, count * sizeof(*copy));
		deal_pieces(queue, rewrite, copy, count);
		rewrite->work->take(queue, message, rewrite->answer,
		    rewrite->bodies);
		free(copy);
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

static struct rewrite *
rewrite_new(const struct queue_errand *errand,
    const struct queue_rewrite_work *work,
    const struct queue_rewrite_body *bodies, size_t count)
{
	struct rewrite *rewrite = memory_new(sizeof(*rewrite));

	*rewrite = (struct rewrite){
		.mid = errand->message->mid,
		.attempt = errand->attempt,
		.desk = errand->desk,
		.work = work,
		.arena = arena_new(ANSWER_ARENA_MAX),
		.bodies = memory_array(count, sizeof(*bodies)),
		.count = count,
	};
	memcpy(rewrite->bodies, bodies, count * sizeof(*bodies));
	for (size_t i = 0; i < count; i++)
		(void)message_body_ref(bodies[i].body);
	rewrite->answer = arena_alloc(rewrite->arena, work->shape->size);
	require(rewrite->answer != NULL);
	return rewrite;
}

int
queue_rewrite_begin(struct queue *queue, struct queue_errand *errand,
    const struct queue_rewrite_work *work, const void *answer,
    const struct queue_rewrite_body *bodies, size_t count)
{
	struct rewrite *rewrite = rewrite_new(errand, work, bodies, count);
	int r = record_copy(work->shape, answer, rewrite->arena,
	    rewrite->answer);
	struct message_body **list;

	if (r != 0) {
		rewrite_free(rewrite);
		return r;
	}
	list = memory_array(count, sizeof(struct message_body *));
	for (size_t i = 0; i < count; i++)
		list[i] = bodies[i].body;
	queue_errand_take_back(errand);
	queue_stream_add(queue, &stream_work, rewrite, NULL, rewrite->mid,
	    list, count);
	free(list);
	return 0;
}

void
queue_rewrite_set(struct queue_change *change,
    const struct queue_rewrite_body *body)
{
	change->set |= QUEUE_SET_BODY;
	change->size = message_body_size(body->body);
	change->pieces = body->pieces;
	change->piece_count = body->piece_count;
	memcpy(change->sha256, body->sha256, sizeof(change->sha256));
}

void
queue_rewrite_keep(struct queue *queue, uint64_t mid,
    const struct queue_rewrite_body *body)
{
	struct queue_message *message = queue_table_find(queue, mid);

	if (message != NULL && message->body == NULL &&
	    !message_body_is_slice(body->body))
		queue_body_keep(queue, message,
		    message_body_ref(body->body));
}
