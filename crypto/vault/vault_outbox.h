/*
 * Mails on their way to queue.  What could not be handed over yet waits in
 * memory, as long as it is of use.
 */
#ifndef CRYPTO_VAULT_VAULT_OUTBOX_H
#define CRYPTO_VAULT_VAULT_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/ipc.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "gateway/protocol/frame_submit.h"

#define VAULT_OUTBOX_MAX 1000

struct vault_outbox;

struct vault_outbox *vault_outbox_new(struct loop *loop);
/* Overwrites what is still there. */
void vault_outbox_free(struct vault_outbox *outbox);

/* The channel to queue, borrowed; NULL while there is none. */
void vault_outbox_connect(struct vault_outbox *outbox, struct ipc *ipc);
/*
 * Take a whole mail (copied) for one recipient; it is dropped lifetime_ms
 * from now if queue has not taken it.  ERROR_LIMIT: too many wait.
 */
int vault_outbox_add(struct vault_outbox *outbox, struct text mail,
	struct text recipient, uint64_t config_version, int64_t lifetime_ms)
	MUST_CHECK;
/* Frames of queue; ERROR_MALFORMED where one does not fit. */
int vault_outbox_id_lease(struct vault_outbox *outbox,
	const struct frame_id_lease *lease) MUST_CHECK;
void vault_outbox_submitted(struct vault_outbox *outbox,
	const struct frame_submit_result *result);

size_t vault_outbox_waiting(const struct vault_outbox *outbox);
uint64_t vault_outbox_sent(const struct vault_outbox *outbox);

#endif
