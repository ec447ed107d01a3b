/*
 * The parts of the CLI: what runs here, and the way to admin.
 */
#ifndef GATEWAY_CLI_CLI_PRIVATE_H
#define GATEWAY_CLI_CLI_PRIVATE_H

#include <stdbool.h>

#include "gateway/config/config_snapshot.h"
#include "gateway/protocol/command.h"

/* The configuration that commands read where none is named. */
#define CLI_DEFAULT_CONFIG "/etc/postern/postern.yaml"

struct cli_options {
	const char *socket;	/* path of the control socket */
	bool json;
};

/* Run a local command; gives the exit status. */
int cli_local_run(const struct cli_options *options,
	const struct command_call *call);

/* ---- local commands with a file of their own: as cli_local.c's ---- */
int cli_run_envelope_open(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_trace(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_policy_test(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_make_key(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_dictionary(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_dictionary_test(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_list(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_detail(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_new(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_delete(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_move(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_set(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_import(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_export(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_coverage(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);
int cli_run_filters_used(const struct cli_options *options,
	const struct command_call *call, struct buffer *out);

struct config_errors;
/* Mistakes of a configuration: on standard error, or as JSON. */
void cli_print_errors(const struct cli_options *options,
	const struct config_errors *errors);

/*
 * Let admin run the words; prints what comes back and gives the exit
 * status.  For "config load FILE" the file is opened here, with the rights
 * of the caller.
 */
int cli_remote_run(const struct cli_options *options,
	const struct command_call *call, const struct text *words,
	size_t count);

/*
 * The running configuration, one reference, to be released.  Gives the exit
 * status; what went wrong has been said.
 */
int cli_remote_config(const struct cli_options *options,
	struct config_snapshot **out);

#endif
