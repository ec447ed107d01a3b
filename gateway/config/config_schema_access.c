/*
 * Schema: sender_groups, mail_flow_policies, recipient_access: who may send
 * what to whom.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_row group_rows[] = {
	{ .name = "name", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_sender_group, name), .is_required = true,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Name of the group in logs and errors." },
	{ .name = "listeners", .kind = CONFIG_KIND_NAME,
	  CONFIG_LIST_AT(config_sender_group, listeners, listener_count),
	  .most = 64, .target = CONFIG_TARGET_LISTENER,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Listeners for which the group counts; none stands for "
		  "all." },
	{ .name = "addresses", .kind = CONFIG_KIND_NETWORK,
	  CONFIG_LIST_AT(config_sender_group, addresses, address_count),
	  .is_required = true, .least = 1, .most = 10000,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Addresses and networks of the clients, or all." },
	{ .name = "mail_flow_policy", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_sender_group, flow_policy), .is_required = true,
	  .target = CONFIG_TARGET_FLOW_POLICY, .effect = CONFIG_EFFECT_LIVE,
	  .help = "What these clients may do, one of mail_flow_policies." },
};

const struct config_section config_schema_sender_group = {
	CONFIG_ROWS(group_rows),
	.shape = &config_sender_group_shape,
	.is_named = true,
	.help = "A group of clients, found by address and listener.",
};

static const struct config_word action_words[] = {
	{ "accept", CONFIG_FLOW_ACCEPT },
	{ "relay", CONFIG_FLOW_RELAY },
	{ "reject", CONFIG_FLOW_REJECT },
	{ NULL, 0 },
};

static const struct config_word tls_words[] = {
	{ "off", CONFIG_FLOW_TLS_OFF },
	{ "preferred", CONFIG_FLOW_TLS_PREFERRED },
	{ "required", CONFIG_FLOW_TLS_REQUIRED },
	{ NULL, 0 },
};

static const struct config_row policy_rows[] = {
	{ .name = "action", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_flow_policy, action), .words = action_words,
	  .is_required = true, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Take mail for recipient_access only, relay it to anybody, "
		  "or refuse the connection." },
	{ .name = "tls", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_flow_policy, tls), .words = tls_words,
	  .fallback = "preferred", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether STARTTLS is hidden, offered, or demanded before "
		  "mail is taken." },
	{ .name = "max_message_size", .kind = CONFIG_KIND_SIZE,
	  CONFIG_AT(config_flow_policy, max_message_size), .least = 0,
	  .most = CONFIG_GB, .fallback = "0", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Largest message; 0 stands for limits.message_size." },
	{ .name = "max_recipients", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_flow_policy, max_recipients), .least = 1,
	  .most = 50000, .fallback = "1000", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Recipients of one message; further ones get 452." },
	{ .name = "max_messages", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_flow_policy, max_messages), .least = 1,
	  .most = 1000000, .fallback = "1000", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Messages in one connection, then it is closed with 421." },
	{ .name = "max_invalid_recipients", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_flow_policy, max_invalid_recipients), .least = 1,
	  .most = 100000, .fallback = "25", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Refused recipients in one connection, then it is closed "
		  "with 421." },
	{ .name = "max_errors", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_flow_policy, max_errors), .least = 1,
	  .most = 10000, .fallback = "20", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Bad commands in one connection, then it is closed with "
		  "421." },
	{ .name = "messages_per_hour", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_flow_policy, messages_per_hour), .least = 0,
	  .most = 1000000000, .fallback = "0", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Messages per client address and hour; 0 sets no limit." },
	{ .name = "recipients_per_hour", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_flow_policy, recipients_per_hour), .least = 0,
	  .most = 1000000000, .fallback = "0", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Recipients per client address and hour; 0 sets no limit." },
	{ .name = "reject_text", .kind = CONFIG_KIND_TEXT,
	  CONFIG_AT(config_flow_policy, reject_text), .most = 400,
	  .fallback = "Mail from your address is not accepted here",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Text behind 554 when the connection is refused." },
};

const struct config_section config_schema_flow_policy = {
	CONFIG_ROWS(policy_rows),
	.shape = &config_flow_policy_shape,
	.is_named = true,
	.help = "What the clients of a sender group may do.",
};

static const struct config_word access_words[] = {
	{ "accept", CONFIG_ACCESS_ACCEPT },
	{ "reject", CONFIG_ACCESS_REJECT },
	{ NULL, 0 },
};

static const struct config_row access_rows[] = {
	{ .name = "patterns", .kind = CONFIG_KIND_MAIL_PATTERN,
	  CONFIG_LIST_AT(config_recipient_access, patterns, pattern_count),
	  .is_required = true, .least = 1, .most = 100000,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Recipients that the entry is about." },
	{ .name = "action", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_recipient_access, action), .words = access_words,
	  .is_required = true, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether mail for them is taken or refused." },
	{ .name = "reply", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_recipient_access, reply), .least = 450,
	  .most = 599, .fallback = "550", .effect = CONFIG_EFFECT_LIVE,
	  .help = "SMTP reply code of a refusal." },
	{ .name = "text", .kind = CONFIG_KIND_TEXT,
	  CONFIG_AT(config_recipient_access, text), .most = 400,
	  .fallback = "Recipient address rejected",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Text of a refusal." },
};

const struct config_section config_schema_recipient_access = {
	CONFIG_ROWS(access_rows),
	.shape = &config_recipient_access_shape,
	.help = "A rule for recipients, used under policies whose action is "
		"accept.",
};
