/*
 * Compiling and checking the filters of a configuration.
 */
#include "policy/filter_set_private.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

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
		.mistake = &mistake, .place = FILTER_IN_CONTENT_FILTERS };
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

/* ---- all filters ---- */

static void
compile_list(struct filter_set *set, struct listener *listener,
	unsigned int direction, const struct config_content_filter *filters,
	size_t count, bool only_active)
{
	struct filter_set_list *list = &set->lists[direction];
	struct build build = { .set = set, .listener = listener,
		.direction = direction_names[direction] };
	size_t i;

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

static struct filter_set *
compile(const struct config *config, struct listener *listener,
	bool only_active)
{
	const struct config_content_filters *filters =
	    &config->content_filters;
	struct filter_set *set = memory_new(sizeof(*set));

	set->config = config;
	set->arena = arena_new(SET_ARENA_MAX);
	set->space = pattern_space_new();
	compile_list(set, listener, ENVELOPE_INCOMING, filters->incoming,
	    filters->incoming_count, only_active);
	compile_list(set, listener, ENVELOPE_OUTGOING, filters->outgoing,
	    filters->outgoing_count, only_active);
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
	return listener.count > 0 ? ERROR_MALFORMED : 0;
}

void
filter_set_free(struct filter_set *set)
{
	size_t direction, i;

	if (set == NULL)
		return;
	for (direction = 0; direction < FILTER_DIRECTIONS; direction++) {
		for (i = 0; i < set->lists[direction].count; i++)
			filter_program_free(
			    set->lists[direction].filters[i].program);
		free(set->lists[direction].filters);
	}
	pattern_space_free(set->space);
	arena_free(set->arena);
	free(set);
}

void
filter_set_accelerate(struct filter_set *set)
{
	size_t direction, i;

	for (direction = 0; direction < FILTER_DIRECTIONS; direction++)
		for (i = 0; i < set->lists[direction].count; i++)
			filter_program_accelerate(
			    set->lists[direction].filters[i].program);
}

bool
filter_set_has_filters(const struct filter_set *set, unsigned int direction)
{
	return direction < FILTER_DIRECTIONS &&
	    set->lists[direction].count > 0;
}
