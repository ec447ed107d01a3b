/*
 * Sets of patterns.
 */
#include "policy/pattern_set.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "gateway/mail/utf8.h"
#include "policy/pattern_factor.h"
#include "policy/pattern_literals.h"
#include "policy/pattern_private.h"
#include "policy/pattern_run.h"
#include "policy/pattern_spans.h"
#include "policy/pattern_vectorscan.h"

/* Places have 32 bits; no message holds so much text. */
#define SUBJECT_MAX ((size_t)1 << 31)
/* Bytes by which U+017F and U+212A are longer than s and k. */
#define FOLDING_EXTRA 2

struct entry {
	const struct pattern *pattern;	/* or */
	const struct smart_identifier *identifier;
	bool has_factor;
	struct pattern_spans spans;	/* of the search at work */
};

/* A piece of the factor of an entry; those of one literal are chained. */
struct piece {
	size_t entry;
	size_t next;		/* number + 1 */
	size_t len;		/* of its literal, or of the run */
	size_t before_min, before_max;
	struct pattern_run before;
	/* The last place looked back from, and how far that went. */
	size_t looked, reached;
};

/* All runs of one set. */
struct run_group {
	struct pattern_class set;
	struct pattern_run run;
	size_t least;
	size_t first;		/* piece number + 1 */
};

struct pattern_set {
	const struct pattern_space *space;
	struct entry *entries;
	size_t count, size;
	struct map *known;	/* addresses to index + 1 */
	struct map *sources[2];	/* texts of patterns to index + 1 */
	struct piece *pieces;
	size_t piece_count, piece_size;
	struct run_group *groups;
	size_t group_count, group_size;
	struct pattern_literals *literals;
	size_t *by_literal;	/* piece number + 1 */
	size_t literal_size;
	/* The search at work. */
	struct text subject;
	enum pattern_subject subject_kind;
	bool has_folding;
};

struct pattern_set *
pattern_set_new(const struct pattern_space *space)
{
	struct pattern_set *set = memory_new(sizeof(*set));

	set->space = space;
	set->known = map_new();
	set->sources[0] = map_new();
	set->sources[1] = map_new();
	set->literals = pattern_literals_new();
	return set;
}

void
pattern_set_free(struct pattern_set *set)
{
	size_t i;

	if (set == NULL)
		return;
	for (i = 0; i < set->count; i++)
		pattern_spans_clear(&set->entries[i].spans);
	pattern_literals_free(set->literals);
	map_free(set->known);
	map_free(set->sources[0]);
	map_free(set->sources[1]);
	free(set->entries);
	free(set->pieces);
	free(set->groups);
	free(set->by_literal);
	free(set);
}

size_t
pattern_set_count_indexes(const struct pattern_set *set)
{
	return set->count;
}

bool
pattern_set_has_factor(const struct pattern_set *set, size_t index)
{
	require(index < set->count);
	return set->entries[index].has_factor;
}

/* Room for one more element of an array of the set. */
#define GROW(array, count, size) do { \
	if ((count) == (size)) { \
		(size) = (size) == 0 ? 16 : (size) * 2; \
		(array) = memory_resize((array), (size), sizeof(*(array))); \
	} \
} while (0)

/* ---- adding ---- */

static void
add_to_literal(struct pattern_set *set, const struct pattern_factor_piece
	*from, size_t number)
{
	size_t literal = pattern_literals_add(set->literals,
	    text_of(from->bytes, from->len), from->ignore_case), old;

	if (literal >= set->literal_size) {
		old = set->literal_size;
		set->literal_size = literal * 2 + 16;
		set->by_literal = memory_resize(set->by_literal,
		    set->literal_size, sizeof(*set->by_literal));
		memset(set->by_literal + old, 0,
		    (set->literal_size - old) * sizeof(*set->by_literal));
	}
	set->pieces[number].next = set->by_literal[literal];
	set->by_literal[literal] = number + 1;
}

static void
add_to_group(struct pattern_set *set, const struct pattern_factor_piece
	*from, size_t number)
{
	struct run_group *group;
	size_t i = 0;

	while (i < set->group_count && !pattern_class_equal(
	    &set->groups[i].set, &from->set))
		i++;
	if (i == set->group_count) {
		GROW(set->groups, set->group_count, set->group_size);
		group = &set->groups[set->group_count++];
		*group = (struct run_group){ .set = from->set,
			.least = SIZE_MAX };
		pattern_run_init(&group->run, &from->set);
	}
	group = &set->groups[i];
	if (from->run < group->least)
		group->least = from->run;
	set->pieces[number].next = group->first;
	group->first = number + 1;
}

