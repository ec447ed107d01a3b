/*
 * Rates that a client shares over all smtp processes: connections held now,
 * messages and recipients per hour.  They are leased from lookup in
 * portions, so that most questions are answered here.
 *
 * While lookup is away the limit is counted in this process alone, divided
 * by the number of smtp processes: mail flows on, and no client gets more
 * than its whole limit from all of them.
 */
#ifndef LISTENERS_SMTP_RATE_H
#define LISTENERS_SMTP_RATE_H

#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/ipc.h"
#include "gateway/base/text.h"
#include "gateway/protocol/frame_lookup.h"
#include "listeners/smtp_wait.h"

/* Clients counted at once; further ones go uncounted. */
#define SMTP_RATE_ENTRIES_MAX 65536
#define SMTP_RATE_KEY_MAX 320

struct smtp_rate;

/* self is borrowed. */
struct smtp_rate *smtp_rate_new(struct loop *loop,
	const struct ipc_identity *self);
void smtp_rate_free(struct smtp_rate *rate);	/* NULL is allowed */
/* How many smtp processes share a limit; 1 at first. */
void smtp_rate_set_processes(struct smtp_rate *rate, uint32_t processes);
/* A new channel takes the place of an older one; the descriptor is ours. */
void smtp_rate_connect(struct smtp_rate *rate, int descriptor);

/*
 * Take one of what a client may have.
 *   key    policy or listener name, space, client
 *   limit  0: no limit, nothing is counted
 *   wait   told when to ask again (0), or that there is none (ERROR_REFUSED);
 *          NULL: do not ask lookup, count here
 * 0, ERROR_AGAIN (wait is set) or ERROR_REFUSED.
 */
int smtp_rate_take(struct smtp_rate *rate, enum frame_rate_kind kind,
	struct text key, uint64_t limit, struct smtp_wait *wait) MUST_CHECK;
/* A connection has closed; with key and limit as they were taken. */
void smtp_rate_give_back(struct smtp_rate *rate, struct text key,
	uint64_t limit);

#endif
