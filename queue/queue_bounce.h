/*
 * Notifications to senders (RFC 3461, RFC 3464): one message for all
 * recipients of one outcome.
 */
#ifndef QUEUE_QUEUE_BOUNCE_H
#define QUEUE_QUEUE_BOUNCE_H

#include "gateway/base/buffer.h"
#include "gateway/mail/delivery_status.h"
#include "queue/queue_message.h"

struct queue;

/* What happened to a recipient, and in whose words. */
struct queue_bounce_item {
	const struct envelope_recipient *recipient;
	enum delivery_status_action action;
	bool is_muted;			/* the bounce profile sends none */
	struct text status;		/* "5.1.1" */
	struct text diagnostic;
	struct text host;
	int64_t retry_until_us;		/* delayed only */
};

/* How the notification is made. */
struct queue_bounce_notice {
	struct text subject;	/* empty: what its items say */
	bool is_open;		/* the original may go along although nothing
				   is recorded of its judgement yet */
};

/*
 * Make the notification that these outcomes of a message ask for, by NOTIFY
 * of each recipient (RFC 3461 4.1, 5.2): the new message, not in the table,
 * its encoded envelope the message's own, its body appended to body.  NULL
 * where none is due: nobody asked, or the sender is null (RFC 5321 4.5.5,
 * 6.1), which is logged.  Nothing goes along of a message that must be
 * protected and is not, that is not judged, or that lies in a quarantine.
 */
struct queue_message *queue_bounce_make(struct queue *queue,
	struct queue_message *message, const struct envelope *envelope,
	const struct queue_bounce_item *items, size_t count,
	const struct queue_bounce_notice *notice, struct buffer *body);

#endif
