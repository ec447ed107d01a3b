/*
 * Compiling dictionaries.
 */
#include "policy/dictionary_private.h"

#include <stdlib.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "policy/pattern_cost.h"
#include "policy/pattern_private.h"

/* Terms with their unquoted copies. */
#define ARENA_MAX ((size_t)64 * 1024 * 1024)
#define BYTE_ORDER_MARK TEXT("\xef\xbb\xbf")
#define WRAPPED_MAX (DICTIONARY_TERM_BYTES + 16)

/* A dictionary while it is compiled. */
struct build {
	struct dictionary *dictionary;
	dictionary_tell tell;
	void *context;
	size_t number;		/* of the line or entry */
	size_t room;		/* for terms */
	bool has_mistake;
};

static void
mistake(struct build *build, const char *words)
{
	build->tell(build->context, build->number, words);
	build->has_mistake = true;
}

/* ---- terms ---- */

static void
add_matcher(struct build *build, struct dictionary_matcher matcher)
{
	struct dictionary *dictionary = build->dictionary;

	matcher.number = build->number;
	matcher.term = (uint32_t)dictionary->term_count;
	dictionary->matchers = memory_resize(dictionary->matchers,
	    dictionary->matcher_count + 1, sizeof(dictionary->matchers[0]));
	dictionary->matchers[dictionary->matcher_count++] = matcher;
}

static int
compile_pattern(struct build *build, struct text source,
	struct pattern **out)
{
	const struct dictionary *dictionary = build->dictionary;
	struct reason why = { 0 }, words = { 0 };
	size_t offset = 0;

	if (pattern_new(dictionary->space, source,
	    dictionary->from->ignore_case, out, &offset, &why) == 0)
		return 0;
	reason_set(&words, "a bad pattern, behind its first %zu bytes: %s",
	    offset, why.text);
	mistake(build, words.text);
	return ERROR_MALFORMED;
}

/* Only where words begin and end; what is said in front of it stays there. */
static void
wrap_pattern(struct build *build, struct pattern **pattern)
{
	struct pattern *inner = *pattern;
	struct buffer wrapped;

	*pattern = NULL;
	buffer_init(&wrapped, WRAPPED_MAX);
	if (buffer_printf(&wrapped, "%s\\b(?:%.*s)\\b",
	    pattern_may_be_slow(inner) ? PATTERN_SLOW_PREFIX : "",
	    TEXT_ARG(pattern_source(inner))) != 0 ||
	    compile_pattern(build, buffer_text(&wrapped), pattern) != 0)
		build->has_mistake = true;
	buffer_clear(&wrapped);
	pattern_free(inner);
}

/* As it is written first: in a group, mistakes could make sense. */
static void
add_pattern(struct build *build, const struct dictionary_term *term)
{
	struct dictionary_matcher matcher = { .pattern = NULL };

	if (compile_pattern(build, term->text, &matcher.pattern) != 0)
		return;
	if (build->dictionary->from->whole_words)
		wrap_pattern(build, &matcher.pattern);
	if (matcher.pattern != NULL)
		add_matcher(build, matcher);
}

static void
add_identifier(struct build *build, const struct dictionary_term *term)
{
	add_matcher(build, (struct dictionary_matcher){
	    .identifier = smart_identifier_find(term->text) });
}

static void
add_key(struct dictionary *dictionary,
	const struct dictionary_search *search, struct text words)
{
	struct buffer key;

	buffer_init(&key, DICTIONARY_KEY_MAX);
	/* Looks that long are no words that anybody would take for these. */
	if (skeleton_add(search->form, words, &key) == 0 &&
	    buffer_len(&key) > 0)
		literal_search_add(search->literals, buffer_text(&key),
		    (uint32_t)dictionary->term_count);
	buffer_clear(&key);
}

/* Words that stand for capitals, too: their looks are others. */
static void
add_words(struct build *build, const struct dictionary_term *term)
{
	struct dictionary *dictionary = build->dictionary;
	struct buffer capitals;
	size_t i, first;

	for (i = 0; i < dictionary->search_count; i++) {
		const struct dictionary_search *search =
		    &dictionary->searches[i];

		add_key(dictionary, search, term->text);
		for (first = 0; first < 2 &&
		    search->form == SKELETON_LOOK_FOLD; first++) {
			buffer_init(&capitals, DICTIONARY_KEY_MAX);
			if (skeleton_add_capitals(term->text, first == 1,
			    &capitals) == 0)
				add_key(dictionary, search,
				    buffer_text(&capitals));
			buffer_clear(&capitals);
		}
	}
}

static void (*const add_kind[DICTIONARY_KINDS])(struct build *build,
	const struct dictionary_term *term) = {
	[DICTIONARY_WORDS] = add_words,
	[DICTIONARY_PATTERN] = add_pattern,
	[DICTIONARY_IDENTIFIER] = add_identifier,
};

static void
take_line(struct build *build, struct text line)
{
	struct dictionary *dictionary = build->dictionary;
	struct dictionary_term term = { .weight = 0 };
	struct reason why = { 0 };
	int error = dictionary_term_parse(line, dictionary->arena, &term,
	    &why);

	build->number++;
	if (error == ERROR_LIMIT)
		reason_set(&why, "the dictionary is too large");
	if (error != 0 && error != ERROR_NOT_FOUND)
		mistake(build, why.text);
	if (error != 0)
		return;
	add_kind[term.kind](build, &term);
	if (dictionary->term_count == build->room) {
		build->room = build->room == 0 ? 16 : 2 * build->room;
		dictionary->terms = memory_resize(dictionary->terms,
		    build->room, sizeof(dictionary->terms[0]));
	}
	dictionary->terms[dictionary->term_count++] = term;
}

