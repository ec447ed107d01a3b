/*
 * Schema: mail_policies: whose mail is judged by which content filters.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

#define PATTERNS(member, counter) \
	.kind = CONFIG_KIND_PARTY_PATTERN, \
	CONFIG_LIST_AT(config_mail_policy, member, counter), \
	.most = CONFIG_POLICY_PATTERNS_MAX, .effect = CONFIG_EFFECT_LIVE
#define GROUPS(member, counter) \
	.kind = CONFIG_KIND_TEXT, \
	CONFIG_LIST_AT(config_mail_policy, member, counter), \
	.most = CONFIG_POLICY_GROUPS_MAX, .effect = CONFIG_EFFECT_LIVE

static const struct config_word match_words[] = {
	{ "all", CONFIG_FILTER_MATCH_ALL },
	{ "any", CONFIG_FILTER_MATCH_ANY },
	{ NULL, 0 },
};

static const struct config_row policy_rows[] = {
	{ .name = "name", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_mail_policy, name), .is_required = true,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Name of the policy, once in its list; \"default\" is the "
		  "last one, for whom no other is." },
	{ .name = "description", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_mail_policy, description), .fallback = "",
	  .most = CONFIG_TEXT_BYTES, .effect = CONFIG_EFFECT_LIVE,
	  .help = "What it is for." },
	{ .name = "active", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_mail_policy, active), .fallback = "true",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether it is asked at all." },
	{ .name = "match", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_mail_policy, match), .words = match_words,
	  .fallback = "all", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Where both senders and recipients are given: whether all "
		  "of the two must match, or any of them." },
	{ .name = "sender_fields", .kind = CONFIG_KIND_NAME,
	  CONFIG_LIST_AT(config_mail_policy, sender_fields,
	  sender_field_count), .most = 4, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Where the sender is looked for: envelope, from, reply_to, "
		  "sender; envelope and from where none is given." },
	{ .name = "senders", PATTERNS(senders, sender_count),
	  .help = "Senders whose mail it is for; none where the recipient "
		  "alone decides." },
	{ .name = "sender_groups", GROUPS(sender_groups, sender_group_count),
	  .help = "Groups of a directory whose members are such senders, "
		  "as directory.query:group." },
	{ .name = "except_senders",
	  PATTERNS(except_senders, except_sender_count),
	  .help = "Senders whose mail it is never for." },
	{ .name = "except_sender_groups",
	  GROUPS(except_sender_groups, except_sender_group_count),
	  .help = "Groups whose members are such senders." },
	{ .name = "recipients", PATTERNS(recipients, recipient_count),
	  .help = "Recipients whose mail it is for; none where the sender "
		  "alone decides." },
	{ .name = "recipient_groups",
	  GROUPS(recipient_groups, recipient_group_count),
	  .help = "Groups of a directory whose members are such "
		  "recipients." },
	{ .name = "except_recipients",
	  PATTERNS(except_recipients, except_recipient_count),
	  .help = "Recipients whose mail it is never for." },
	{ .name = "except_recipient_groups",
	  GROUPS(except_recipient_groups, except_recipient_group_count),
	  .help = "Groups whose members are such recipients." },
	{ .name = "content_filters", .kind = CONFIG_KIND_NAME,
	  CONFIG_LIST_AT(config_mail_policy, content_filters,
	  content_filter_count), .is_required = true,
	  .most = CONFIG_FILTERS_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Content filters of the direction that judge this mail, by "
		  "name, or all; they are asked in the order of their own "
		  "list." },
};

static const struct config_section policy_section = {
	CONFIG_ROWS(policy_rows),
	.shape = &config_mail_policy_shape,
	.is_named = true,
	.help = "A mail policy: whose mail it is for, and which content "
		"filters judge it (postern-filters(5)).",
};

static const struct config_row direction_rows[] = {
	{ .name = "incoming", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config_mail_policies, incoming, incoming_count),
	  .most = CONFIG_POLICIES_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .section = &policy_section,
	  .help = "Policies of mail for recipient_access, in this order." },
	{ .name = "outgoing", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config_mail_policies, outgoing, outgoing_count),
	  .most = CONFIG_POLICIES_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .section = &policy_section,
	  .help = "Policies of mail that is relayed, in this order." },
};

const struct config_section config_schema_mail_policies = {
	CONFIG_ROWS(direction_rows),
	.shape = &config_mail_policies_shape,
	.help = "Which recipients' mail is judged by which content filters; "
		"without policies every active filter judges all of it.",
};