static void
add_piece(struct pattern_set *set, const struct pattern_factor_piece *from,
	size_t entry)
{
	struct piece *piece;

	GROW(set->pieces, set->piece_count, set->piece_size);
	piece = &set->pieces[set->piece_count++];
	*piece = (struct piece){ .entry = entry,
		.len = from->len > 0 ? from->len : from->run,
		.before_min = from->before_min,
		.before_max = from->before_max };
	pattern_run_init(&piece->before, &from->before);
	if (from->len > 0)
		add_to_literal(set, from, set->piece_count - 1);
	else
		add_to_group(set, from, set->piece_count - 1);
}

static size_t
add_entry(struct pattern_set *set, const struct entry *entry,
	struct text source, bool ignore_case)
{
	struct pattern_shape *shape = NULL;
	struct pattern_factor factor;
	size_t i;

	GROW(set->entries, set->count, set->size);
	set->entries[set->count] = *entry;
	if (pattern_shape_new(source, ignore_case, &shape) == 0 &&
	    pattern_factor_find(shape, &factor) == 0) {
		set->entries[set->count].has_factor = true;
		for (i = 0; i < factor.count; i++)
			add_piece(set, &factor.pieces[i], set->count);
	}
	pattern_shape_free(shape);
	return set->count++;
}

size_t
pattern_set_add(struct pattern_set *set, const struct pattern *pattern)
{
	struct map *sources = set->sources[pattern_ignores_case(pattern)];
	uintptr_t known = (uintptr_t)map_get_text(sources,
	    pattern_source(pattern));

	if (known == 0) {
		known = add_entry(set, &(struct entry){ .pattern = pattern },
		    pattern_source(pattern),
		    pattern_ignores_case(pattern)) + 1;
		(void)map_put_text(sources, pattern_source(pattern),
		    (void *)known);
	}
	return known - 1;
}

size_t
pattern_set_add_identifier(struct pattern_set *set,
	const struct smart_identifier *identifier)
{
	uintptr_t known = (uintptr_t)map_get(set->known,
	    (uintptr_t)identifier);

	if (known == 0) {
		known = add_entry(set,
		    &(struct entry){ .identifier = identifier },
		    text_from(identifier->form), false) + 1;
		(void)map_put(set->known, (uintptr_t)identifier,
		    (void *)known);
	}
	return known - 1;
}

int
pattern_set_compile(struct pattern_set *set, enum pattern_set_engine engine,
	struct reason *why)
{
	return pattern_literals_compile(set->literals,
	    engine == PATTERN_SET_BEST && pattern_vectorscan_is_there(),
	    why);
}

/* ---- from factors to places ---- */

/*
 * How far what stands before a place can go back.  Places come in order,
 * mostly, so that no byte is looked at again: behind the last place the walk
 * goes on from where that one ended.
 */
static size_t
look_back(const struct pattern_set *set, struct piece *piece, size_t at)
{
	size_t floor = piece->looked <= at ? piece->looked : 0;
	size_t reached = pattern_run_start(&piece->before, set->subject, at,
	    floor);

	if (floor > 0 && reached == floor)
		reached = piece->reached;
	piece->looked = at;
	piece->reached = reached;
	return reached;
}

/* What the piece needs begins at from, ..., to. */
static void
add_places(struct pattern_set *set, struct piece *piece, size_t from,
	size_t to)
{
	size_t extra = set->has_folding ? FOLDING_EXTRA * piece->len : 0;
	size_t first = 0;

	if (to < piece->before_min)
		return;
	if (piece->before_max != SIZE_MAX)
		first = from > piece->before_max + extra ?
		    from - piece->before_max - extra : 0;
	else if (!set->has_folding)
		first = look_back(set, piece, from);
	to -= piece->before_min;
	if (first <= to)
		pattern_spans_add(&set->entries[piece->entry].spans, first,
		    to);
}

static void
hit_literal(void *context, size_t id, size_t end)
{
	struct pattern_set *set = context;
	size_t number;

	for (number = set->by_literal[id]; number != 0;
	    number = set->pieces[number - 1].next) {
		struct piece *piece = &set->pieces[number - 1];
		size_t start = end > piece->len ? end - piece->len : 0;

		add_places(set, piece, start, start);
	}
}

