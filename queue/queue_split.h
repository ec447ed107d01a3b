/*
 * "TLS or an envelope": recipients for whom there is no TLS need the
 * envelope.  Are they all that is left of a message, it becomes one itself;
 * else they go on as a message of their own that shares the body.
 */
#ifndef QUEUE_QUEUE_SPLIT_H
#define QUEUE_QUEUE_SPLIT_H

struct queue;
struct queue_message;

/*
 * Mark the live recipients in no part whose destination never uses TLS,
 * where the message asks for it.
 */
void queue_split_mark(struct queue *queue, struct queue_message *message);
/*
 * Recipients that are marked (needs_envelope) wait for their envelope from
 * now on, in this message or in a new one; nothing without any, or of a
 * message that is held.  Marked ones are in no part.
 */
void queue_split_marked(struct queue *queue, struct queue_message *message);

#endif
