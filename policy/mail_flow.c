/*
 * Mail flow policies resolved.  Used by smtp at each connection.
 */
#include "policy/mail_flow.h"

#include <string.h>

#include "gateway/mail/envelope.h"

static uint32_t
count_or_most(uint32_t count, uint32_t most)
{
	return count == 0 || count > most ? most : count;
}

void
mail_flow_resolve(const struct config_limits *limits,
    const struct config_listener *listener,
    const struct config_flow_policy *policy, struct mail_flow *out)
{
	memset(out, 0, sizeof(*out));
	out->action = policy->action;
	out->tls = policy->tls;
	out->offers_starttls = listener->tls == CONFIG_LISTENER_TLS_STARTTLS &&
	    policy->tls != CONFIG_FLOW_TLS_OFF;
	out->needs_tls = policy->tls == CONFIG_FLOW_TLS_REQUIRED;
	out->max_recipients = count_or_most(policy->max_recipients,
	    ENVELOPE_RECIPIENTS_MAX);
	out->max_messages = count_or_most(policy->max_messages, UINT32_MAX);
	out->max_invalid_recipients = count_or_most(
	    policy->max_invalid_recipients, UINT32_MAX);
	out->max_errors = count_or_most(policy->max_errors, UINT32_MAX);
	out->max_message_size = limits->message_size;
	if (policy->max_message_size != 0 &&
	    policy->max_message_size < limits->message_size)
		out->max_message_size = policy->max_message_size;
	out->messages_per_hour = policy->messages_per_hour;
	out->recipients_per_hour = policy->recipients_per_hour;
}
