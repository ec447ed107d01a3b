/*
 * Commands that change the file of message filters.
 */
#include <stdio.h>

#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_filters.h"

/* A change: fills next with the new text.  Gives an exit status. */
typedef int (*change_function)(struct cli_filters *filters,
    struct buffer *next, size_t *count);

/* Twice as large as a file may be, so that it is the check that tells. */
#define NEXT_MAX (2 * (size_t)CONFIG_MESSAGE_FILTERS_MAX + 4096)

static int
run(const struct cli_options *options, const struct command_call *call,
    change_function change, const char *words, struct buffer *out)
{
	struct cli_filters filters;
	struct buffer next;
	size_t count = 0;
	int status = cli_filters_open(&filters, options, call, true);

	buffer_init(&next, NEXT_MAX);
	if (status == COMMAND_OK)
		status = change(&filters, &next, &count);
	if (status == COMMAND_OK)
		status = cli_filters_commit(&filters, buffer_text(&next),
		    count, words, out);
	buffer_clear(&next);
	cli_filters_close(&filters);
	return status;
}

static int
written(const struct cli_filters *filters, int error)
{
	return error == 0 ? COMMAND_OK : cli_filters_fail(filters,
	    "the file would be larger than 1 MB");
}

static int
find(const struct cli_filters *filters, struct filter_range *range,
    size_t *count)
{
	struct reason why = { 0 };

	if (filter_range_parse(&filters->script, filters->call->arguments[0],
	    range, &why) != 0)
		return cli_filters_fail(filters, why.text);
	*count = range->end - range->first;
	return COMMAND_OK;
}

/* The text of filters from a file, "-" for standard input; parsed. */
static int
read_filters(struct cli_filters *filters, struct text name,
    struct buffer *out, size_t *count)
{
	struct filter_mistake mistake = { 0 };
	struct filter_script script;
	struct reason why = { 0 };
	bool is_input = text_equal(name, TEXT("-"));

	if (cli_file_read(name, out, &why) != 0)
		return cli_filters_fail(filters, why.text);
	if (filter_script_parse(buffer_text(out), filters->arena, &script,
	    &mistake) != 0) {
		cli_filters_add_mistake(filters, is_input ?
		    TEXT("standard input") : name, buffer_text(out),
		    &mistake);
		cli_print_errors(filters->options, filters->errors);
		return COMMAND_FAILED;
	}
	*count = script.count;
	return COMMAND_OK;
}

static int
change_new(struct cli_filters *filters, struct buffer *next, size_t *count)
{
	const struct command_call *call = filters->call;
	struct text where = call->argument_count > 0 ? call->arguments[0] :
	    TEXT("last");
	struct reason why = { 0 };
	struct buffer added;
	size_t place = 0;
	int status;

	if (filter_place_parse(&filters->script, where, NULL, &place,
	    &why) != 0)
		return cli_filters_fail(filters, why.text);
	buffer_init(&added, CONFIG_MESSAGE_FILTERS_MAX);
	status = read_filters(filters, call->given[OPTION_FILE] ?
	    call->values[OPTION_FILE] : TEXT("-"), &added, count);
	if (status == COMMAND_OK && *count == 0)
		status = cli_filters_fail(filters, "there is no filter in "
		    "that text");
	if (status == COMMAND_OK)
		status = written(filters, filter_script_insert(
		    &filters->script, place, buffer_text(&added), next));
	buffer_clear(&added);
	return status;
}

static int
change_delete(struct cli_filters *filters, struct buffer *next,
    size_t *count)
{
	struct filter_range range = { 0, 0 };
	int status = find(filters, &range, count);

	return status != COMMAND_OK ? status : written(filters,
	    filter_script_delete(&filters->script, range, next));
}

static int
change_move(struct cli_filters *filters, struct buffer *next, size_t *count)
{
	struct filter_range range = { 0, 0 };
	struct reason why = { 0 };
	size_t place = 0;
	int status = find(filters, &range, count);

	if (status != COMMAND_OK)
		return status;
	if (filter_place_parse(&filters->script,
	    filters->call->arguments[1], &range, &place, &why) != 0)
		return cli_filters_fail(filters, why.text);
	return written(filters, filter_script_move(&filters->script, range,
	    place, next));
}

static int
change_set(struct cli_filters *filters, struct buffer *next, size_t *count)
{
	bool is_active = text_equal(filters->call->arguments[1],
	    TEXT("active"));
	struct filter_range range = { 0, 0 };
	int status = find(filters, &range, count);

	return status != COMMAND_OK ? status : written(filters,
	    filter_script_activate(&filters->script, range, is_active,
	    next));
}

static int
change_import(struct cli_filters *filters, struct buffer *next,
    size_t *count)
{
	return read_filters(filters, filters->call->arguments[0], next,
	    count);
}

int
cli_run_filters_new(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	return run(options, call, change_new, "added", out);
}

int
cli_run_filters_delete(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	return run(options, call, change_delete, "deleted", out);
}

int
cli_run_filters_move(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	return run(options, call, change_move, "moved", out);
}

int
cli_run_filters_set(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct text state = call->arguments[1];

	if (text_equal(state, TEXT("active")) ||
	    text_equal(state, TEXT("inactive")))
		return run(options, call, change_set, "changed", out);
	fprintf(stderr, "postern: a filter is \"active\" or \"inactive\"\n");
	return COMMAND_USAGE;
}

int
cli_run_filters_import(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	return run(options, call, change_import, "imported", out);
}
