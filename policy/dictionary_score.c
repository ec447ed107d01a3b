/*
 * Scoring texts by dictionaries.  A text is looked at in up to three forms:
 * as it is (or folded), and by its looks in two ways, which add what is not
 * there literally.  A match that both of these see is one match: for each
 * term the way that adds more counts.
 */
#include "policy/dictionary_private.h"

#include <string.h>

/*
 * Literals that may be looked at in a text: terms that are each other's ends
 * could come by the hundred at each byte.
 */
#define HITS_PER_BYTE 16
#define HITS_FREE ((uint64_t)1024 * 1024)

/* One call of dictionary_score(). */
struct run {
	const struct dictionary *dictionary;
	struct text text;
	uint64_t most;
	uint64_t score;
	struct text *first;
	struct reason *why;
	uint64_t hits_left;
	bool is_exact;		/* the pass in hand is not by looks */
};

/* Where the bytes of a form came from: the last DICTIONARY_KEY_MAX of them. */
struct trail {
	size_t offsets[DICTIONARY_KEY_MAX];
	size_t count;		/* bytes so far */
};

static struct dictionary_mark *
mark_of(const struct run *run, uint32_t term)
{
	struct dictionary_scratch *scratch = run->dictionary->scratch;
	struct dictionary_mark *mark = &scratch->marks[term];

	if (mark->call != scratch->call)
		*mark = (struct dictionary_mark){ .call = scratch->call };
	if (mark->pass != scratch->pass) {
		mark->pass = scratch->pass;
		mark->count = mark->exact;
		mark->end = 0;
	}
	return mark;
}

/* That many more matches of a term, the first of them there. */
static void
count(struct run *run, uint32_t term, size_t more, struct text found)
{
	struct dictionary_mark *mark = mark_of(run, term);

	mark->count += more;
	if (run->is_exact)
		mark->exact = mark->count;
	if (mark->count <= mark->best)
		return;
	if (run->score == 0)
		*run->first = found;
	run->score += (mark->count - mark->best) *
	    run->dictionary->terms[term].weight;
	mark->best = mark->count;
}

/* ---- words ---- */

static bool
is_whole(struct text text, size_t from, size_t to)
{
	return !(skeleton_is_word_before(text, from) &&
	    skeleton_is_word_at(text, from)) &&
	    !(skeleton_is_word_before(text, to) &&
	    skeleton_is_word_at(text, to));
}

/* Where a literal that ends here begins; false: within a character. */
static bool
find_start(const struct trail *trail, size_t len, size_t *out)
{
	size_t start = trail->count - len;

	*out = trail->offsets[start % DICTIONARY_KEY_MAX];
	/* The place before it is still in the trail, or len fills it: then
	   nobody can tell, and a match is taken for one. */
	return start == 0 || len == DICTIONARY_KEY_MAX ||
	    trail->offsets[(start - 1) % DICTIONARY_KEY_MAX] != *out;
}

/* Whether that is the term itself in the first form. */
static bool
is_literal(const struct run *run, uint32_t term, struct text found)
{
	enum skeleton_form form = run->dictionary->searches[0].form;
	struct buffer a, b;
	bool is_same;

	buffer_init(&a, DICTIONARY_KEY_MAX);
	buffer_init(&b, DICTIONARY_KEY_MAX);
	is_same = skeleton_add(form, found, &a) == 0 && skeleton_add(form,
	    run->dictionary->terms[term].text, &b) == 0 &&
	    text_equal(buffer_text(&a), buffer_text(&b));
	buffer_clear(&a);
	buffer_clear(&b);
	return is_same;
}

/*
 * What looks add: not what was found already, nor ordinary words and numbers
 * of ASCII that look like others.
 */
static bool
is_new(const struct run *run, uint32_t term, struct text found)
{
	return run->is_exact || (!skeleton_is_plain(found) &&
	    !is_literal(run, term, found));
}

/* Literals that end at that place of the text.  ERROR_LIMIT. */
static int
take_hits(struct run *run, const struct dictionary_search *search,
	uint32_t state, const struct trail *trail, size_t end)
{
	struct literal_hit hit;
	bool has = literal_search_first(search->literals, state, &hit);
	size_t start;

	for (; has; has = literal_search_next(search->literals, &hit)) {
		struct dictionary_mark *mark = mark_of(run, hit.id);
		struct text found;

		if (run->hits_left-- == 0) {
			reason_set(run->why, "the terms of dictionary %.*s "
			    "overlap too often",
			    TEXT_ARG(run->dictionary->from->name));
			return ERROR_LIMIT;
		}
		if (!find_start(trail, hit.len, &start) || start < mark->end)
			continue;
		found = text_slice(run->text, start, end - start);
		if (run->dictionary->from->whole_words &&
		    !is_whole(run->text, start, end))
			continue;
		if (!is_new(run, hit.id, found))
			continue;
		mark->end = end;
		count(run, hit.id, 1, found);
	}
	return 0;
}

