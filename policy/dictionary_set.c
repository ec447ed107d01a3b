/*
 * All dictionaries of a configuration.
 */
#include "policy/dictionary_set.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

/* Mistakes told of one dictionary. */
#define TOLD_MAX 10

struct dictionary_set {
	struct dictionary **dictionaries;
	size_t count;
};

struct listener {
	dictionary_set_tell tell;
	void *context;
	struct arena *arena;
	const struct config_dictionary *from;
	size_t told;
};

static void
tell_term(void *context, size_t number, const char *words)
{
	struct listener *listener = context;
	const struct config_dictionary *from = listener->from;
	bool is_file = !text_is_empty(from->file);
	struct reason line = { 0 };
	struct text path;

	if (listener->told++ >= TOLD_MAX)
		return;
	if (is_file) {
		path = arena_printf(listener->arena, "dictionaries.%.*s.file",
		    TEXT_ARG(from->name));
		reason_set(&line, "line %zu of the file: %s", number, words);
		words = line.text;
	} else {
		path = arena_printf(listener->arena,
		    "dictionaries.%.*s.terms[%zu]", TEXT_ARG(from->name),
		    number);
	}
	listener->tell(listener->context, path, text_from(words));
}

struct dictionary_set *
dictionary_set_new(const struct config *config, struct pattern_space *space,
	bool measures, struct arena *arena, dictionary_set_tell tell,
	void *context)
{
	struct dictionary_set *set = memory_new(sizeof(*set));
	size_t i;

	set->dictionaries = memory_array(config->dictionary_count + 1,
	    sizeof(set->dictionaries[0]));
	for (i = 0; i < config->dictionary_count; i++) {
		struct listener listener = { .tell = tell,
			.context = context, .arena = arena,
			.from = &config->dictionaries[i] };
		struct dictionary *one = dictionary_new(listener.from, space,
		    tell_term, &listener);

		if (one != NULL && measures &&
		    !dictionary_check(one, tell_term, &listener)) {
			dictionary_free(one);
			one = NULL;
		}
		if (one != NULL)
			set->dictionaries[set->count++] = one;
	}
	return set;
}

void
dictionary_set_free(struct dictionary_set *set)
{
	size_t i;

	if (set == NULL)
		return;
	for (i = 0; i < set->count; i++)
		dictionary_free(set->dictionaries[i]);
	free(set->dictionaries);
	free(set);
}

void
dictionary_set_accelerate(struct dictionary_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		dictionary_accelerate(set->dictionaries[i]);
}

const struct dictionary *
dictionary_set_find(const struct dictionary_set *set, struct text name)
{
	size_t i;

	for (i = 0; set != NULL && i < set->count; i++)
		if (text_equal(dictionary_name(set->dictionaries[i]), name))
			return set->dictionaries[i];
	return NULL;
}
