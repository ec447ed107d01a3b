/*
 * Messages that come from another one: its recipients that go on by
 * themselves, notifications, what filters made of it.  Until the record that
 * tells of it is written a child is in no table.
 */
#ifndef QUEUE_QUEUE_CHILD_H
#define QUEUE_QUEUE_CHILD_H

#include "gateway/mail/envelope.h"
#include "queue/queue_message.h"

struct queue;

/*
 * A message of this envelope, whose mid is a new one.  ERROR_LIMIT: it is
 * too large for a record; ERROR_MALFORMED as queue_message_new().
 */
int queue_child_new(const struct envelope *envelope,
	struct queue_message **out) MUST_CHECK;

/*
 * Recipients leave a message: a child with a number of its own, the parent's
 * envelope but for those recipients, and the body that it has now.  They are
 * the parent's, so that it always fits.
 */
struct queue_message *queue_child_split(struct queue *queue,
	const struct queue_message *parent, const struct envelope *envelope,
	struct envelope_recipient *recipients, size_t count);

/* It has a body of its own, in BODY records under that mid. */
void queue_child_set_body(struct queue_message *child,
	uint64_t pieces_mid, const struct segment_place *pieces,
	size_t count);
/* It has the body that its parent has now, in the same records. */
void queue_child_share_body(const struct queue_message *parent,
	struct queue_message *child);

#endif
