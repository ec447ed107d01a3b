/*
 * Schema: text_resources: texts that filters put into mail.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_word type_words[] = {
	{ "disclaimer", CONFIG_TEXT_RESOURCE_DISCLAIMER },
	{ "notification", CONFIG_TEXT_RESOURCE_NOTIFICATION },
	{ "template", CONFIG_TEXT_RESOURCE_TEMPLATE },
	{ NULL, 0 },
};

static const struct config_row text_resource_rows[] = {
	{ .name = "type", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_text_resource, type), .words = type_words,
	  .is_required = true, .effect = CONFIG_EFFECT_LIVE,
	  .help = "What it is for: text within messages, a message of the "
		  "gateway, or a frame for one." },
	{ .name = "text", .kind = CONFIG_KIND_LINES,
	  CONFIG_AT(config_text_resource, plain), .is_required = true,
	  .most = CONFIG_TEXT_RESOURCE_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Plain text, with variables such as $Subject." },
	{ .name = "html", .kind = CONFIG_KIND_LINES,
	  CONFIG_AT(config_text_resource, html), .fallback = "",
	  .most = CONFIG_TEXT_RESOURCE_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .help = "The same as HTML; made from the text where it is empty." },
};

const struct config_section config_schema_text_resource = {
	CONFIG_ROWS(text_resource_rows),
	.shape = &config_text_resource_shape,
	.is_named = true,
	.help = "A text that filters put into mail, with the variables of "
		"actions (postern-filters(5)).",
};
