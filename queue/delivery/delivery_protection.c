/*
 * Protection in the deliver process: a rule, no I/O.
 */
#include "queue/delivery/delivery_protection.h"

#include <string.h>

#include "gateway/config/config.h"
#include "gateway/protocol/frame_judge.h"

struct delivery_protection_rule {
	bool asks;		/* something must be met */
	bool takes_tls;		/* by TLS as well */
};

static const struct delivery_protection_rule
    delivery_protection_rules[PROTECTION_FORMS] = {
	[PROTECTION_NONE] = { .asks = false },
	[PROTECTION_ENVELOPE] = { .asks = true },
	[PROTECTION_TLS_OR_ENVELOPE] = { .asks = true, .takes_tls = true },
};

bool
delivery_protection_rule_insists(const struct frame_destination *destination)
{
	return destination->tls >= CONFIG_DESTINATION_TLS_REQUIRED;
}

const char *
delivery_protection_refusal(const struct frame_job *job, bool has_tls)
{
	static const uint8_t nothing[sizeof(job->met_sha256)];
	const struct delivery_protection_rule *rule;
	bool is_met = memcmp(job->met_sha256, nothing, sizeof(nothing)) != 0;

	/* A form that this build does not know cannot be met. */
	if (job->protection >= PROTECTION_FORMS)
		return "the protection that it needs is unknown";
	rule = &delivery_protection_rules[job->protection];
	if (!rule->asks)
		return NULL;
	if (is_met)
		return memcmp(job->met_sha256, job->envelope.sha256,
		    sizeof(job->met_sha256)) == 0 ? NULL :
		    "its protection was made for other bytes";
	if (!rule->takes_tls)
		return "it must be an envelope and is none";
	return has_tls ? NULL : "it must be an envelope or go over TLS";
}
