/*
 * A mail transaction (RFC 5321 3.3): from MAIL to the reply behind the
 * content, or to whatever ends it before.  It exists only as long, and
 * smtp_transaction_end() is the one function that forgets it.
 */
#ifndef LISTENERS_SMTP_TRANSACTION_H
#define LISTENERS_SMTP_TRANSACTION_H

#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/list.h"
#include "gateway/mail/envelope.h"
#include "listeners/smtp_content.h"
#include "listeners/smtp_service.h"

/*
 * Bytes of the envelope as a frame holds it, at most: with a body of
 * FRAME_BODY_INLINE_MAX it still fits one frame.
 */
#define SMTP_TRANSACTION_ENVELOPE_MAX (900u * 1024u)

struct smtp_transaction {
	struct list link;		/* service->spares */
	struct arena *arena;		/* addresses and the recipient list */
	struct envelope envelope;
	size_t recipient_room;		/* elements allocated */
	size_t envelope_bytes;		/* about what it takes in a frame */
	struct smtp_content content;
};

struct smtp_transaction *smtp_transaction_begin(struct smtp_service *service);
/* Forget it all; memory that queue had granted goes back. */
void smtp_transaction_end(struct smtp_service *service,
	struct smtp_transaction **transaction);
/* Free one that is nobody's; for the end of the service. */
void smtp_transaction_free(struct smtp_transaction *transaction);

/* Copy sender and parameters of *from.  ERROR_LIMIT when there is no room. */
int smtp_transaction_set_sender(struct smtp_transaction *transaction,
	const struct envelope *from) MUST_CHECK;
/*
 * Copy a recipient to the end of the list; its rid is given here.
 * ERROR_LIMIT: the envelope is full.
 */
int smtp_transaction_add_recipient(struct smtp_transaction *transaction,
	const struct envelope_recipient *from) MUST_CHECK;

/* Give back the memory granted for the body but keep_bytes of it. */
void smtp_transaction_return_budget(struct smtp_transaction *transaction,
	struct smtp_queue *queue, uint64_t keep_bytes);

#endif