static void
take_lines(struct build *build)
{
	const struct config_dictionary *from = build->dictionary->from;
	struct text rest = from->file_text, line;
	size_t i;

	for (i = 0; i < from->term_count; i++)
		take_line(build, from->terms[i]);
	if (text_is_empty(from->file))
		return;
	build->number = 0;
	if (text_starts(rest, BYTE_ORDER_MARK))
		rest = text_skip(rest, BYTE_ORDER_MARK.len);
	while (dictionary_line_next(&rest, &line))
		take_line(build, line);
}

/* ---- the whole ---- */

static void
open_searches(struct dictionary *dictionary)
{
	static const enum skeleton_form forms[2][DICTIONARY_FORMS] = {
		{ SKELETON_EXACT, SKELETON_LOOK, SKELETON_FORMS },
		{ SKELETON_FOLD, SKELETON_FOLD_LOOK, SKELETON_LOOK_FOLD },
	};
	const struct config_dictionary *from = dictionary->from;
	size_t i, most = from->whole_words ? DICTIONARY_FORMS : 1;

	for (i = 0; i < most; i++) {
		enum skeleton_form form = forms[from->ignore_case != 0][i];

		if (form == SKELETON_FORMS)
			break;
		dictionary->searches[i] = (struct dictionary_search){
			.form = form, .literals = literal_search_new() };
		dictionary->search_count++;
	}
}

struct dictionary *
dictionary_new(const struct config_dictionary *from,
	struct pattern_space *space, dictionary_tell tell, void *context)
{
	struct dictionary *dictionary = memory_new(sizeof(*dictionary));
	struct build build = { .dictionary = dictionary, .tell = tell,
		.context = context };
	size_t i;

	skeleton_prepare();
	dictionary->from = from;
	dictionary->space = space;
	dictionary->arena = arena_new(ARENA_MAX);
	dictionary->scratch = memory_new(sizeof(*dictionary->scratch));
	open_searches(dictionary);
	take_lines(&build);
	for (i = 0; i < dictionary->search_count; i++)
		literal_search_compile(dictionary->searches[i].literals);
	dictionary->scratch->marks = memory_array(dictionary->term_count + 1,
	    sizeof(dictionary->scratch->marks[0]));
	if (!build.has_mistake)
		return dictionary;
	dictionary_free(dictionary);
	return NULL;
}

void
dictionary_free(struct dictionary *dictionary)
{
	size_t i;

	if (dictionary == NULL)
		return;
	for (i = 0; i < dictionary->search_count; i++)
		literal_search_free(dictionary->searches[i].literals);
	pattern_set_free(dictionary->set);
	for (i = 0; i < dictionary->matcher_count; i++)
		pattern_free(dictionary->matchers[i].pattern);
	free(dictionary->hits);
	free(dictionary->matchers);
	free(dictionary->terms);
	free(dictionary->scratch->marks);
	free(dictionary->scratch);
	arena_free(dictionary->arena);
	free(dictionary);
}

bool
dictionary_check(const struct dictionary *dictionary, dictionary_tell tell,
	void *context)
{
	struct reason why = { 0 }, words = { 0 };
	bool is_good = true;
	size_t i, offset;

	for (i = 0; i < dictionary->matcher_count; i++) {
		const struct dictionary_matcher *matcher =
		    &dictionary->matchers[i];

		if (matcher->pattern == NULL ||
		    pattern_check(matcher->pattern, &offset, &why) == 0)
			continue;
		reason_set(&words, "a slow pattern: %s", why.text);
		tell(context, matcher->number, words.text);
		is_good = false;
	}
	return is_good;
}

/* One pass over a text for all matchers, if they are some. */
static void
join_matchers(struct dictionary *dictionary)
{
	struct pattern_set *set = pattern_set_new(dictionary->space);
	struct reason why = { 0 };
	size_t i;

	for (i = 0; i < dictionary->matcher_count; i++) {
		struct dictionary_matcher *matcher = &dictionary->matchers[i];

		matcher->index = matcher->pattern != NULL ?
		    pattern_set_add(set, matcher->pattern) :
		    pattern_set_add_identifier(set, matcher->identifier);
	}
	if (pattern_set_compile(set, PATTERN_SET_BEST, &why) != 0) {
		log_event(LOG_WARNING_LEVEL, 0, "patterns_one_by_one",
		    LOG_TEXT("dictionary", dictionary_name(dictionary)),
		    LOG_STRING("reason", why.text));
		pattern_set_free(set);
		return;
	}
	dictionary->set = set;
	dictionary->hits = memory_array(pattern_set_count_indexes(set),
	    sizeof(dictionary->hits[0]));
}

void
dictionary_accelerate(struct dictionary *dictionary)
{
	size_t i;

	for (i = 0; i < dictionary->matcher_count; i++)
		if (dictionary->matchers[i].pattern != NULL)
			pattern_accelerate(dictionary->matchers[i].pattern);
	if (dictionary->matcher_count > 1)
		join_matchers(dictionary);
}

struct text
dictionary_name(const struct dictionary *dictionary)
{
	return dictionary->from->name;
}

const struct dictionary_term *
dictionary_terms(const struct dictionary *dictionary, size_t *count)
{
	*count = dictionary->term_count;
	return dictionary->terms;
}
