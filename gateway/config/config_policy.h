/*
 * What the configuration as a whole says of policy: who is judged, by what.
 */
#ifndef GATEWAY_CONFIG_CONFIG_POLICY_H
#define GATEWAY_CONFIG_CONFIG_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/config/config.h"

/*
 * Whether mail of a direction is judged: some filter is active that could
 * act on it.  Where none is, no scan process is needed for it.
 */
bool config_judges(const struct config *config, bool is_incoming);

/* The lists of one direction; *count of them. */
const struct config_mail_policy *config_mail_policies_of(
	const struct config *config, bool is_incoming, size_t *count);
const struct config_content_filter *config_content_filters_of(
	const struct config *config, bool is_incoming, size_t *count);

/* Whether the policy applies that content filter, active or not. */
bool config_mail_policy_has(const struct config_mail_policy *policy,
	struct text filter);
/* The bit of a name in sender_fields; 0 for any other. */
unsigned int config_sender_field(struct text name);

#endif
