/*
 * The last gate: what policy says must be protected leaves only as what it
 * was made into, or over the TLS that takes the place of it.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_PROTECTION_H
#define QUEUE_DELIVERY_DELIVERY_PROTECTION_H

#include <stdbool.h>

#include "gateway/protocol/frame_deliver.h"

/*
 * NULL where the bytes of the job may go, or why not, in words.
 *   has_tls  they would go over TLS that the rule insists on
 */
const char *delivery_protection_refusal(const struct frame_job *job,
	bool has_tls);

/* Whether the destination's rule keeps mail from leaving in clear. */
bool delivery_protection_rule_insists(
	const struct frame_destination *destination);

#endif
