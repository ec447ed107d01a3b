/*
 * "postern dictionary list, show, import, export": the dictionaries of a
 * configuration's files.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/cli/cli_dictionary_private.h"
#include "gateway/cli/cli_file.h"
#include "gateway/config/config_check.h"
#include "gateway/mail/utf8.h"

#define LINE_MAX (8 * DICTIONARY_TERM_BYTES)
#define IMPORT_MAX (16u * 1024 * 1024)

int
cli_dictionary_complain(const char *format, ...)
{
	va_list args;

	fputs("postern: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return COMMAND_FAILED;
}

int
cli_dictionary_print(struct buffer *out, struct text t)
{
	int error = 0;

	while (t.len > 0 && error == 0) {
		uint32_t point;
		size_t len = utf8_next(t, &point);

		error = len > 0 && !utf8_is_unsafe(point) ?
		    buffer_add(out, t.data, len) : buffer_add_byte(out, '?');
		t = text_skip(t, len > 0 ? len : 1);
	}
	return error;
}

/* ---- loading ---- */

static int
complain_errors(const struct dictionary_work *work)
{
	cli_print_errors(work->options, work->errors);
	return COMMAND_FAILED;
}

static int
find_dictionary(struct dictionary_work *work)
{
	struct text name = work->call->arguments[0];
	size_t i;

	for (i = 0; i < work->config.dictionary_count; i++)
		if (text_equal(work->config.dictionaries[i].name, name))
			work->from = &work->config.dictionaries[i];
	return work->from != NULL ? COMMAND_OK : cli_dictionary_complain(
	    "there is no dictionary \"%.*s\" in %s", TEXT_ARG(name),
	    work->path);
}

int
cli_dictionary_open(struct dictionary_work *work,
	const struct cli_options *options, const struct command_call *call,
	struct buffer *out)
{
	*work = (struct dictionary_work){ .options = options, .call = call,
		.out = out };
	work->arena = arena_new(CONFIG_LOAD_ARENA_MAX);
	work->errors = memory_new(sizeof(*work->errors));
	work->path = memory_string(call->given[OPTION_CONFIG] ?
	    call->values[OPTION_CONFIG] : text_from(CLI_DEFAULT_CONFIG));
	/* Terms with mistakes are what some of these commands put right. */
	config_load_set_check(NULL);
	if (config_load_file(work->path, work->arena, &work->config,
	    work->errors) != 0)
		return complain_errors(work);
	return call->argument_count > 0 ? find_dictionary(work) : COMMAND_OK;
}

static void
tell(void *context, size_t number, const char *words)
{
	const struct dictionary_work *work = context;
	bool is_file = !text_is_empty(work->from->file);

	(void)cli_dictionary_complain("%.*s: %s %zu: %s",
	    TEXT_ARG(work->from->name), is_file ? "line" : "term", number,
	    words);
}

int
cli_dictionary_compile(struct dictionary_work *work)
{
	work->space = pattern_space_new();
	work->dictionary = dictionary_new(work->from, work->space, tell,
	    work);
	return work->dictionary != NULL ? COMMAND_OK : COMMAND_FAILED;
}

void
cli_dictionary_close(struct dictionary_work *work)
{
	dictionary_free(work->dictionary);
	pattern_space_free(work->space);
	free(work->path);
	free(work->errors);
	arena_free(work->arena);
}

struct text
cli_dictionary_line(struct dictionary_work *work,
	const struct dictionary_term *term)
{
	struct text line = TEXT_EMPTY;
	struct buffer raw, safe;

	buffer_init(&raw, LINE_MAX);
	buffer_init(&safe, LINE_MAX);
	if (dictionary_term_print(term, &raw) == 0 &&
	    cli_dictionary_print(&safe, text_slice(buffer_text(&raw), 0,
	    buffer_len(&raw) - 1)) == 0)
		(void)!arena_copy(work->arena, buffer_text(&safe), &line);
	buffer_clear(&raw);
	buffer_clear(&safe);
	return line;
}

