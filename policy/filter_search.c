/*
 * Searching a text once for everything that any rule looks for.
 */
#include "policy/filter_search.h"

#include <stdlib.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "policy/filter_rule_private.h"
#include "policy/pattern_set.h"

/* What one text holds of one argument. */
struct filter_found {
	size_t count;		/* up to what is enough */
	struct pattern_match first;
	bool is_open;		/* ran into a limit: it is asked alone */
};

struct filter_search {
	struct pattern_set *set;
	size_t *most;		/* of each index */
	size_t count;
	size_t room;
	struct pattern_set_hit *hits;
	bool is_ready;
};

struct filter_search *
filter_search_new(const struct pattern_space *space)
{
	struct filter_search *search = memory_new(sizeof(*search));

	search->set = pattern_set_new(space);
	return search;
}

void
filter_search_free(struct filter_search *search)
{
	if (search == NULL)
		return;
	pattern_set_free(search->set);
	free(search->most);
	free(search->hits);
	free(search);
}

void
filter_search_add(struct filter_search *search, struct filter_bound *bound,
	size_t most)
{
	size_t index = bound->identifier != NULL ?
	    pattern_set_add_identifier(search->set, bound->identifier) :
	    pattern_set_add(search->set, bound->pattern);

	while (index >= search->room) {
		search->room = search->room == 0 ? 16 : 2 * search->room;
		search->most = memory_resize(search->most, search->room,
		    sizeof(search->most[0]));
	}
	/* Equal arguments share theirs. */
	if (index >= search->count) {
		search->count = index + 1;
		search->most[index] = 0;
	}
	if (search->most[index] < most)
		search->most[index] = most;
	bound->search = index + 1;
}

void
filter_search_compile(struct filter_search *search)
{
	struct reason why = { 0 };

	if (search->count == 0)
		return;
	if (pattern_set_compile(search->set, PATTERN_SET_BEST, &why) != 0) {
		log_event(LOG_WARNING_LEVEL, 0, "patterns_one_by_one",
		    LOG_STRING("reason", why.text));
		return;
	}
	search->hits = memory_array(search->count, sizeof(search->hits[0]));
	search->is_ready = true;
}

/* ---- one text ---- */

static void
keep(const struct pattern_set_hit *hit, struct filter_found *out)
{
	*out = (struct filter_found){ .count = hit->count,
		.first = hit->first, .is_open = hit->error != 0 };
}

/* NULL where there is no room for the answers. */
static const struct filter_found *
search_text(struct filter_search *search, struct filter_content *content,
	struct filter_text *text)
{
	size_t i, size = search->count * sizeof(struct filter_found);
	struct filter_found *found;

	if (text->found != NULL)
		return text->found;
	if (content->searched + size > FILTER_SEARCH_MEMORY_MAX)
		return NULL;
	found = arena_array(content->arena, search->count, sizeof(*found));
	if (found == NULL)
		return NULL;
	for (i = 0; i < search->count; i++)
		search->hits[i] = (struct pattern_set_hit){
			.most = search->most[i] };
	pattern_set_count(search->set, buffer_text(&text->utf8),
	    search->hits);
	for (i = 0; i < search->count; i++)
		keep(&search->hits[i], &found[i]);
	content->searched += size;
	text->found = found;
	return found;
}

int
filter_search_count(struct filter_judge *judge,
	const struct filter_bound *wanted, struct filter_text *text,
	size_t most, size_t *count)
{
	struct filter_search *search = judge->search;
	struct text bytes = buffer_text(&text->utf8);
	const struct filter_found *found = NULL;

	if (search != NULL && search->is_ready && wanted->search > 0)
		found = search_text(search, judge->message.content, text);
	if (found == NULL || found[wanted->search - 1].is_open)
		return filter_rule_count(judge, wanted, bytes, most, count);
	found += wanted->search - 1;
	*count = found->count < most ? found->count : most;
	if (*count > 0)
		judge->matched = text_slice(bytes, found->first.start,
		    found->first.end - found->first.start);
	return 0;
}
