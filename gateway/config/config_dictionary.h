/*
 * The configuration's dictionaries: weighted terms that filters look for.
 * Part of config.h.
 */
#ifndef GATEWAY_CONFIG_CONFIG_DICTIONARY_H
#define GATEWAY_CONFIG_CONFIG_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

#define CONFIG_DICTIONARIES_MAX 100
#define CONFIG_DICTIONARY_TERMS_MAX 1000	/* in the YAML file */
#define CONFIG_DICTIONARY_FILE_MAX (256u * 1024u)	/* bytes */
/* Terms of all dictionaries together, in bytes. */
#define CONFIG_DICTIONARY_BYTES_MAX (1024u * 1024u)

/*
 * dictionaries: NAME: ...  Terms stand in the list or in the file, one a
 * line in either (policy/dictionary_term.h).
 */
struct config_dictionary {
	struct text name;
	struct text description;
	uint8_t ignore_case;
	uint8_t whole_words;
	struct text *terms;
	size_t term_count;
	struct text file;		/* "": none */
	struct text file_text;		/* content, read at load */
};

#endif
