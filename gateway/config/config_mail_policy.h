/*
 * The configuration's section about who is judged by what: mail policies.
 * Part of config.h.
 */
#ifndef GATEWAY_CONFIG_CONFIG_MAIL_POLICY_H
#define GATEWAY_CONFIG_CONFIG_MAIL_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

/* The file of message filters. */
#define CONFIG_MESSAGE_FILTERS_MAX (1024u * 1024u)

#define CONFIG_POLICIES_MAX 200		/* of one direction */
#define CONFIG_POLICY_PATTERNS_MAX 10000
#define CONFIG_POLICY_GROUPS_MAX 100

/* The policy for whom no other is; all filters of the direction. */
#define CONFIG_POLICY_DEFAULT "default"
#define CONFIG_POLICY_ALL_FILTERS "all"

/*
 * mail_policies.incoming, .outgoing: ordered lists; the first that matches a
 * recipient judges the message for this recipient.  Patterns: "user@domain",
 * "user@", "domain" or "@domain", ".domain" or "@.domain", "all".  Groups:
 * "directory.query:group".
 */
struct config_mail_policy {
	struct text name;
	struct text description;
	uint8_t active;
	uint8_t match;			/* enum config_filter_match: of senders
					   and recipients */
	struct text *sender_fields;	/* config_sender_fields; none:
					   "envelope" and "from" */
	size_t sender_field_count;
	struct text *senders;
	size_t sender_count;
	struct text *sender_groups;
	size_t sender_group_count;
	struct text *except_senders;
	size_t except_sender_count;
	struct text *except_sender_groups;
	size_t except_sender_group_count;
	struct text *recipients;
	size_t recipient_count;
	struct text *recipient_groups;
	size_t recipient_group_count;
	struct text *except_recipients;
	size_t except_recipient_count;
	struct text *except_recipient_groups;
	size_t except_recipient_group_count;
	struct text *content_filters;	/* names, or "all" alone */
	size_t content_filter_count;
};

struct config_mail_policies {
	struct config_mail_policy *incoming;
	size_t incoming_count;
	struct config_mail_policy *outgoing;
	size_t outgoing_count;
};

/* Where a sender's address is looked for, as a set. */
enum config_sender_field {
	CONFIG_SENDER_ENVELOPE = 1,
	CONFIG_SENDER_FROM = 2,
	CONFIG_SENDER_REPLY_TO = 4,
	CONFIG_SENDER_SENDER = 8,
};

#endif