/* ---- list ---- */

static size_t
count_terms(struct dictionary_work *work, struct config_dictionary *from)
{
	size_t count = 0;

	work->from = from;
	if (cli_dictionary_compile(work) == COMMAND_OK)
		(void)dictionary_terms(work->dictionary, &count);
	dictionary_free(work->dictionary);
	pattern_space_free(work->space);
	work->dictionary = NULL;
	work->space = NULL;
	return count;
}

static json_t *
json_settings(const struct config_dictionary *from, size_t count)
{
	return json_pack("{s:s%, s:s%, s:b, s:b, s:s%, s:I}",
	    "name", from->name.data, from->name.len,
	    "description", from->description.data, from->description.len,
	    "ignore_case", from->ignore_case != 0,
	    "whole_words", from->whole_words != 0,
	    "file", from->file.data, from->file.len,
	    "terms", (json_int_t)count);
}

static int
dump_json(json_t *root, struct buffer *out)
{
	char *text = json_dumps(root, JSON_INDENT(2));
	int error = buffer_printf(out, "%s\n", text);

	free(text);
	json_decref(root);
	return error == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int
print_settings(struct buffer *out, const struct config_dictionary *from,
	size_t count)
{
	return buffer_printf(out, "%-20.*s %6zu  %-11s  %-11s  %.*s\n",
	    TEXT_ARG(from->name), count, from->ignore_case ? "any case" :
	    "case counts", from->whole_words ? "whole words" : "anywhere",
	    TEXT_ARG(from->description));
}

static int
list(struct dictionary_work *work)
{
	json_t *array = json_array();
	size_t i;
	int error = buffer_printf(work->out, "%-20s %6s  %-11s  %-11s  %s\n",
	    "Name", "Terms", "Case", "Where", "Description");

	for (i = 0; i < work->config.dictionary_count && error == 0; i++) {
		struct config_dictionary *one = &work->config.dictionaries[i];
		size_t count = count_terms(work, one);

		json_array_append_new(array, json_settings(one, count));
		error = print_settings(work->out, one, count);
	}
	if (error != 0 || !work->options->json) {
		json_decref(array);
		return error == 0 ? COMMAND_OK : COMMAND_FAILED;
	}
	buffer_reset(work->out);
	return dump_json(json_pack("{s:o}", "dictionaries", array),
	    work->out);
}

/* ---- show ---- */

static int
show_json(struct dictionary_work *work, const struct dictionary_term *terms,
	size_t count)
{
	json_t *root = json_settings(work->from, count);
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(array, json_pack("{s:s%, s:s, s:i}",
		    "text", terms[i].text.data, terms[i].text.len,
		    "kind", dictionary_kind_name(terms[i].kind),
		    "weight", (int)terms[i].weight));
	json_object_set_new(root, "terms", array);
	return dump_json(root, work->out);
}

static int
show(struct dictionary_work *work)
{
	const struct config_dictionary *from = work->from;
	const struct dictionary_term *terms;
	size_t count, i;
	int error;

	if (cli_dictionary_compile(work) != COMMAND_OK)
		return COMMAND_FAILED;
	terms = dictionary_terms(work->dictionary, &count);
	if (work->options->json)
		return show_json(work, terms, count);
	error = buffer_printf(work->out, "name: %.*s\ndescription: %.*s\n"
	    "ignore_case: %s\nwhole_words: %s\nfile: %.*s\nterms: %zu\n",
	    TEXT_ARG(from->name), TEXT_ARG(from->description),
	    from->ignore_case ? "true" : "false",
	    from->whole_words ? "true" : "false", TEXT_ARG(from->file),
	    count);
	for (i = 0; i < count && error == 0; i++)
		error = buffer_printf(work->out, "  %.*s\n",
		    TEXT_ARG(cli_dictionary_line(work, &terms[i])));
	return error == 0 ? COMMAND_OK : COMMAND_FAILED;
}

/* ---- export ---- */

static int
export_terms(struct dictionary_work *work)
{
	const struct dictionary_term *terms;
	struct reason why = { 0 };
	size_t count, i;
	int error = 0;

	if (cli_dictionary_compile(work) != COMMAND_OK)
		return COMMAND_FAILED;
	terms = dictionary_terms(work->dictionary, &count);
	for (i = 0; i < count && error == 0; i++)
		error = dictionary_term_print(&terms[i], work->out);
	if (error != 0)
		return cli_dictionary_complain("out of room");
	if (work->call->argument_count < 2)
		return COMMAND_OK;
	if (cli_file_make(work->call->arguments[1], buffer_text(work->out),
	    &why) != 0)
		return cli_dictionary_complain("%s", why.text);
	buffer_reset(work->out);
	return work->options->json ? dump_json(json_settings(work->from,
	    count), work->out) : COMMAND_OK;
}

/* ---- import ---- */

/* The configuration with the new terms must be as good as before. */
static int
check_candidate(struct dictionary_work *work, struct text bytes)
{
	struct config_report report = { .arena = work->arena,
		.errors = work->errors, .file = text_from(work->path) };

	work->from->file_text = bytes;
	if (bytes.len > CONFIG_DICTIONARY_FILE_MAX)
		return cli_dictionary_complain("the terms of a dictionary "
		    "have at most %u bytes", CONFIG_DICTIONARY_FILE_MAX);
	if (cli_dictionary_compile(work) != COMMAND_OK)
		return COMMAND_FAILED;
	if (config_check(&work->config, &report) != 0)
		return complain_errors(work);
	return COMMAND_OK;
}

static int
import_bytes(struct dictionary_work *work, struct text bytes)
{
	struct reason why = { 0 };
	size_t count;
	char *path;
	int error;

	if (check_candidate(work, bytes) != COMMAND_OK)
		return COMMAND_FAILED;
	path = memory_string(work->from->file);
	error = cli_file_replace(path, bytes, path, &why);
	free(path);
	if (error != 0)
		return cli_dictionary_complain("%s", why.text);
	(void)dictionary_terms(work->dictionary, &count);
	if (work->options->json)
		return dump_json(json_settings(work->from, count),
		    work->out);
	return buffer_printf(work->out, "%zu terms imported; \"postern "
	    "config load\" makes them active\n", count) == 0 ? COMMAND_OK :
	    COMMAND_FAILED;
}

static int
import_terms(struct dictionary_work *work)
{
	struct reason why = { 0 };
	struct buffer bytes;
	int status;

	if (text_is_empty(work->from->file))
		return cli_dictionary_complain("the terms of \"%.*s\" stand "
		    "in %s itself; give it a file to import to",
		    TEXT_ARG(work->from->name), work->path);
	buffer_init(&bytes, IMPORT_MAX);
	status = cli_file_read(work->call->arguments[1], &bytes, &why) == 0 ?
	    import_bytes(work, buffer_text(&bytes)) :
	    cli_dictionary_complain("%s", why.text);
	buffer_clear(&bytes);
	return status;
}

/* ---- the commands ---- */

int
cli_run_dictionary(const struct cli_options *options,
	const struct command_call *call, struct buffer *out)
{
	static int (*const runners[COMMANDS])(struct dictionary_work *) = {
		[COMMAND_DICTIONARY_LIST] = list,
		[COMMAND_DICTIONARY_SHOW] = show,
		[COMMAND_DICTIONARY_IMPORT] = import_terms,
		[COMMAND_DICTIONARY_EXPORT] = export_terms,
	};
	struct dictionary_work work;
	int status = cli_dictionary_open(&work, options, call, out);

	if (status == COMMAND_OK)
		status = runners[call->id](&work);
	cli_dictionary_close(&work);
	return status;
}