static void
hit_runs(struct pattern_set *set, const struct run_group *group)
{
	size_t at = 0, start, end, number;

	while (pattern_run_next(&group->run, set->subject, at, group->least,
	    &start, &end)) {
		for (number = group->first; number != 0;
		    number = set->pieces[number - 1].next) {
			struct piece *piece = &set->pieces[number - 1];

			if (end - start >= piece->len)
				add_places(set, piece, start,
				    end - piece->len);
		}
		at = end;
	}
}

/* Find the factors, and with them the spans of every entry. */
static void
gather(struct pattern_set *set, struct text subject)
{
	size_t i;

	set->subject = subject;
	set->has_folding = false;
	set->subject_kind = PATTERN_SUBJECT_UTF8;
	if (!utf8_is_ascii(subject)) {
		if (!utf8_is_valid(subject))
			set->subject_kind = PATTERN_SUBJECT_ANY;
		set->has_folding = text_find(subject, TEXT("\xc5\xbf")) <
		    subject.len || text_find(subject,
		    TEXT("\xe2\x84\xaa")) < subject.len;
	}
	for (i = 0; i < set->count; i++)
		pattern_spans_reset(&set->entries[i].spans);
	for (i = 0; i < set->piece_count; i++)
		set->pieces[i].looked = set->pieces[i].reached = 0;
	pattern_literals_scan(set->literals, subject, set->has_folding,
	    hit_literal, set);
	for (i = 0; i < set->group_count; i++)
		hit_runs(set, &set->groups[i]);
	for (i = 0; i < set->count; i++)
		pattern_spans_order(&set->entries[i].spans);
}

void
pattern_set_search(struct pattern_set *set, struct text subject,
	uint8_t *may_match)
{
	size_t i;

	if (subject.len <= SUBJECT_MAX)
		gather(set, subject);
	for (i = 0; i < set->count; i++)
		may_match[i] = subject.len > SUBJECT_MAX ||
		    !set->entries[i].has_factor ||
		    set->entries[i].spans.count > 0;
}

/* ---- counting ---- */

/* The next match at from, ..., last; as pattern_find(). */
static int
next_match(const struct pattern_set *set, const struct entry *entry,
	size_t from, size_t last, struct pattern_match *match,
	struct reason *why)
{
	struct text found;

	if (entry->pattern != NULL)
		return pattern_find_within(entry->pattern, set->subject, from,
		    last, set->subject_kind, match, why);
	found = smart_identifier_next(entry->identifier, set->subject, from,
	    last);
	if (found.data == NULL)
		return ERROR_NOT_FOUND;
	match->start = (size_t)(found.data - set->subject.data);
	match->end = match->start + found.len;
	return 0;
}

/* No character begins within another. */
static size_t
to_character(struct text subject, size_t at)
{
	while (at < subject.len &&
	    ((unsigned char)subject.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void
count_span(const struct pattern_set *set, const struct entry *entry,
	struct pattern_span span, size_t *from, struct pattern_set_hit *hit)
{
	struct pattern_match match = { 0 };

	if (*from < span.first)
		*from = to_character(set->subject, span.first);
	while (*from <= span.last && hit->count < hit->most &&
	    hit->error == 0) {
		hit->error = next_match(set, entry, *from, span.last, &match,
		    &hit->why);
		if (hit->error != 0)
			break;
		if (hit->count++ == 0)
			hit->first = match;
		*from = pattern_next(set->subject, *from, &match);
	}
	if (hit->error == ERROR_NOT_FOUND)
		hit->error = 0;
}

static void
count_entry(const struct pattern_set *set, const struct entry *entry,
	struct pattern_set_hit *hit)
{
	const struct pattern_span whole = { 0, (uint32_t)set->subject.len };
	size_t from = 0, i;

	if (!entry->has_factor) {
		count_span(set, entry, whole, &from, hit);
		return;
	}
	for (i = 0; i < entry->spans.count && hit->count < hit->most &&
	    hit->error == 0; i++)
		count_span(set, entry, entry->spans.spans[i], &from, hit);
}

void
pattern_set_count(struct pattern_set *set, struct text subject,
	struct pattern_set_hit *hits)
{
	bool is_long = subject.len > SUBJECT_MAX;
	size_t i;

	if (!is_long)
		gather(set, subject);
	for (i = 0; i < set->count; i++) {
		hits[i].count = 0;
		hits[i].error = is_long ? ERROR_LIMIT : 0;
		if (is_long)
			reason_set(&hits[i].why, "the text is too long");
		else if (hits[i].most > 0)
			count_entry(set, &set->entries[i], &hits[i]);
	}
}
