/*
 * Making messages out of messages.
 */
#include "queue/queue_child.h"

#include "queue/queue.h"

int
queue_child_new(const struct envelope *envelope, struct queue_message **out)
{
	struct buffer encoded;
	int r;

	*out = NULL;
	buffer_init(&encoded, QUEUE_ENVELOPE_MAX);
	r = record_encode(&envelope_shape, envelope, &encoded);
	if (r == 0)
		r = queue_message_new(envelope, buffer_text(&encoded), out);
	buffer_clear(&encoded);
	return r;
}

struct queue_message *
queue_child_split(struct queue *queue, const struct queue_message *parent,
    const struct envelope *envelope, struct envelope_recipient *recipients,
    size_t count)
{
	struct envelope own = *envelope;
	struct queue_message *child = NULL;

	own.mid = queue_ids_take(queue, QUEUE_ID_MID, 1);
	own.recipients = recipients;
	own.recipient_count = count;
	require(queue_child_new(&own, &child) == 0);
	child->parent_mid = parent->mid;
	child->passes = parent->passes;
	queue_child_share_body(parent, child);
	return child;
}

void
queue_child_set_body(struct queue_message *child, uint64_t pieces_mid,
    const struct segment_place *pieces, size_t count)
{
	queue_message_set_pieces(child, pieces, count);
	child->pieces_mid = pieces_mid;
	child->place = (struct segment_place){ 0 };
	child->body_mid = pieces_mid;
	child->rewritten = true;
}

void
queue_child_share_body(const struct queue_message *parent,
    struct queue_message *child)
{
	queue_message_set_pieces(child, parent->pieces, parent->piece_count);
	child->pieces_mid = parent->pieces_mid;
	child->place = parent->place;
	child->body_mid = parent->body_mid;
	child->rewritten = parent->rewritten;
}
