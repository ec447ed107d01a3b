/*
 * The file of message filters that a configuration names, while a command
 * looks at it or changes it.
 */
#ifndef GATEWAY_CLI_CLI_FILTERS_H
#define GATEWAY_CLI_CLI_FILTERS_H

#include <stdbool.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/cli/cli_private.h"
#include "gateway/config/config_report.h"
#include "policy/filter_script_edit.h"

struct cli_filters {
	const struct cli_options *options;
	const struct command_call *call;
	struct arena *arena;
	char *config_path;
	struct config config;		/* all of it but message filters */
	struct config_errors *errors;
	char *path;			/* of the file */
	struct buffer text;		/* its content */
	struct filter_script script;
	int lock;			/* -1: none */
};

/*
 * Load the configuration (--config FILE) and the file that it names.  To
 * change it, the file is kept from other such commands until it is closed,
 * and need not exist yet.  Gives an exit status; what is wrong has been
 * told.  cli_filters_close() it in any case.
 */
int cli_filters_open(struct cli_filters *filters,
	const struct cli_options *options, const struct command_call *call,
	bool for_change);
void cli_filters_close(struct cli_filters *filters);

/*
 * Check the whole configuration with the new text, replace the file by it,
 * and say so: "COUNT filters WORDS.".  With --load the gateway is told to
 * use it.  Gives an exit status.
 */
int cli_filters_commit(struct cli_filters *filters, struct text text,
	size_t count, const char *words, struct buffer *out);

/* A mistake in source, which came from that file. */
void cli_filters_add_mistake(struct cli_filters *filters, struct text file,
	struct text source, const struct filter_mistake *mistake);
/* Tell on standard error, or as JSON; gives COMMAND_FAILED. */
int cli_filters_fail(const struct cli_filters *filters, const char *words);

#endif
