/*
 * The file of message filters: found by the configuration, read, and
 * replaced as a whole once the configuration with it is known to be good.
 */
#include "gateway/cli/cli_filters.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/memory.h"
#include "gateway/cli/cli_file.h"
#include "gateway/config/config_files.h"
#include "policy/filter_set.h"

/* ---- telling what is wrong ---- */

int
cli_filters_fail(const struct cli_filters *filters, const char *words)
{
	json_t *root;

	if (!filters->options->json) {
		fprintf(stderr, "postern: %s\n", words);
		return COMMAND_FAILED;
	}
	root = json_pack("{s:b, s:s}", "ok", 0, "reason", words);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return COMMAND_FAILED;
}

static int
fail_with_errors(const struct cli_filters *filters)
{
	cli_print_errors(filters->options, filters->errors);
	return COMMAND_FAILED;
}

/* ---- opening ---- */

/* Everything but the message filters, which may be what is to be mended. */
static int
load_config(struct cli_filters *filters)
{
	static const struct text none = TEXT_INIT("");
	int error;

	config_files_set_message_filters(&none);
	error = config_load_file(filters->config_path, filters->arena,
	    &filters->config, filters->errors);
	config_files_set_message_filters(NULL);
	if (error != 0)
		return fail_with_errors(filters);
	if (!text_is_empty(filters->config.message_filters_file))
		return COMMAND_OK;
	return cli_filters_fail(filters, "the configuration names no file of "
	    "message filters; give it one, such as \"message_filters: "
	    "message-filters\"");
}

/* The file itself where the configuration names a link to it. */
static void
find_path(struct cli_filters *filters)
{
	char *named = memory_string(filters->config.message_filters_file);

	filters->path = realpath(named, NULL);
	if (filters->path == NULL)
		filters->path = named;
	else
		free(named);
}

static int
read_file(struct cli_filters *filters, bool for_change)
{
	struct reason why = { 0 };

	if (for_change && access(filters->path, F_OK) != 0 &&
	    errno == ENOENT)
		return COMMAND_OK;
	return cli_file_read(text_from(filters->path), &filters->text,
	    &why) == 0 ? COMMAND_OK : cli_filters_fail(filters, why.text);
}

static int
parse_file(struct cli_filters *filters)
{
	struct filter_mistake mistake = { 0 };
	struct text source = buffer_text(&filters->text);

	if (filter_script_parse(source, filters->arena, &filters->script,
	    &mistake) == 0)
		return COMMAND_OK;
	cli_filters_add_mistake(filters, text_from(filters->path), source,
	    &mistake);
	return fail_with_errors(filters);
}

int
cli_filters_open(struct cli_filters *filters,
    const struct cli_options *options, const struct command_call *call,
    bool for_change)
{
	struct reason why = { 0 };
	int status;

	*filters = (struct cli_filters){ .options = options, .call = call,
		.lock = -1 };
	filters->arena = arena_new(2 * CONFIG_LOAD_ARENA_MAX);
	filters->errors = memory_new(sizeof(*filters->errors));
	filters->config_path = memory_string(call->given[OPTION_CONFIG] ?
	    call->values[OPTION_CONFIG] : TEXT(CLI_DEFAULT_CONFIG));
	buffer_init(&filters->text, CONFIG_MESSAGE_FILTERS_MAX);
	status = load_config(filters);
	if (status != COMMAND_OK)
		return status;
	find_path(filters);
	if (for_change && cli_file_lock(filters->path, &filters->lock,
	    &why) != 0)
		return cli_filters_fail(filters, why.text);
	status = read_file(filters, for_change);
	/* What replaces all of it need not understand it. */
	if (status == COMMAND_OK && call->id != COMMAND_FILTERS_IMPORT)
		status = parse_file(filters);
	return status;
}

void
cli_filters_close(struct cli_filters *filters)
{
	if (filters->lock != -1)
		close(filters->lock);
	buffer_clear(&filters->text);
	free(filters->path);
	free(filters->config_path);
	free(filters->errors);
	arena_free(filters->arena);
}

/* ---- mistakes ---- */

void
cli_filters_add_mistake(struct cli_filters *filters, struct text file,
    struct text source, const struct filter_mistake *mistake)
{
	struct config_report report = { .arena = filters->arena,
		.errors = filters->errors, .file = file };
	struct buffer words;
	size_t line, column;

	filter_mistake_place(mistake, source, &line, &column);
	buffer_init(&words, REASON_TEXT_MAX + 1024);
	if (filter_mistake_print_words(mistake, source, &words) == 0)
		config_report_file(&report, file, line, column,
		    TEXT("message_filters"), "%.*s",
		    TEXT_ARG(buffer_text(&words)));
	else
		config_report_file(&report, file, line, column,
		    TEXT("message_filters"), "%s", mistake->why.text);
	buffer_clear(&words);
}

/* ---- changing ---- */

static int
check(struct cli_filters *filters, struct text text)
{
	struct config_report report = { .arena = filters->arena,
		.errors = filters->errors,
		.file = text_from(filters->config_path) };

	if (text.len > CONFIG_MESSAGE_FILTERS_MAX)
		return cli_filters_fail(filters, "the file would be larger "
		    "than 1 MB");
	filters->config.message_filters_text = text;
	filters->config.message_filters_file = text_from(filters->path);
	return filter_set_check(&filters->config, &report) == 0 ?
	    COMMAND_OK : fail_with_errors(filters);
}

/* As the gateway was started with it, or with the file that was named. */
static int
load(const struct cli_filters *filters)
{
	static struct command_call call;
	struct text words[3] = { TEXT_INIT("config"), TEXT_INIT("load"),
		text_from(filters->config_path) };
	size_t count = filters->call->given[OPTION_CONFIG] ? 3 : 2;
	struct reason why = { 0 };

	require(command_parse(words, count, &call, &why) == 0);
	return cli_remote_run(filters->options, &call, words, count);
}

static int
answer(const struct cli_filters *filters, size_t count, const char *words,
    struct buffer *out)
{
	json_t *root;

	if (filters->options->json) {
		root = json_pack("{s:b, s:I, s:s}", "ok", 1, words,
		    (json_int_t)count, "file", filters->path);
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(root);
		return COMMAND_OK;
	}
	return buffer_printf(out, "%zu filters %s.\nMake it active by "
	    "\"postern config load\".\n", count, words) == 0 ? COMMAND_OK :
	    COMMAND_FAILED;
}

int
cli_filters_commit(struct cli_filters *filters, struct text text,
    size_t count, const char *words, struct buffer *out)
{
	struct reason why = { 0 };
	int status = check(filters, text);

	if (status != COMMAND_OK)
		return status;
	if (cli_file_replace(filters->path, text, filters->config_path,
	    &why) != 0)
		return cli_filters_fail(filters, why.text);
	if (!filters->call->given[OPTION_LOAD])
		return answer(filters, count, words, out);
	if (!filters->options->json) {
		printf("%zu filters %s.\n", count, words);
		(void)fflush(stdout);
	}
	return load(filters);
}
