/*
 * What one connection may do: a mail flow policy resolved against the
 * listener and the global limits.  Plain numbers, nothing left to look up.
 */
#ifndef POLICY_MAIL_FLOW_H
#define POLICY_MAIL_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/config/config.h"

struct mail_flow {
	uint8_t action;		/* enum config_flow_action */
	uint8_t tls;		/* enum config_flow_tls */
	bool offers_starttls;
	bool needs_tls;		/* 530 to nearly everything before it */
	uint32_t max_recipients;
	uint32_t max_messages;
	uint32_t max_invalid_recipients;
	uint32_t max_errors;
	uint64_t max_message_size;
	uint64_t messages_per_hour;	/* 0: no limit */
	uint64_t recipients_per_hour;	/* 0: no limit */
};

/*
 * A policy at a listener.  A size above limits.message_size counts as that;
 * counts that are 0 mean as many as the envelope or a connection can hold.
 * TLS that a policy requires is needed whatever the listener says: a
 * listener without TLS then takes no mail (fail closed).
 */
void mail_flow_resolve(const struct config_limits *limits,
	const struct config_listener *listener,
	const struct config_flow_policy *policy, struct mail_flow *out);

#endif
