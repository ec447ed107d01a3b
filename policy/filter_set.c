/*
 * Compiling and checking the filters of a configuration.
 */
#include "policy/filter_set_private.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/config/config_policy.h"
#include "policy/filter_bind.h"
#include "policy/filter_script.h"
#include "policy/text_resource.h"

/* The trees of all filters together. */
#define SET_ARENA_MAX ((size_t)256 * 1024 * 1024)
#define WORDS_MAX 1024

/* Whom mistakes are told; *count of them. */
struct listener {
	void (*tell)(struct listener *listener, struct text path,
		struct text words);
	size_t count;
	struct config_report *report;	/* or ... */
	struct reason *why;		/* ... the first one */
};

/* One filter while it is compiled. */
struct build {
	struct filter_set *set;
	struct listener *listener;
	struct filter_program *program;
	const char *direction;
	size_t number;			/* from 1 */
	const struct filter_action *final;	/* seen so far */
};

typedef int (*parse_function)(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake);

static const char *const direction_names[FILTER_DIRECTIONS] = {
	[ENVELOPE_INCOMING] = "incoming",
	[ENVELOPE_OUTGOING] = "outgoing",
};

/* ---- mistakes ---- */

static void
tell_report(struct listener *listener, struct text path, struct text words)
{
	config_report_path(listener->report, path, "%.*s", TEXT_ARG(words));
}

static void
tell_reason(struct listener *listener, struct text path, struct text words)
{
	if (listener->count == 0)
		reason_set(listener->why, "%.*s: %.*s", TEXT_ARG(path),
		    TEXT_ARG(text_slice(words, 0, text_find_byte(words,
		    '\n'))));
}

static void
tell(struct build *build, const char *list, size_t at, struct text words)
{
	struct listener *listener = build->listener;
	/* A report keeps the path. */
	struct arena *arena = listener->report != NULL ?
	    listener->report->arena : build->set->arena;
	struct text path = arena_printf(arena, "content_filters.%s[%zu].%s",
	    build->direction, build->number, list);

	if (at > 0)
		path = arena_printf(arena, "%.*s[%zu]", TEXT_ARG(path), at);
	listener->tell(listener, path, words);
	listener->count++;
}

static void
tell_mistake(struct build *build, const char *list, size_t at,
	struct text source, const struct filter_mistake *mistake)
{
	struct buffer words;

	buffer_init(&words, WORDS_MAX);
	if (filter_mistake_print(mistake, source, &words) != 0) {
		buffer_reset(&words);
		(void)!buffer_add_text(&words,
		    text_from(mistake->why.text));
	}
	tell(build, list, at, buffer_text(&words));
	buffer_clear(&words);
}

/* ---- one filter ---- */

static int
compile_text(struct build *build, struct text source, parse_function parse,
	const char *list, size_t at, struct filter_node **root)
{
	struct filter_mistake mistake = { 0 };
	const struct filter_binder binder = { .config = build->set->config,
		.space = build->set->space, .arena = build->set->arena,
		.mistake = &mistake, .place = FILTER_IN_CONTENT_FILTERS,
		.dictionaries = build->set->dictionaries,
		.measures = build->listener->report != NULL };
	int error = parse(source, build->set->arena, root, &mistake);

	if (error == 0)
		error = filter_program_add(build->program, &binder, *root);
	if (error != 0)
		tell_mistake(build, list, at, source, &mistake);
	return error;
}

static void
compile_conditions(struct build *build,
	const struct config_content_filter *filter)
{
	enum filter_operation skip = filter->match ==
	    CONFIG_FILTER_MATCH_ALL ? FILTER_JUMP_FALSE : FILTER_JUMP_TRUE;
	struct filter_program *program = build->program;
	size_t *jumps = memory_array(filter->condition_count + 1,
	    sizeof(jumps[0]));
	size_t i;

	for (i = 0; i < filter->condition_count; i++) {
		struct filter_node *root = NULL;

		(void)!compile_text(build, filter->conditions[i],
		    filter_syntax_parse_expression, "conditions", i + 1,
		    &root);
		jumps[i] = filter_program_jump(program, skip);
	}
	for (i = 0; i < filter->condition_count; i++)
		filter_program_land(program, jumps[i]);
	free(jumps);
}

