/*
 * Streaming bodies, in turns.
 */
#include "queue/queue_stream.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"
#include "queue/queue.h"

struct queue_stream {
	struct list link;
	const struct queue_stream_work *work;
	void *owner;
	struct queue_channel *channel;
	uint64_t mid;
	struct message_body **bodies;
	size_t body_count;
	size_t at;		/* the body that is being written ... */
	uint64_t offset;	/* ... how far it is ... */
	uint32_t index;		/* ... and its pieces so far */
	struct segment_place *pieces;
	size_t count;		/* of all bodies */
};

void
queue_streams_init(struct queue_streams *streams)
{
	list_init(&streams->all);
}

/* The owner has gone its way. */
static void
stream_free(struct queue_stream *stream)
{
	list_remove(&stream->link);
	for (size_t i = 0; i < stream->body_count; i++)
		message_body_release(&stream->bodies[i]);
	free(stream->bodies);
	free(stream->pieces);
	free(stream);
}

static void
stream_drop(struct queue_stream *stream)
{
	stream->work->drop(stream->owner);
	stream_free(stream);
}

void
queue_streams_clear(struct queue *queue)
{
	struct list *link, *after;

	LIST_EACH(&queue->streams.all, link, after)
		stream_drop(LIST_OWNER(link, struct queue_stream, link));
}

size_t
queue_stream_pieces(const struct queue *queue, uint64_t size)
{
	uint32_t most = queue_log_inline_max(queue);

	return size == 0 ? 1 : (size_t)((size + most - 1) / most);
}

static size_t
count_pieces(const struct queue *queue, struct message_body *const *bodies,
    size_t count)
{
	size_t pieces = 0;

	for (size_t i = 0; i < count; i++)
		pieces += queue_stream_pieces(queue,
		    message_body_size(bodies[i]));
	return pieces;
}

void
queue_stream_add(struct queue *queue, const struct queue_stream_work *work,
    void *owner, struct queue_channel *channel, uint64_t mid,
    struct message_body *const *bodies, size_t count)
{
	struct queue_stream *stream = memory_new(sizeof(*stream));

	require(count > 0);
	stream->work = work;
	stream->owner = owner;
	stream->channel = channel;
	stream->mid = mid;
	stream->bodies = memory_array(count, sizeof(struct message_body *));
	stream->body_count = count;
	for (size_t i = 0; i < count; i++)
		stream->bodies[i] = message_body_ref(bodies[i]);
	stream->pieces = memory_array(count_pieces(queue, bodies, count),
	    sizeof(*stream->pieces));
	list_append(&queue->streams.all, &stream->link);
	loop_again(queue->loop);
}

bool
queue_stream_has(const struct queue *queue, uint64_t mid)
{
	struct list *link, *after;

	LIST_EACH(&queue->streams.all, link, after)
		if (LIST_OWNER(link, struct queue_stream, link)->mid == mid)
			return true;
	return false;
}

uint32_t
queue_streams_lowest_segment(const struct queue *queue)
{
	uint32_t lowest = UINT32_MAX;
	struct list *link, *after;

	LIST_EACH(&queue->streams.all, link, after) {
		const struct queue_stream *stream =
		    LIST_OWNER(link, struct queue_stream, link);

		if (stream->count > 0 && stream->pieces[0].segment < lowest)
			lowest = stream->pieces[0].segment;
	}
	return lowest;
}

void
queue_stream_channel_ended(struct queue *queue,
    struct queue_channel *channel)
{
	struct list *link, *after;

	LIST_EACH(&queue->streams.all, link, after) {
		struct queue_stream *stream =
		    LIST_OWNER(link, struct queue_stream, link);

		if (stream->channel == channel)
			stream_drop(stream);
	}
}

/* ---- pieces ------------------------------------------------------------- */

/* The next piece into the scratch buffer. */
static int
read_piece(struct queue *queue, const struct queue_stream *stream)
{
	const struct message_body *body = stream->bodies[stream->at];
	uint64_t rest = message_body_size(body) - stream->offset;
	size_t size = rest < queue_log_inline_max(queue) ? (size_t)rest :
	    queue_log_inline_max(queue);
	struct text got;
	char *at;
	int r = 0;

	buffer_reset(&queue->scratch);
	while (r == 0 && buffer_len(&queue->scratch) < size) {
		size_t len = buffer_len(&queue->scratch);

		r = buffer_reserve(&queue->scratch, size - len, &at);
		if (r == 0)
			r = message_body_read(body, stream->offset + len,
			    size - len, at, &got);
		if (r == 0 && text_is_empty(got))
			r = ERROR_MISMATCH;
		/* A small body is in memory, and only lent. */
		if (r == 0 && got.data != at)
			memcpy(at, got.data, got.len);
		if (r == 0)
			buffer_commit(&queue->scratch, got.len);
	}
	return r;
}

static int
write_piece(struct queue *queue, struct queue_stream *stream)
{
	int r = read_piece(queue, stream);

	if (r != 0)
		return r;
	queue_log_piece(queue, stream->mid, ++stream->index,
	    buffer_text(&queue->scratch), &stream->pieces[stream->count]);
	stream->count++;
	stream->offset += buffer_len(&queue->scratch);
	if (stream->offset < message_body_size(stream->bodies[stream->at]))
		return 0;
	stream->at++;
	stream->offset = 0;
	stream->index = 0;
	return 0;
}

/* One piece of the first stream, which then goes to the back. */
static size_t
step(struct queue *queue)
{
	struct queue_stream *stream = LIST_OWNER(queue->streams.all.next,
	    struct queue_stream, link);
	size_t bytes;
	int r = segment_log_can_append(queue->log.log,
	    queue_log_inline_max(queue)) ? write_piece(queue, stream) :
	    ERROR_LIMIT;

	bytes = r == 0 ? buffer_len(&queue->scratch) : 0;
	list_remove(&stream->link);
	if (r == 0 && stream->at < stream->body_count) {
		list_append(&queue->streams.all, &stream->link);
		return bytes;
	}
	if (r == 0)
		stream->work->done(queue, stream->owner, stream->pieces,
		    stream->count);
	else
		stream->work->failed(queue, stream->owner);
	stream_free(stream);
	return bytes;
}

void
queue_streams_turn(struct queue *queue)
{
	size_t bytes = 0;

	while (!list_is_empty(&queue->streams.all) &&
	    bytes < QUEUE_STREAM_TURN_BYTES)
		bytes += step(queue);
	if (!list_is_empty(&queue->streams.all))
		loop_again(queue->loop);
}
