/*
 * What the commands about dictionaries share.
 */
#ifndef GATEWAY_CLI_CLI_DICTIONARY_PRIVATE_H
#define GATEWAY_CLI_CLI_DICTIONARY_PRIVATE_H

#include "gateway/base/arena.h"
#include "gateway/cli/cli_private.h"
#include "gateway/config/config_load.h"
#include "policy/dictionary.h"

/* A command while it runs. */
struct dictionary_work {
	const struct cli_options *options;
	const struct command_call *call;
	struct buffer *out;
	struct arena *arena;
	struct config_errors *errors;
	char *path;			/* of the configuration */
	struct config config;
	struct config_dictionary *from;	/* the one that the command names */
	struct pattern_space *space;
	struct dictionary *dictionary;	/* the same, compiled */
};

/*
 * Load the configuration and find the dictionary of the first argument,
 * where there is one.  An exit status; what is wrong is told.  Close it also
 * then.
 */
int cli_dictionary_open(struct dictionary_work *work,
	const struct cli_options *options, const struct command_call *call,
	struct buffer *out);
/* Compile it; its mistakes are told. */
int cli_dictionary_compile(struct dictionary_work *work);
void cli_dictionary_close(struct dictionary_work *work);

int cli_dictionary_complain(const char *format, ...) PRINTF_LIKE(1, 2);
/* A term as its line, without its end; for terminals and in the arena. */
struct text cli_dictionary_line(struct dictionary_work *work,
	const struct dictionary_term *term);
/* CWE-150: what could turn a terminal's head is a "?". */
int cli_dictionary_print(struct buffer *out, struct text t) MUST_CHECK;

#endif
