/*
 * Segments that are needed, and copying out of the oldest.
 */
#include "queue/queue_recycle.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "queue/queue.h"

#define LIVE_RATIO 3

void
queue_recycle_init(struct queue_recycle *recycle)
{
	recycle->segments = map_new();
}

void
queue_recycle_clear(struct queue_recycle *recycle)
{
	size_t cursor = 0;
	struct queue_segment *segment;

	if (recycle->segments == NULL)
		return;
	while ((segment = map_next(recycle->segments, &cursor)) != NULL)
		free(segment);
	map_free(recycle->segments);
	recycle->segments = NULL;
}

/* ---- who needs what ----------------------------------------------------- */

static uint64_t
place_bytes(const struct segment_place *place)
{
	return (uint64_t)place->envelope_len + place->body_len + 64;
}

static uint64_t
message_bytes(const struct queue_message *message)
{
	uint64_t bytes = place_bytes(&message->place);

	for (size_t i = 0; i < message->piece_count; i++)
		bytes += place_bytes(&message->pieces[i]);
	return bytes;
}

static uint32_t
lowest_segment(const struct queue_message *message)
{
	uint32_t lowest = message->place.segment;

	for (size_t i = 0; i < message->piece_count; i++)
		if (message->pieces[i].segment < lowest)
			lowest = message->pieces[i].segment;
	return lowest;
}

static struct queue_segment *
segment_of(struct queue_recycle *recycle, uint32_t number)
{
	struct queue_segment *segment = map_get(recycle->segments, number);

	if (segment != NULL)
		return segment;
	segment = memory_new(sizeof(*segment));
	segment->number = number;
	list_init(&segment->messages);
	(void)map_put(recycle->segments, number, segment);
	return segment;
}

void
queue_recycle_add(struct queue *queue, struct queue_message *message)
{
	struct queue_recycle *recycle = &queue->recycle;
	struct queue_segment *segment;

	message->lowest_segment = lowest_segment(message);
	segment = segment_of(recycle, message->lowest_segment);
	list_append(&segment->messages, &message->segment);
	segment->count++;
	recycle->live_bytes += message_bytes(message);
}

void
queue_recycle_remove(struct queue *queue, struct queue_message *message)
{
	struct queue_recycle *recycle = &queue->recycle;
	struct queue_segment *segment =
	    map_get(recycle->segments, message->lowest_segment);

	require(segment != NULL && segment->count > 0);
	list_remove(&message->segment);
	recycle->live_bytes -= message_bytes(message);
	if (--segment->count > 0)
		return;
	(void)map_remove(recycle->segments, segment->number);
	free(segment);
}

/* ---- copying ------------------------------------------------------------ */

/* A body that cannot be read is set aside by whoever sends it. */
static int
copy_piece(struct queue *queue, struct queue_message *message, size_t at,
    struct buffer *scratch)
{
	struct segment_place place;
	int r;

	buffer_reset(scratch);
	r = segment_log_read_body(queue->log.log, &message->pieces[at],
	    message->pieces_mid, scratch);
	if (r != 0)
		return r;
	queue_log_piece(queue, message->pieces_mid, (uint32_t)at + 1,
	    buffer_text(scratch), &place);
	message->pieces[at] = place;
	return 0;
}

static int
copy_pieces(struct queue *queue, struct queue_message *message,
    uint32_t oldest, uint64_t *room, struct buffer *scratch)
{
	for (size_t i = 0; i < message->piece_count; i++) {
		uint64_t bytes = message->pieces[i].body_len;

		if (message->pieces[i].segment > oldest)
			continue;
		if (*room == 0)
			return ERROR_AGAIN;
		if (copy_piece(queue, message, i, scratch) != 0)
			return ERROR_MISMATCH;
		*room = bytes < *room ? *room - bytes : 0;
	}
	return 0;
}

/*
 * A damaged message keeps its state and loses what was damaged anyway: its
 * envelope goes on, held, with no body behind it.
 */
static void
give_up_body(struct queue *queue, struct queue_message *message)
{
	queue_message_set_pieces(message, NULL, 0);
	message->damaged = true;
	queue_hold_aside(queue, message,
	    TEXT("the body is damaged in the log"));
}

static void
relocate(struct queue *queue, struct queue_message *message, uint32_t oldest,
    uint64_t *room)
{
	struct buffer scratch;
	int r;

	queue_recycle_remove(queue, message);
	buffer_init(&scratch, QUEUE_LOG_PIECE_MAX);
	r = copy_pieces(queue, message, oldest, room, &scratch);
	if (r == 0) {
		buffer_reset(&scratch);
		r = queue_body_inline(queue, message, &scratch);
	}
	if (r == ERROR_AGAIN) {
		queue_recycle_add(queue, message);
		buffer_clear(&scratch);
		return;
	}
	if (r != 0) {
		give_up_body(queue, message);
		buffer_reset(&scratch);
	}
	queue_log_relocate(queue, message, buffer_text(&scratch));
	queue->recycle.relocated++;
	*room = buffer_len(&scratch) + 512 < *room ?
	    *room - buffer_len(&scratch) - 512 : 0;
	buffer_clear(&scratch);
	queue_recycle_add(queue, message);
	queue_index_dirty(queue, message);
}

static bool
is_too_large(struct queue *queue)
{
	const struct config_limits *limits = &queue->config->limits;
	uint64_t count = segment_log_count(queue->log.log);

	return count > 2 && count > limits->segment_pool &&
	    count * limits->segment_size >
	    LIVE_RATIO * queue->recycle.live_bytes;
}

void
queue_recycle_turn(struct queue *queue)
{
	uint32_t oldest = segment_log_oldest(queue->log.log);
	struct queue_segment *segment;
	uint64_t room = QUEUE_RECYCLE_SLICE;

	if (oldest == 0 || !is_too_large(queue))
		return;
	while (room > 0 && (segment = map_get(queue->recycle.segments,
	    oldest)) != NULL)
		relocate(queue, LIST_OWNER(segment->messages.next,
		    struct queue_message, segment), oldest, &room);
	if (map_get(queue->recycle.segments, oldest) != NULL)
		loop_again(queue->loop);
}

/* ---- releasing ---------------------------------------------------------- */

/* Nothing live, and not the one that is written. */
static bool
is_free(struct queue *queue)
{
	uint32_t oldest = segment_log_oldest(queue->log.log);

	return segment_log_count(queue->log.log) > 2 &&
	    queue_streams_lowest_segment(queue) > oldest &&
	    map_get(queue->recycle.segments, oldest) == NULL;
}

/*
 * The index must be durable beyond whatever leaves, else a power cut could
 * roll it back to a time when it still counted on the segment.
 */
void
queue_recycle_release(struct queue *queue)
{
	struct segment_log *log = queue->log.log;

	if (!is_too_large(queue) || !is_free(queue))
		return;
	if (queue_index_durable_segment(queue) <= segment_log_oldest(log))
		queue_index_make_durable(queue);
	while (is_free(queue) &&
	    queue_index_durable_segment(queue) > segment_log_oldest(log)) {
		segment_log_release_oldest(log);
		queue->recycle.released++;
	}
}