static int
run_words(struct run *run, const struct dictionary_search *search)
{
	char step[SKELETON_STEP_MAX];
	struct trail trail = { .count = 0 };
	size_t at = 0, from, len, i;
	uint32_t state = 0;
	int error = 0;

	while (at < run->text.len && run->score < run->most && error == 0) {
		from = at;
		at += skeleton_next(search->form, run->text, at, step, &len);
		for (i = 0; i < len; i++) {
			trail.offsets[trail.count++ % DICTIONARY_KEY_MAX] =
			    from;
			state = literal_search_step(search->literals, state,
			    step[i]);
		}
		if (state != 0 && len > 0)
			error = take_hits(run, search, state, &trail, at);
	}
	return error;
}

/* ---- patterns and identifiers ---- */

/* Matches of a term that are enough to reach the wanted score. */
static size_t
enough(const struct run *run, const struct dictionary_matcher *matcher)
{
	unsigned int weight = run->dictionary->terms[matcher->term].weight;
	uint64_t wanted = (run->most - run->score - 1) / weight + 1;

	return wanted > SIZE_MAX ? SIZE_MAX : (size_t)wanted;
}

static void
count_one(const struct run *run, const struct dictionary_matcher *matcher,
	struct pattern_set_hit *hit)
{
	struct text found = TEXT_EMPTY;

	*hit = (struct pattern_set_hit){ .most = enough(run, matcher) };
	if (matcher->pattern != NULL) {
		hit->error = pattern_count(matcher->pattern, run->text,
		    hit->most, &hit->count, &hit->first, &hit->why);
		return;
	}
	hit->count = smart_identifier_count(matcher->identifier, run->text,
	    hit->most, &found);
	if (hit->count > 0)
		hit->first.start = (size_t)(found.data - run->text.data);
	hit->first.end = hit->first.start + found.len;
}

static void
count_together(const struct run *run)
{
	const struct dictionary *dictionary = run->dictionary;
	size_t i;

	memset(dictionary->hits, 0, sizeof(dictionary->hits[0]) *
	    pattern_set_count_indexes(dictionary->set));
	for (i = 0; i < dictionary->matcher_count; i++) {
		const struct dictionary_matcher *matcher =
		    &dictionary->matchers[i];
		struct pattern_set_hit *hit =
		    &dictionary->hits[matcher->index];
		size_t most = enough(run, matcher);

		if (most > hit->most)
			hit->most = most;
	}
	pattern_set_count(dictionary->set, run->text, dictionary->hits);
}

static int
take_matcher(struct run *run, const struct dictionary_matcher *matcher,
	const struct pattern_set_hit *hit)
{
	if (hit->error != 0) {
		reason_set(run->why, "a pattern ran into a limit: %s",
		    hit->why.text);
		return hit->error;
	}
	if (hit->count > 0)
		count(run, matcher->term, hit->count, text_slice(run->text,
		    hit->first.start, hit->first.end - hit->first.start));
	return 0;
}

static int
run_matchers(struct run *run)
{
	const struct dictionary *dictionary = run->dictionary;
	struct pattern_set_hit one, *hit = &one;
	size_t i;
	int error = 0;

	if (dictionary->set != NULL && run->score < run->most)
		count_together(run);
	for (i = 0; i < dictionary->matcher_count &&
	    run->score < run->most && error == 0; i++) {
		const struct dictionary_matcher *matcher =
		    &dictionary->matchers[i];

		if (dictionary->set != NULL)
			hit = &dictionary->hits[matcher->index];
		else
			count_one(run, matcher, hit);
		error = take_matcher(run, matcher, hit);
	}
	return error;
}

/* ---- the whole ---- */

int
dictionary_score(const struct dictionary *dictionary, struct text text,
	uint64_t most, uint64_t *score, struct text *first,
	struct reason *why)
{
	struct run run = { .dictionary = dictionary, .text = text,
		.most = most, .first = first, .why = why,
		.hits_left = HITS_FREE + HITS_PER_BYTE *
		(uint64_t)text.len };
	bool is_plain = dictionary->search_count == 1 ||
	    skeleton_is_plain(text);
	size_t i;
	int error = 0;

	*score = 0;
	dictionary->scratch->call++;
	for (i = 0; i < dictionary->search_count && error == 0; i++) {
		dictionary->scratch->pass++;
		run.is_exact = i == 0;
		if (i == 0 || !is_plain)
			error = run_words(&run, &dictionary->searches[i]);
	}
	if (error == 0)
		error = run_matchers(&run);
	*score = run.score;
	return error;
}

size_t
dictionary_matches(const struct dictionary *dictionary, size_t term)
{
	const struct dictionary_mark *mark;

	require(term < dictionary->term_count);
	mark = &dictionary->scratch->marks[term];
	return mark->call == dictionary->scratch->call ? mark->best : 0;
}
