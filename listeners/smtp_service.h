/*
 * What all sessions of one smtp process share.
 */
#ifndef LISTENERS_SMTP_SERVICE_H
#define LISTENERS_SMTP_SERVICE_H

#include <stdbool.h>

#include "crypto/remote_key.h"
#include "gateway/base/list.h"
#include "gateway/base/loop.h"
#include "listeners/smtp_counters.h"
#include "listeners/smtp_queue.h"
#include "listeners/smtp_rate.h"
#include "listeners/smtp_site.h"

struct smtp_service {
	struct loop *loop;
	struct smtp_queue *queue;
	struct smtp_rate *rate;
	struct smtp_site *site;		/* for new sessions; NULL at first */
	struct remote_key_channel *keys;	/* NULL: no TLS */
	struct list sessions;		/* struct smtp_session */
	struct list spares;		/* struct smtp_transaction */
	size_t spare_count;
	bool is_stopping;
	uint64_t connections_max;	/* by descriptors; 0: not known */
	struct smtp_counters counters;
};

/* In place; loop and self are borrowed. */
void smtp_service_init(struct smtp_service *service, struct loop *loop,
	const struct ipc_identity *self);
/* Ends every session that is left, without a word to its client. */
void smtp_service_clear(struct smtp_service *service);

/*
 * No new work: idle sessions are sent away with 421, those in the middle of
 * a message's content may finish it.
 */
void smtp_service_stop(struct smtp_service *service);

#endif