static void
compile_actions(struct build *build,
	const struct config_content_filter *filter)
{
	size_t i;

	if (filter->action_count == 0)
		tell(build, "actions", 0, TEXT("a filter without an action "
		    "does nothing; it needs at least one"));
	for (i = 0; i < filter->action_count; i++) {
		const struct filter_action *before = build->final;
		struct filter_node *root = NULL;

		if (compile_text(build, filter->actions[i],
		    filter_syntax_parse_action, "actions", i + 1, &root) != 0)
			continue;
		if (before != NULL)
			tell(build, "actions", i + 1,
			    arena_printf(build->set->arena, "%s() before it "
			    "is final: nothing may stand behind it",
			    before->signature.name));
		build->final = filter_action_find(root->name);
		if (!build->final->is_final && !build->final->ends_list)
			build->final = before;
	}
}

static struct filter_program *
compile_filter(struct build *build,
	const struct config_content_filter *filter)
{
	size_t over;

	build->program = filter_program_new();
	build->final = NULL;
	compile_conditions(build, filter);
	over = filter_program_jump(build->program, FILTER_JUMP_FALSE);
	compile_actions(build, filter);
	filter_program_land(build->program, over);
	return build->program;
}

/* ---- message filters ---- */

/* "line 3, column 9: WORDS", or at that place of the file in a report. */
static void
tell_script(struct build *build, const struct filter_mistake *mistake)
{
	struct listener *listener = build->listener;
	const struct config *config = build->set->config;
	struct text source = config->message_filters_text;
	size_t line, column;
	struct buffer words;

	filter_mistake_place(mistake, source, &line, &column);
	buffer_init(&words, WORDS_MAX);
	if (filter_mistake_print_words(mistake, source, &words) != 0) {
		buffer_reset(&words);
		(void)!buffer_add_text(&words, text_from(mistake->why.text));
	}
	if (listener->report != NULL)
		config_report_file(listener->report,
		    config->message_filters_file, line, column,
		    TEXT("message_filters"), "%.*s",
		    TEXT_ARG(buffer_text(&words)));
	else if (listener->count == 0)
		reason_set(listener->why, "message_filters: line %zu, column "
		    "%zu: %s", line, column, mistake->why.text);
	listener->count++;
	buffer_clear(&words);
}

static struct filter_program *
compile_message_filter(struct build *build,
	const struct filter_script_filter *filter)
{
	struct filter_program *program = filter_program_new();
	struct filter_mistake mistake = { 0 };
	const struct filter_binder binder = { .config = build->set->config,
		.space = build->set->space, .arena = build->set->arena,
		.mistake = &mistake, .place = FILTER_IN_MESSAGE_FILTERS,
		.dictionaries = build->set->dictionaries,
		.measures = build->listener->report != NULL };

	if (filter_program_add(program, &binder, filter->node) != 0)
		tell_script(build, &mistake);
	return program;
}

static void
compile_message_filters(struct filter_set *set, struct listener *listener,
	bool only_active)
{
	struct filter_set_list *list = &set->message_filters;
	struct build build = { .set = set, .listener = listener };
	struct filter_mistake mistake = { 0 };
	struct filter_script script;
	size_t i;

	if (text_is_empty(set->config->message_filters_text))
		return;
	if (filter_script_parse(set->config->message_filters_text, set->arena,
	    &script, &mistake) != 0) {
		tell_script(&build, &mistake);
		return;
	}
	list->filters = memory_array(script.count + 1,
	    sizeof(list->filters[0]));
	for (i = 0; i < script.count; i++) {
		if (only_active && !script.filters[i].is_active)
			continue;
		list->filters[list->count++] = (struct filter_set_filter){
			.name = script.filters[i].name,
			.program = compile_message_filter(&build,
			    &script.filters[i]) };
	}
}

/* ---- all filters ---- */

static void
compile_list(struct filter_set *set, struct listener *listener,
	unsigned int direction, bool only_active)
{
	struct filter_set_list *list = &set->lists[direction];
	struct build build = { .set = set, .listener = listener,
		.direction = direction_names[direction] };
	const struct config_content_filter *filters;
	size_t i, count;

	filters = config_content_filters_of(set->config,
	    direction == ENVELOPE_INCOMING, &count);
	list->filters = memory_array(count + 1, sizeof(list->filters[0]));
	for (i = 0; i < count; i++) {
		struct filter_set_filter *one = &list->filters[list->count];

		if (only_active && !filters[i].active)
			continue;
		build.number = i + 1;
		one->name = filters[i].name;
		one->program = compile_filter(&build, &filters[i]);
		list->count++;
	}
}

