/*
 * What filters make.
 */
#include "queue/queue_made.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "gateway/mail/utf8.h"
#include "queue/queue.h"

/* RFC 6531 3.2: addresses beyond ASCII need SMTPUTF8. */
static bool
needs_smtputf8(const struct frame_made *made)
{
	if (!utf8_is_ascii(made->sender))
		return true;
	for (size_t i = 0; i < made->recipient_count; i++)
		if (!utf8_is_ascii(made->recipients[i]))
			return true;
	return false;
}

static struct envelope_recipient *
list_recipients(const struct frame_made *made)
{
	struct envelope_recipient *list = memory_array(made->recipient_count,
	    sizeof(*list));

	for (size_t i = 0; i < made->recipient_count; i++)
		list[i] = (struct envelope_recipient){
			.rid = (uint32_t)i + 1,
			.address = made->recipients[i],
		};
	return list;
}

/* A notice is mail of the gateway itself: nobody has brought it in. */
static struct envelope
notice_envelope(const struct queue *queue)
{
	return (struct envelope){
		.body = ENVELOPE_BODY_8BITMIME,
		.direction = ENVELOPE_OUTGOING,
		.class = ENVELOPE_CLASS_SERVICE,
		.config_version = queue->config_version,
	};
}

/* The parent's DSN parameters were said about its own recipients. */
static struct envelope
envelope_of(struct queue *queue, const struct envelope *parent,
    const struct frame_made *made, const struct queue_rewrite_body *body)
{
	struct envelope own = made->kind == FRAME_MADE_NOTICE ?
	    notice_envelope(queue) : *parent;

	own.mid = queue_ids_take(queue, QUEUE_ID_MID, 1);
	own.sender = made->sender;
	own.smtputf8 = own.smtputf8 || needs_smtputf8(made);
	own.ret = ENVELOPE_RETURN_UNSET;
	own.envid = TEXT_EMPTY;
	own.received_us = clock_now_us();
	own.size = parent->size;
	memcpy(own.sha256, parent->sha256, sizeof(own.sha256));
	if (body != NULL) {
		own.size = message_body_size(body->body);
		memcpy(own.sha256, body->sha256, sizeof(own.sha256));
	}
	return own;
}

static uint8_t
passes_of(const struct queue_message *parent, const struct frame_made *made)
{
	return made->kind == FRAME_MADE_RESCAN ?
	    (uint8_t)(parent->passes + 1) : parent->passes;
}

int
queue_made_new(struct queue *queue, const struct queue_message *parent,
    const struct envelope *envelope, const struct frame_made *made,
    const struct queue_rewrite_body *body, struct queue_message **out)
{
	struct envelope own = envelope_of(queue, envelope, made, body);
	int r;

	own.recipient_count = made->recipient_count;
	own.recipients = list_recipients(made);
	r = queue_child_new(&own, out);
	free(own.recipients);
	if (r == 0 && queue_accept_is_too_wide(queue, made->recipient_count,
	    (*out)->envelope.len)) {
		queue_message_free(*out);
		*out = NULL;
		r = ERROR_LIMIT;
	}
	if (r != 0)
		return r;
	(*out)->parent_mid = parent->mid;
	(*out)->passes = passes_of(parent, made);
	queue_child_share_body(parent, *out);
	return 0;
}
