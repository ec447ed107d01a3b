/*
 * Keeping and reading bodies.
 */
#include "queue/queue_body.h"

#include "queue/queue.h"

void
queue_body_init(struct queue_bodies *bodies)
{
	list_init(&bodies->hot);
}

static uint32_t
descriptors_of(const struct message_body *body)
{
	return message_body_size(body) > FRAME_BODY_INLINE_MAX ? 1 : 0;
}

static bool
is_over(const struct queue *queue)
{
	return queue->bodies.bytes > queue->config->limits.hot_bodies ||
	    queue->bodies.descriptors > QUEUE_BODY_DESCRIPTORS_MAX;
}

void
queue_body_keep(struct queue *queue, struct queue_message *message,
    struct message_body *body)
{
	struct queue_bodies *bodies = &queue->bodies;

	queue_body_cool(queue, message);
	message->body = body;
	list_append(&bodies->hot, &message->hot);
	bodies->bytes += message_body_size(body);
	bodies->descriptors += descriptors_of(body);
	while (is_over(queue) && !list_is_empty(&bodies->hot))
		queue_body_cool(queue, LIST_OWNER(bodies->hot.next,
		    struct queue_message, hot));
}

void
queue_body_cool(struct queue *queue, struct queue_message *message)
{
	struct queue_bodies *bodies = &queue->bodies;

	if (message->body == NULL)
		return;
	list_remove(&message->hot);
	bodies->bytes -= message_body_size(message->body);
	bodies->descriptors -= descriptors_of(message->body);
	message_body_release(&message->body);
}

int
queue_body_inline(struct queue *queue, struct queue_message *message,
    struct buffer *out)
{
	if (message->piece_count > 0)
		return 0;
	return segment_log_read_body(queue->log.log, &message->place,
	    message->body_mid, out);
}

/* One record's worth: the whole body, or piece number at. */
static int
read_piece(struct queue *queue, struct queue_message *message, size_t at,
    struct buffer *out)
{
	if (message->piece_count == 0)
		return queue_body_inline(queue, message, out);
	return segment_log_read_body(queue->log.log, &message->pieces[at],
	    message->pieces_mid, out);
}

static size_t
piece_count(const struct queue_message *message)
{
	return message->piece_count == 0 ? 1 : message->piece_count;
}

static int
read_whole(struct queue *queue, struct queue_message *message,
    struct message_body *body)
{
	struct buffer piece;
	int r = 0;

	buffer_init(&piece, QUEUE_LOG_PIECE_MAX);
	for (size_t i = 0; r == 0 && i < piece_count(message); i++) {
		buffer_reset(&piece);
		r = read_piece(queue, message, i, &piece);
		if (r == 0)
			r = message_body_append(body, buffer_text(&piece));
	}
	buffer_clear(&piece);
	if (r == 0)
		r = message_body_finish(body);
	if (r == 0 && message_body_size(body) != message->size)
		r = ERROR_MISMATCH;
	return r;
}

int
queue_body_get(struct queue *queue, struct queue_message *message,
    struct message_body **out)
{
	struct message_body *body;
	int r;

	*out = NULL;
	if (message->body != NULL) {
		*out = message_body_ref(message->body);
		return 0;
	}
	body = message_body_new();
	r = read_whole(queue, message, body);
	if (r != 0) {
		message_body_release(&body);
		return r;
	}
	queue->bodies.read++;
	*out = body;
	return 0;
}

static int
hot_beginning(const struct message_body *body, size_t len,
    struct buffer *out)
{
	uint64_t offset = 0;
	char scratch[4096];
	struct text got;
	int r = 0;

	while (r == 0 && offset < len) {
		r = message_body_read(body, offset, len - offset <
		    sizeof(scratch) ? len - offset : sizeof(scratch),
		    scratch, &got);
		if (r != 0 || text_is_empty(got))
			break;
		r = buffer_add_text(out, got);
		offset += got.len;
	}
	return r;
}

int
queue_body_beginning(struct queue *queue, struct queue_message *message,
    size_t len, struct buffer *out)
{
	struct buffer piece;
	int r;

	if (message->body != NULL)
		return hot_beginning(message->body, len, out);
	buffer_init(&piece, QUEUE_LOG_PIECE_MAX);
	r = read_piece(queue, message, 0, &piece);
	if (r == 0)
		r = buffer_add_text(out, text_slice(buffer_text(&piece), 0,
		    len));
	buffer_clear(&piece);
	return r;
}
