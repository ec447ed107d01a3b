/*
 * Transactions.  A few ended ones are kept with their arena and digest for
 * the next message of whatever session.  smtp process.
 */
#include "listeners/smtp_transaction.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"

#define SPARES_MAX 32
#define SPARE_BYTES_MAX 65536	/* larger envelopes are not kept */
#define ARENA_MAX (4u * 1024 * 1024)
#define RECIPIENTS_FIRST 4
#define RECIPIENT_OVERHEAD 48	/* field headers of one in a frame */

struct smtp_transaction *
smtp_transaction_begin(struct smtp_service *service)
{
	struct smtp_transaction *transaction;

	if (!list_is_empty(&service->spares)) {
		transaction = LIST_OWNER(service->spares.next,
		    struct smtp_transaction, link);
		list_remove(&transaction->link);
		service->spare_count--;
		return transaction;
	}
	transaction = memory_new(sizeof(*transaction));
	transaction->arena = arena_new(ARENA_MAX);
	list_init(&transaction->link);
	return transaction;
}

void
smtp_transaction_free(struct smtp_transaction *transaction)
{
	if (transaction == NULL)
		return;
	smtp_content_reset(&transaction->content);
	digest_free(transaction->content.digest);
	arena_free(transaction->arena);
	free(transaction);
}

void
smtp_transaction_return_budget(struct smtp_transaction *transaction,
    struct smtp_queue *queue, uint64_t keep_bytes)
{
	struct smtp_content *content = &transaction->content;

	if (content->budget <= keep_bytes)
		return;
	smtp_queue_return_budget(queue, content->budget_generation,
	    content->budget - keep_bytes);
	content->budget = keep_bytes;
}

void
smtp_transaction_end(struct smtp_service *service,
    struct smtp_transaction **pointer)
{
	struct smtp_transaction *transaction = *pointer;

	*pointer = NULL;
	if (transaction == NULL)
		return;
	smtp_transaction_return_budget(transaction, service->queue, 0);
	if (service->spare_count >= SPARES_MAX ||
	    arena_used(transaction->arena) > SPARE_BYTES_MAX) {
		smtp_transaction_free(transaction);
		return;
	}
	arena_reset(transaction->arena);
	smtp_content_reset(&transaction->content);
	memset(&transaction->envelope, 0, sizeof(transaction->envelope));
	transaction->recipient_room = 0;
	transaction->envelope_bytes = 0;
	list_prepend(&service->spares, &transaction->link);
	service->spare_count++;
}

int
smtp_transaction_set_sender(struct smtp_transaction *transaction,
    const struct envelope *from)
{
	struct envelope *envelope = &transaction->envelope;

	envelope->body = from->body;
	envelope->smtputf8 = from->smtputf8;
	envelope->ret = from->ret;
	transaction->envelope_bytes = from->sender.len + from->envid.len;
	if (arena_copy(transaction->arena, from->sender,
	    &envelope->sender) < 0 ||
	    arena_copy(transaction->arena, from->envid, &envelope->envid) < 0)
		return ERROR_LIMIT;
	return 0;
}

static int
make_room(struct smtp_transaction *transaction)
{
	struct envelope *envelope = &transaction->envelope;
	struct envelope_recipient *more;
	size_t room = transaction->recipient_room;

	if (envelope->recipient_count < room)
		return 0;
	room = room == 0 ? RECIPIENTS_FIRST : room * 2;
	more = arena_array(transaction->arena, room, sizeof(*more));
	if (more == NULL)
		return ERROR_LIMIT;
	if (envelope->recipient_count > 0)
		memcpy(more, envelope->recipients,
		    envelope->recipient_count * sizeof(*more));
	envelope->recipients = more;
	transaction->recipient_room = room;
	return 0;
}

int
smtp_transaction_add_recipient(struct smtp_transaction *transaction,
    const struct envelope_recipient *from)
{
	struct envelope *envelope = &transaction->envelope;
	struct envelope_recipient *to;
	size_t bytes = from->address.len + from->orcpt.len +
	    RECIPIENT_OVERHEAD;

	if (transaction->envelope_bytes + bytes >
	    SMTP_TRANSACTION_ENVELOPE_MAX ||
	    envelope->recipient_count >= ENVELOPE_RECIPIENTS_MAX ||
	    make_room(transaction) < 0)
		return ERROR_LIMIT;
	to = &envelope->recipients[envelope->recipient_count];
	if (arena_copy(transaction->arena, from->address, &to->address) < 0 ||
	    arena_copy(transaction->arena, from->orcpt, &to->orcpt) < 0)
		return ERROR_LIMIT;
	to->notify = from->notify;
	to->rid = (uint32_t)++envelope->recipient_count;
	transaction->envelope_bytes += bytes;
	return 0;
}
