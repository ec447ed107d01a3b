/*
 * "postern dictionary test": what a text or a message scores by a
 * dictionary, and by which of its terms.
 */
#include <jansson.h>
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/cli/cli_dictionary_private.h"
#include "gateway/cli/cli_file.h"
#include "policy/filter_content.h"

#define FILE_MAX (128u * 1024 * 1024)

/* What was found so far. */
struct tally {
	struct dictionary_work *work;
	const struct dictionary_term *terms;
	size_t term_count;
	uint64_t *matches;		/* one a term */
	uint64_t score;
	struct text first;
	bool is_message;
};

static int
score_text(struct tally *tally, struct text text)
{
	struct reason why = { 0 };
	struct text first = TEXT_EMPTY;
	uint64_t score = 0;
	size_t i;

	if (dictionary_score(tally->work->dictionary, text, UINT64_MAX,
	    &score, &first, &why) != 0)
		return cli_dictionary_complain("%s", why.text);
	if (tally->score == 0 && score > 0 &&
	    arena_copy(tally->work->arena, first, &tally->first) != 0)
		return cli_dictionary_complain("out of room");
	tally->score += score;
	for (i = 0; i < tally->term_count; i++)
		tally->matches[i] += dictionary_matches(
		    tally->work->dictionary, i);
	return COMMAND_OK;
}

/* Files of text hardly begin with one of these. */
static bool
looks_like_message(const struct mime_part *root)
{
	static const struct text names[] = { TEXT_INIT("From"),
		TEXT_INIT("Received"), TEXT_INIT("Date"),
		TEXT_INIT("Message-ID"), TEXT_INIT("MIME-Version"),
		TEXT_INIT("Return-Path"), TEXT_INIT("Content-Type") };
	size_t i, k;

	for (i = 0; i < root->field_count; i++)
		for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (text_equal_nocase(root->fields[i].name,
			    names[k]))
				return true;
	return false;
}

static uint64_t
score_of(const struct tally *tally, const struct filter_text *text)
{
	struct text first = TEXT_EMPTY;
	struct reason why = { 0 };
	uint64_t score = 0;

	return dictionary_score(tally->work->dictionary,
	    buffer_text(&text->utf8), UINT64_MAX, &score, &first, &why) == 0 ?
	    score : UINT64_MAX;
}

/* Of the views of one thing that with the highest score counts, once. */
static bool
is_best_view(const struct tally *tally, const struct filter_content *content,
    size_t index)
{
	const struct filter_text *texts = content->texts;
	uint64_t score = score_of(tally, &texts[index]), other;
	size_t i;

	for (i = 0; i < content->text_count; i++) {
		if (i == index || texts[i].number != texts[index].number)
			continue;
		other = score_of(tally, &texts[i]);
		if (other > score || (other == score && i < index))
			return false;
	}
	return true;
}

/* The texts that dictionary-match looks at. */
static int
score_message(struct tally *tally, struct filter_content *content)
{
	struct reason why = { 0 };
	size_t i;
	int status = COMMAND_OK;

	if (filter_content_decode(content, &why) != 0)
		return cli_dictionary_complain("%s", why.text);
	for (i = 0; i < content->text_count && status == COMMAND_OK; i++)
		if (is_best_view(tally, content, i))
			status = score_text(tally,
			    buffer_text(&content->texts[i].utf8));
	return status;
}

static int
score_file(struct tally *tally, struct text bytes)
{
	struct filter_content *content = NULL;
	struct reason why = { 0 };
	int status;

	if (filter_content_open(bytes, tally->work->arena, &content,
	    &why) != 0)
		return cli_dictionary_complain("%s", why.text);
	tally->is_message = looks_like_message(&content->mime.parts[0]);
	status = tally->is_message ? score_message(tally, content) :
	    score_text(tally, bytes);
	filter_content_release(&content);
	return status;
}

/* ---- telling ---- */

static int
tell_json(const struct tally *tally)
{
	json_t *array = json_array(), *root;
	struct text first = tally->first;
	struct buffer safe;
	size_t i;
	char *words;
	int error;

	for (i = 0; i < tally->term_count; i++)
		if (tally->matches[i] > 0)
			json_array_append_new(array, json_pack(
			    "{s:s%, s:s, s:i, s:I}", "text",
			    tally->terms[i].text.data,
			    tally->terms[i].text.len, "kind",
			    dictionary_kind_name(tally->terms[i].kind),
			    "weight", (int)tally->terms[i].weight,
			    "matches", (json_int_t)tally->matches[i]));
	buffer_init(&safe, 4 * first.len + 1);
	error = cli_dictionary_print(&safe, first);
	first = buffer_text(&safe);
	root = json_pack("{s:s, s:I, s:s%, s:o}", "read_as",
	    tally->is_message ? "message" : "text", "score",
	    (json_int_t)tally->score, "first", first.data, first.len,
	    "terms", array);
	words = json_dumps(root, JSON_INDENT(2));
	if (error == 0)
		error = buffer_printf(tally->work->out, "%s\n", words);
	free(words);
	json_decref(root);
	buffer_clear(&safe);
	return error == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int
tell(const struct tally *tally)
{
	struct buffer *out = tally->work->out;
	size_t i;
	int error = buffer_printf(out, "score: %llu (read as a %s)\n",
	    (unsigned long long)tally->score,
	    tally->is_message ? "message" : "text");

	if (error == 0 && tally->score > 0)
		error = buffer_printf(out, "first: ");
	if (error == 0 && tally->score > 0)
		error = cli_dictionary_print(out, tally->first);
	if (error == 0 && tally->score > 0)
		error = buffer_add_byte(out, '\n');
	for (i = 0; i < tally->term_count && error == 0; i++)
		if (tally->matches[i] > 0)
			error = buffer_printf(out, "  %6llu x  %.*s\n",
			    (unsigned long long)tally->matches[i],
			    TEXT_ARG(cli_dictionary_line(tally->work,
			    &tally->terms[i])));
	return error == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int
run(struct dictionary_work *work, struct text bytes)
{
	struct tally tally = { .work = work, .first = TEXT_EMPTY };
	int status;

	if (cli_dictionary_compile(work) != COMMAND_OK)
		return COMMAND_FAILED;
	tally.terms = dictionary_terms(work->dictionary, &tally.term_count);
	tally.matches = memory_array(tally.term_count + 1,
	    sizeof(tally.matches[0]));
	status = score_file(&tally, bytes);
	if (status == COMMAND_OK)
		status = work->options->json ? tell_json(&tally) :
		    tell(&tally);
	free(tally.matches);
	return status;
}

int
cli_run_dictionary_test(const struct cli_options *options,
	const struct command_call *call, struct buffer *out)
{
	struct dictionary_work work;
	struct reason why = { 0 };
	struct buffer bytes;
	int status = cli_dictionary_open(&work, options, call, out);

	buffer_init(&bytes, FILE_MAX);
	if (status == COMMAND_OK && cli_file_read(call->arguments[1], &bytes,
	    &why) != 0)
		status = cli_dictionary_complain("%s", why.text);
	if (status == COMMAND_OK)
		status = run(&work, buffer_text(&bytes));
	buffer_clear(&bytes);
	cli_dictionary_close(&work);
	return status;
}
