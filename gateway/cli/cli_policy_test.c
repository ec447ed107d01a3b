/*
 * "postern policy test": the operator's own cases through a configuration.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/cli/cli_private.h"
#include "gateway/cli/cli_text.h"
#include "gateway/config/config_load.h"
#include "gateway/mail/charset.h"
#include "policy/policy_test.h"

#define DEFAULT_CONFIG "/etc/postern/postern.yaml"
#define CASES_ARENA_MAX ((size_t)1024 * 1024 * 1024)
#define WORDS_MAX 65536

struct policy_work {
	const struct cli_options *options;
	struct arena *arena;
	struct config_errors *errors;
	struct config config;
	struct filter_set *set;
	struct policy_cases cases;
	size_t failed;
	json_t *list;
};

static int
print_errors(const struct policy_work *work)
{
	struct buffer words;

	buffer_init(&words, 16 * WORDS_MAX);
	if (config_errors_print(work->errors, &words) == 0)
		fwrite(buffer_text(&words).data, 1, buffer_len(&words),
		    stderr);
	buffer_clear(&words);
	return COMMAND_FAILED;
}

static int
load(struct policy_work *work, const struct command_call *call)
{
	char *path = memory_string(call->given[OPTION_CONFIG] ?
	    call->values[OPTION_CONFIG] : text_from(DEFAULT_CONFIG));
	struct reason why = { 0 };
	int error;

	/* The tests are what is run here, each with its own words. */
	config_load_set_check(filter_set_check);
	error = config_load_file(path, work->arena, &work->config,
	    work->errors);
	free(path);
	if (error != 0)
		return print_errors(work);
	path = memory_string(call->argument_count > 0 ? call->arguments[0] :
	    work->config.management.policy_tests);
	if (path[0] == '\0') {
		fprintf(stderr, "postern: name a file of cases, or set "
		    "management.policy_tests\n");
		error = ERROR_NOT_FOUND;
	} else if ((error = policy_cases_load(path, work->arena,
	    work->errors, &work->cases)) != 0)
		(void)print_errors(work);
	free(path);
	if (error != 0)
		return COMMAND_FAILED;
	if (filter_set_new(&work->config, &work->set, &why) == 0) {
		/* The very way that scan takes. */
		filter_set_accelerate(work->set);
		return COMMAND_OK;
	}
	fprintf(stderr, "postern: %s\n", why.text);
	return COMMAND_FAILED;
}

static int
tell(struct policy_work *work, const struct policy_case *one, bool is_good,
    struct text words, struct buffer *out)
{
	int error;

	if (work->options->json)
		return json_array_append_new(work->list, json_pack(
		    "{s:o, s:b, s:o}", "name", cli_text_json(one->name),
		    "ok", is_good, "differences", cli_text_json(words)));
	error = buffer_add_text(out, is_good ? TEXT("ok      ") :
	    TEXT("FAILED  "));
	if (error == 0)
		error = cli_text_add(out, one->name);
	while (error == 0 && words.len > 0) {
		size_t end = text_find_byte(words, '\n');

		error = buffer_add_text(out, TEXT("\n        "));
		if (error == 0)
			error = cli_text_add(out, text_slice(words, 0, end));
		words = text_skip(words, end + 1);
	}
	return error == 0 ? buffer_add_byte(out, '\n') : error;
}

static int
run_cases(struct policy_work *work, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < work->cases.case_count && error == 0; i++) {
		const struct policy_case *one = &work->cases.cases[i];
		struct buffer words;
		bool is_good;

		buffer_init(&words, WORDS_MAX);
		is_good = policy_test_run(&work->config, work->set, one,
		    &words) == 0;
		work->failed += !is_good;
		error = tell(work, one, is_good, buffer_text(&words), out);
		buffer_clear(&words);
	}
	return error;
}

static int
sum_up(struct policy_work *work, struct buffer *out)
{
	json_t *root;
	char *words;
	int error;

	if (!work->options->json)
		return buffer_printf(out, "%zu cases, %zu failed\n",
		    work->cases.case_count, work->failed);
	root = json_pack("{s:b, s:I, s:I, s:O}", "ok", work->failed == 0,
	    "cases", (json_int_t)work->cases.case_count, "failed",
	    (json_int_t)work->failed, "results", work->list);
	words = json_dumps(root, JSON_INDENT(2));
	error = words == NULL ? ERROR_LIMIT :
	    buffer_printf(out, "%s\n", words);
	free(words);
	json_decref(root);
	return error;
}

int
cli_run_policy_test(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct policy_work work = { .options = options,
		.arena = arena_new(CASES_ARENA_MAX),
		.errors = memory_new(sizeof(*work.errors)),
		.list = json_array() };
	int status;

	charset_prepare();
	status = load(&work, call);
	if (status == COMMAND_OK && (run_cases(&work, out) != 0 ||
	    sum_up(&work, out) != 0))
		status = COMMAND_FAILED;
	if (status == COMMAND_OK && work.failed > 0) {
		fwrite(buffer_text(out).data, 1, buffer_len(out), stdout);
		status = COMMAND_FAILED;
	}
	filter_set_free(work.set);
	json_decref(work.list);
	free(work.errors);
	arena_free(work.arena);
	return status;
}
