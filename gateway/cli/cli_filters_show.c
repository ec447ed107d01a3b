/*
 * Commands that show the file of message filters.
 */
#include <jansson.h>
#include <stdio.h>

#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_filters.h"
#include "policy/dictionary_set.h"
#include "policy/filter_bind.h"
#include "policy/filter_program.h"

/* One filter as it is told. */
struct shown {
	const struct filter_script_filter *filter;
	size_t number;		/* from 1 */
	struct reason why;	/* what is wrong; empty: it is valid */
};

typedef int (*show_function)(const struct shown *shown, bool is_first,
    struct buffer *out);

/* What is wrong with a dictionary "config check" tells. */
static void
pass_over(void *context, struct text path, struct text words)
{
	(void)context;
	(void)path;
	(void)words;
}

/* Whether all that it names is there. */
static void
find_fault(struct cli_filters *filters, struct shown *shown)
{
	struct filter_program *program = filter_program_new();
	struct pattern_space *space = pattern_space_new();
	struct dictionary_set *dictionaries = dictionary_set_new(
	    &filters->config, space, false, filters->arena, pass_over, NULL);
	struct filter_mistake mistake = { 0 };
	const struct filter_binder binder = { .config = &filters->config,
		.space = space, .arena = filters->arena,
		.mistake = &mistake, .place = FILTER_IN_MESSAGE_FILTERS,
		.dictionaries = dictionaries };

	if (filter_program_add(program, &binder, shown->filter->node) != 0)
		shown->why = mistake.why;
	filter_program_free(program);
	dictionary_set_free(dictionaries);
	pattern_space_free(space);
}

static bool
is_valid(const struct shown *shown)
{
	return shown->why.text[0] == '\0';
}

/* ---- in words ---- */

static int
show_row(const struct shown *shown, bool is_first, struct buffer *out)
{
	int error = is_first ? buffer_printf(out, "%-4s %-7s %-6s %s\n",
	    "Num", "Active", "Valid", "Name") : 0;

	if (error == 0)
		error = buffer_printf(out, "%-4zu %-7s %-6s %.*s\n",
		    shown->number, shown->filter->is_active ? "yes" : "no",
		    is_valid(shown) ? "yes" : "no",
		    TEXT_ARG(shown->filter->name));
	if (error == 0 && !is_valid(shown))
		error = buffer_printf(out, "     %s\n", shown->why.text);
	return error;
}

static int
show_text(const struct shown *shown, bool is_first, struct buffer *out)
{
	struct text body = shown->filter->body;
	int error = is_first ? 0 : buffer_add_byte(out, '\n');

	if (error == 0)
		error = buffer_add_text(out, body);
	if (error == 0 && body.len > 0 && body.data[body.len - 1] != '\n')
		error = buffer_add_byte(out, '\n');
	return error;
}

/* ---- as JSON ---- */

static json_t *
json_of(const struct shown *shown, bool with_text)
{
	struct text name = shown->filter->name, body = shown->filter->body;
	json_t *one = json_pack("{s:I, s:b, s:b, s:s%}",
	    "number", (json_int_t)shown->number,
	    "active", shown->filter->is_active, "valid", is_valid(shown),
	    "name", name.data, name.len);

	if (!is_valid(shown))
		json_object_set_new(one, "mistake",
		    json_string(shown->why.text));
	if (with_text)
		json_object_set_new(one, "text",
		    json_stringn(body.data, body.len));
	return one;
}

/* ---- the commands ---- */

static int
find_range(const struct cli_filters *filters, struct filter_range *range)
{
	const struct command_call *call = filters->call;
	struct reason why = { 0 };

	*range = (struct filter_range){ 0, filters->script.count };
	if (call->argument_count == 0)
		return COMMAND_OK;
	return filter_range_parse(&filters->script, call->arguments[0],
	    range, &why) == 0 ? COMMAND_OK :
	    cli_filters_fail(filters, why.text);
}

static int
show_range(struct cli_filters *filters, struct filter_range range,
    bool with_text, struct buffer *out)
{
	json_t *list = json_array(), *root;
	show_function show = with_text ? show_text : show_row;
	size_t i;
	int error = 0;

	for (i = range.first; i < range.end && error == 0; i++) {
		struct shown shown = { .number = i + 1,
			.filter = &filters->script.filters[i] };

		find_fault(filters, &shown);
		if (filters->options->json)
			json_array_append_new(list, json_of(&shown,
			    with_text));
		else
			error = show(&shown, i == range.first, out);
	}
	root = json_pack("{s:s, s:o}", "file", filters->path, "filters",
	    list);
	if (filters->options->json) {
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(root);
	return error == 0 ? COMMAND_OK : cli_filters_fail(filters,
	    "out of room");
}

static int
run(const struct cli_options *options, const struct command_call *call,
    bool with_text, struct buffer *out)
{
	struct cli_filters filters;
	struct filter_range range = { 0, 0 };
	int status = cli_filters_open(&filters, options, call, false);

	if (status == COMMAND_OK)
		status = find_range(&filters, &range);
	if (status == COMMAND_OK)
		status = show_range(&filters, range, with_text, out);
	cli_filters_close(&filters);
	return status;
}

int
cli_run_filters_list(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	return run(options, call, false, out);
}

int
cli_run_filters_detail(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	return run(options, call, true, out);
}

/* Byte for byte. */
int
cli_run_filters_export(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct cli_filters filters;
	struct reason why = { 0 };
	int status = cli_filters_open(&filters, options, call, false);

	if (status == COMMAND_OK && call->argument_count > 0 &&
	    cli_file_make(call->arguments[0], buffer_text(&filters.text),
	    &why) != 0)
		status = cli_filters_fail(&filters, why.text);
	else if (status == COMMAND_OK && call->argument_count == 0 &&
	    buffer_add_text(out, buffer_text(&filters.text)) != 0)
		status = cli_filters_fail(&filters, "out of room");
	cli_filters_close(&filters);
	return status;
}