/* Those that the policy names; of message filters all. */
static struct filter_set_choice
choose(const struct filter_set_list *list,
	const struct mail_policy_list *policies, size_t policy)
{
	struct filter_set_choice choice = { .count = 0 };
	size_t i;

	choice.filters = memory_array(list->count + 1,
	    sizeof(choice.filters[0]));
	for (i = 0; i < list->count; i++)
		if (policies == NULL || mail_policy_has_filter(policies,
		    policy, list->filters[i].name))
			choice.filters[choice.count++] = &list->filters[i];
	return choice;
}

static void
compile_policies(struct filter_set *set, unsigned int direction)
{
	struct mail_policy_list *policies =
	    mail_policy_list_new(set->config, direction);
	size_t i, count = mail_policy_list_count(policies);

	set->policies[direction] = policies;
	set->choices[direction] = memory_array(count,
	    sizeof(set->choices[direction][0]));
	for (i = 0; i < count; i++)
		set->choices[direction][i] = choose(&set->lists[direction],
		    policies, i);
}

static void
number_calls(struct filter_set_list *list, size_t *count)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		filter_program_number(list->filters[i].program, count);
}

static void
tell_dictionary(void *context, struct text path, struct text words)
{
	struct listener *listener = context;

	listener->tell(listener, path, words);
	listener->count++;
}

static struct filter_set *
compile(const struct config *config, struct listener *listener,
	bool only_active)
{
	struct filter_set *set = memory_new(sizeof(*set));
	bool measures = listener->report != NULL;
	unsigned int direction;
	size_t calls = 0;

	set->config = config;
	set->arena = arena_new(SET_ARENA_MAX);
	set->space = pattern_space_new();
	set->search = filter_search_new(set->space);
	set->dictionaries = dictionary_set_new(config, set->space,
	    measures, measures ? listener->report->arena : set->arena,
	    tell_dictionary, listener);
	compile_message_filters(set, listener, only_active);
	set->message_choice = choose(&set->message_filters, NULL, 0);
	number_calls(&set->message_filters, &calls);
	for (direction = 0; direction < FILTER_DIRECTIONS; direction++) {
		compile_list(set, listener, direction, only_active);
		compile_policies(set, direction);
		number_calls(&set->lists[direction], &calls);
	}
	return set;
}

int
filter_set_new(const struct config *config, struct filter_set **out,
	struct reason *why)
{
	struct listener listener = { .tell = tell_reason, .why = why };
	struct filter_set *set = compile(config, &listener, true);

	if (listener.count > 0) {
		filter_set_free(set);
		return ERROR_MALFORMED;
	}
	*out = set;
	return 0;
}

int
filter_set_check(const struct config *config, struct config_report *report)
{
	struct listener listener = { .tell = tell_report, .report = report };

	filter_set_free(compile(config, &listener, false));
	return text_resource_check(config, report) != 0 ||
	    listener.count > 0 ? ERROR_MALFORMED : 0;
}

static void
free_list(struct filter_set_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		filter_program_free(list->filters[i].program);
	free(list->filters);
}

void
filter_set_free(struct filter_set *set)
{
	unsigned int direction;
	size_t i;

	if (set == NULL)
		return;
	for (direction = 0; direction < FILTER_DIRECTIONS; direction++) {
		for (i = 0; i < mail_policy_list_count(
		    set->policies[direction]); i++)
			free(set->choices[direction][i].filters);
		free(set->choices[direction]);
		mail_policy_list_free(set->policies[direction]);
		free_list(&set->lists[direction]);
	}
	free(set->message_choice.filters);
	free_list(&set->message_filters);
	filter_search_free(set->search);
	dictionary_set_free(set->dictionaries);
	pattern_space_free(set->space);
	arena_free(set->arena);
	free(set);
}

static void
accelerate(struct filter_set *set, struct filter_set_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		filter_program_accelerate(list->filters[i].program);
		filter_program_search(list->filters[i].program, set->search);
	}
}

void
filter_set_accelerate(struct filter_set *set)
{
	unsigned int direction;

	dictionary_set_accelerate(set->dictionaries);
	accelerate(set, &set->message_filters);
	for (direction = 0; direction < FILTER_DIRECTIONS; direction++)
		accelerate(set, &set->lists[direction]);
	filter_search_compile(set->search);
}

bool
filter_set_has_filters(const struct filter_set *set, unsigned int direction)
{
	return set->message_filters.count > 0 ||
	    (direction < FILTER_DIRECTIONS &&
	    set->lists[direction].count > 0);
}
