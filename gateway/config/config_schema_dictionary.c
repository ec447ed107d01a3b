/*
 * Schema: dictionaries.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_row dictionary_rows[] = {
	{ .name = "description", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_dictionary, description), .fallback = "",
	  .most = CONFIG_TEXT_BYTES, .effect = CONFIG_EFFECT_LIVE,
	  .help = "What it is for." },
	{ .name = "ignore_case", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_dictionary, ignore_case), .fallback = "true",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether terms are found whatever their case." },
	{ .name = "whole_words", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_dictionary, whole_words), .fallback = "false",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether terms are found only where a word begins and ends; "
		  "then also those that look alike in other letters." },
	{ .name = "terms", .kind = CONFIG_KIND_LINE,
	  CONFIG_LIST_AT(config_dictionary, terms, term_count),
	  .most = CONFIG_DICTIONARY_TERMS_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Terms, such as secret, or \"/colou?r/, 3\" with a weight "
		  "from 1 to 10 (postern-filters(5))." },
	{ .name = "file", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_dictionary, file), .fallback = "",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "A file with a term on each line, in place of the list." },
};

const struct config_section config_schema_dictionary = {
	CONFIG_ROWS(dictionary_rows),
	.shape = &config_dictionary_shape,
	.is_named = true,
	.help = "Weighted terms that filters look for "
		"(postern-filters(5)).",
};
