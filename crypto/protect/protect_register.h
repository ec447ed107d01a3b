/*
 * Registering the keys of many messages by one request: either the key
 * service holds a message's key durably, or the message is not sent.
 */
#ifndef CRYPTO_PROTECT_PROTECT_REGISTER_H
#define CRYPTO_PROTECT_PROTECT_REGISTER_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/protect/protect_job.h"

struct protect_register {
	struct list link;		/* the owner's */
	struct list jobs;
	size_t count;
	struct text url;		/* the first job's */
	struct protect_site *site;
	struct https_fetch *fetch;
	bool is_over;
	bool is_name_stale;	/* nobody was there under a name's address */
	void (*over)(void *context);
	void *context;
};

/*
 * Begin to register jobs; they are moved here from the caller's list, which
 * keeps those that one request cannot hold.  Each job's verdict stands once
 * is_over; over tells it, but for requests that cannot even be made, which
 * are over at once.
 *   jobs   of one site and URL, at most KEY_SERVICE_BATCH_MAX, not empty
 */
struct protect_register *protect_register_new(struct list *jobs,
	void (*over)(void *context), void *context);
/* Ends it without telling; frees what jobs it has.  Not from within over. */
void protect_register_free(struct protect_register *batch);

#endif
