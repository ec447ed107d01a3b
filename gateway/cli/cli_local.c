/*
 * Commands that need no running gateway.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/cli/cli_private.h"
#include "gateway/config/config_load.h"
#include "gateway/protocol/build_id.h"

#define OUTPUT_MAX (16u * 1024 * 1024)

static void
print(struct buffer *out)
{
	struct text t = buffer_text(out);

	fwrite(t.data, 1, t.len, stdout);
}

static void
print_errors_json(const struct config_errors *errors)
{
	json_t *list = json_array(), *root;

	for (size_t i = 0; i < errors->count; i++) {
		const struct config_error *e = &errors->items[i];

		json_array_append_new(list, json_pack(
		    "{s:s%, s:I, s:I, s:s%, s:s%}",
		    "file", e->file.data, e->file.len,
		    "line", (json_int_t)e->line,
		    "column", (json_int_t)e->column,
		    "path", e->path.data, e->path.len,
		    "message", e->message.data, e->message.len));
	}
	root = json_pack("{s:b, s:o}", "ok", errors->count == 0, "errors",
	    list);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

void
cli_print_errors(const struct cli_options *options,
    const struct config_errors *errors)
{
	struct buffer out;

	if (options->json) {
		print_errors_json(errors);
		return;
	}
	buffer_init(&out, OUTPUT_MAX);
	if (config_errors_print(errors, &out) == 0)
		fwrite(buffer_text(&out).data, 1, buffer_len(&out), stderr);
	buffer_clear(&out);
}

static int
run_config_check(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct arena *arena = arena_new(CONFIG_LOAD_ARENA_MAX);
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct config config;
	char *path = memory_string(call->argument_count > 0 ?
	    call->arguments[0] : TEXT(CLI_DEFAULT_CONFIG));
	int r = config_load_file(path, arena, &config, errors);

	(void)out;
	if (r == 0 && !options->json)
		printf("%s: ok\n", path);
	else
		cli_print_errors(options, errors);
	free(path);
	free(errors);
	arena_free(arena);
	return r == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int
run_config_schema(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	(void)options;
	if ((call->given[OPTION_MANUAL] ? config_schema_print_manual(out) :
	    config_schema_print_json(out)) != 0)
		return COMMAND_FAILED;
	return COMMAND_OK;
}

static int
run_completion(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	(void)options;
	if (command_print_completion(call->arguments[0], out) == 0)
		return COMMAND_OK;
	fprintf(stderr, "postern: there is completion for bash and zsh\n");
	return COMMAND_USAGE;
}

static int
run_help(const struct cli_options *options, const struct command_call *call,
    struct buffer *out)
{
	const struct command *command;

	(void)options;
	if (call->given[OPTION_MANUAL])
		return command_print_manual(out) == 0 ? COMMAND_OK :
		    COMMAND_FAILED;
	command = call->argument_count == 0 ? NULL :
	    command_find(call->arguments, call->argument_count);
	if (command == NULL && call->argument_count > 0) {
		fprintf(stderr, "postern: there is no such command; see "
		    "\"postern help\"\n");
		return COMMAND_USAGE;
	}
	return command_print_help(command, out) == 0 ? COMMAND_OK :
	    COMMAND_FAILED;
}

static int
run_version(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	(void)call;
	return buffer_printf(out, options->json ?
	    "{\"version\": \"%s\", \"build\": \"%s\"}\n" :
	    "postern %s (%s)\n", build_version, build_id) == 0 ? COMMAND_OK :
	    COMMAND_FAILED;
}

static int (*const runners[COMMANDS])(const struct cli_options *options,
    const struct command_call *call, struct buffer *out) = {
	[COMMAND_CONFIG_CHECK] = run_config_check,
	[COMMAND_CONFIG_SCHEMA] = run_config_schema,
	[COMMAND_COMPLETION] = run_completion,
	[COMMAND_DICTIONARY_LIST] = cli_run_dictionary,
	[COMMAND_DICTIONARY_SHOW] = cli_run_dictionary,
	[COMMAND_DICTIONARY_IMPORT] = cli_run_dictionary,
	[COMMAND_DICTIONARY_EXPORT] = cli_run_dictionary,
	[COMMAND_DICTIONARY_TEST] = cli_run_dictionary_test,
	[COMMAND_ENVELOPE_OPEN] = cli_run_envelope_open,
	[COMMAND_KEY_SERVICE_MAKE_KEY] = cli_run_make_key,
	[COMMAND_TRACE] = cli_run_trace,
	[COMMAND_POLICY_TEST] = cli_run_policy_test,
	[COMMAND_FILTERS_LIST] = cli_run_filters_list,
	[COMMAND_FILTERS_DETAIL] = cli_run_filters_detail,
	[COMMAND_FILTERS_NEW] = cli_run_filters_new,
	[COMMAND_FILTERS_DELETE] = cli_run_filters_delete,
	[COMMAND_FILTERS_MOVE] = cli_run_filters_move,
	[COMMAND_FILTERS_SET] = cli_run_filters_set,
	[COMMAND_FILTERS_IMPORT] = cli_run_filters_import,
	[COMMAND_FILTERS_EXPORT] = cli_run_filters_export,
	[COMMAND_FILTERS_COVERAGE] = cli_run_filters_coverage,
	[COMMAND_FILTERS_USED] = cli_run_filters_used,
	[COMMAND_HELP] = run_help,
	[COMMAND_VERSION] = run_version,
};

int
cli_local_run(const struct cli_options *options,
    const struct command_call *call)
{
	struct buffer out;
	int status;

	require(runners[call->id] != NULL);
	buffer_init(&out, OUTPUT_MAX);
	status = runners[call->id](options, call, &out);
	if (status == COMMAND_OK)
		print(&out);
	buffer_clear(&out);
	return status;
}
