/*
 * Schema: content_filters, quarantines: what is decided about messages.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_word match_words[] = {
	{ "all", CONFIG_FILTER_MATCH_ALL },
	{ "any", CONFIG_FILTER_MATCH_ANY },
	{ NULL, 0 },
};

static const struct config_row filter_rows[] = {
	{ .name = "name", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_content_filter, name), .is_required = true,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Name of the filter, once in its list." },
	{ .name = "description", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_content_filter, description), .fallback = "",
	  .most = CONFIG_TEXT_BYTES, .effect = CONFIG_EFFECT_LIVE,
	  .help = "What it is for." },
	{ .name = "active", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_content_filter, active), .fallback = "true",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether it is asked at all." },
	{ .name = "match", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_content_filter, match), .words = match_words,
	  .fallback = "all", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether all conditions must be true, or any of them." },
	{ .name = "conditions", .kind = CONFIG_KIND_LINE,
	  CONFIG_LIST_AT(config_content_filter, conditions, condition_count),
	  .most = CONFIG_FILTER_TEXTS_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Rules, such as subject == \"secret\"; none is true of "
		  "every message." },
	{ .name = "actions", .kind = CONFIG_KIND_LINE,
	  CONFIG_LIST_AT(config_content_filter, actions, action_count),
	  .is_required = true, .least = 1, .most = CONFIG_FILTER_TEXTS_MAX,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "What is done, in this order, such as "
		  "encrypt(\"default\", \"$Subject\"); at most one final "
		  "action, and it is the last." },
};

static const struct config_section filter_section = {
	CONFIG_ROWS(filter_rows),
	.shape = &config_content_filter_shape,
	.is_named = true,
	.help = "A filter: conditions and actions in the rule language "
		"(postern-filters(5)).",
};

static const struct config_row direction_rows[] = {
	{ .name = "incoming", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config_content_filters, incoming, incoming_count),
	  .most = CONFIG_FILTERS_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .section = &filter_section,
	  .help = "Filters of mail for recipient_access, in this order." },
	{ .name = "outgoing", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config_content_filters, outgoing, outgoing_count),
	  .most = CONFIG_FILTERS_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .section = &filter_section,
	  .help = "Filters of mail that is relayed, in this order." },
};

const struct config_section config_schema_content_filters = {
	CONFIG_ROWS(direction_rows),
	.shape = &config_content_filters_shape,
	.help = "Which messages are protected, changed, held or refused.",
};

static const struct config_row quarantine_rows[] = {
	{ .name = "description", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_quarantine, description), .fallback = "",
	  .most = CONFIG_TEXT_BYTES, .effect = CONFIG_EFFECT_LIVE,
	  .help = "What it is for." },
};

const struct config_section config_schema_quarantine = {
	CONFIG_ROWS(quarantine_rows),
	.shape = &config_quarantine_shape,
	.is_named = true,
	.help = "A place where filters hold messages until somebody releases "
		"or deletes them.",
};
