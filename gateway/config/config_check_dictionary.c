/*
 * What must hold between the settings of dictionaries; what their terms mean
 * is checked with the filters.
 */
#include "gateway/config/config_check.h"

static size_t
bytes_of(const struct config_dictionary *dictionary)
{
	size_t bytes = dictionary->file_text.len, i;

	for (i = 0; i < dictionary->term_count; i++)
		bytes += dictionary->terms[i].len;
	return bytes;
}

void
config_check_dictionaries(const struct config *config,
	struct config_report *report)
{
	size_t bytes = 0, i;

	for (i = 0; i < config->dictionary_count; i++) {
		const struct config_dictionary *one =
		    &config->dictionaries[i];

		bytes += bytes_of(one);
		if (one->term_count > 0 && !text_is_empty(one->file))
			config_report_path(report,
			    config_report_path_of(report, "dictionaries.%.*s"
			    ".file", TEXT_ARG(one->name)), "terms stand in "
			    "the list or in a file, not in both");
	}
	if (bytes > CONFIG_DICTIONARY_BYTES_MAX)
		config_report_path(report, TEXT("dictionaries"), "the terms "
		    "of all dictionaries together are larger than %u bytes",
		    CONFIG_DICTIONARY_BYTES_MAX);
}
