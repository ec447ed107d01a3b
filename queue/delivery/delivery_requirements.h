/*
 * What a message needs of its next hop; where the hop has it not, the
 * message is never sent "raw" (RFC 1870 6.1, RFC 6152 3, RFC 6531 3.2).
 */
#ifndef QUEUE_DELIVERY_DELIVERY_REQUIREMENTS_H
#define QUEUE_DELIVERY_DELIVERY_REQUIREMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/delivery/delivery_body.h"
#include "queue/delivery/delivery_job.h"

/*
 * Decide FAILED for each open recipient that this hop cannot serve.
 *   extensions  what it offers, a set of enum smtp_extension
 *   size_max    the parameter of SIZE, 0: none
 */
void delivery_requirements_apply(struct delivery_job *job,
	const struct delivery_findings *findings, unsigned int extensions,
	uint64_t size_max);

#endif
