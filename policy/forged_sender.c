/*
 * Similarity of names.
 */
#include "policy/forged_sender.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/mail/skeleton.h"
#include "gateway/mail/utf8.h"

#define WORDS_MAX 32		/* of one name */
#define FORMED_MAX 4096		/* bytes of a name in some form */

/* A name in one form. */
struct name {
	uint32_t points[FORGED_SENDER_NAME_MAX];
	size_t count;
};

static const enum skeleton_form forms[] = { SKELETON_FOLD,
	SKELETON_FOLD_LOOK, SKELETON_LOOK_FOLD };
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* Kept in as much room as it needs. */
struct kept_name {
	const uint32_t *points;
	size_t count;
};

struct forged_sender {
	struct kept_name (*names)[FORMS];
	size_t count;
};

/* ---- names ---- */

static int
compare_words(const void *a, const void *b)
{
	return text_compare(*(const struct text *)a,
	    *(const struct text *)b);
}

static size_t
split_words(struct text t, struct text *words)
{
	size_t at = 0, start, count = 0, one;
	uint32_t point;

	while (at < t.len && count < WORDS_MAX) {
		start = at;
		while (at < t.len && skeleton_is_word_at(t, at))
			at += utf8_next(text_skip(t, at), &point);
		if (at > start)
			words[count++] = text_slice(t, start, at - start);
		one = utf8_next(text_skip(t, at), &point);
		at += one > 0 ? one : 1;
	}
	return count;
}

static void
add_word(struct name *name, struct text word)
{
	uint32_t point;
	size_t one;

	if (name->count > 0 && name->count < FORGED_SENDER_NAME_MAX)
		name->points[name->count++] = ' ';
	while (name->count < FORGED_SENDER_NAME_MAX &&
	    (one = utf8_next(word, &point)) > 0) {
		name->points[name->count++] = point;
		word = text_skip(word, one);
	}
}

static void
form_name(struct text t, enum skeleton_form form, struct name *out)
{
	struct text words[WORDS_MAX];
	struct buffer formed;
	size_t count, i;

	out->count = 0;
	buffer_init(&formed, FORMED_MAX);
	/* The beginning of an endless name is compared. */
	(void)!skeleton_add(form, t, &formed);
	count = split_words(buffer_text(&formed), words);
	qsort(words, count, sizeof(words[0]), compare_words);
	for (i = 0; i < count; i++)
		add_word(out, words[i]);
	buffer_clear(&formed);
}

static int
keep_name(struct arena *arena, struct text t, struct kept_name *out)
{
	struct name name;
	uint32_t *points;
	size_t i;

	for (i = 0; i < FORMS; i++) {
		form_name(t, forms[i], &name);
		points = arena_array(arena, name.count + 1,
		    sizeof(points[0]));
		if (points == NULL)
			return ERROR_LIMIT;
		memcpy(points, name.points, name.count * sizeof(points[0]));
		out[i] = (struct kept_name){ .points = points,
			.count = name.count };
	}
	return 0;
}

int
forged_sender_new(const struct dictionary *dictionary, struct arena *arena,
	const struct forged_sender **out)
{
	struct forged_sender *names = arena_alloc(arena, sizeof(*names));
	const struct dictionary_term *terms;
	size_t count, i;

	terms = dictionary_terms(dictionary, &count);
	if (names == NULL || (names->names = arena_array(arena, count + 1,
	    sizeof(names->names[0]))) == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < count; i++) {
		if (terms[i].kind != DICTIONARY_WORDS)
			continue;
		if (keep_name(arena, terms[i].text,
		    names->names[names->count++]) != 0)
			return ERROR_LIMIT;
	}
	*out = names;
	return names->count > 0 ? 0 : ERROR_NOT_FOUND;
}

/* ---- distances ---- */

static size_t
least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static size_t
distance(const struct name *a, const struct kept_name *b)
{
	size_t row[FORGED_SENDER_NAME_MAX + 1], i, k, corner, above;

	for (k = 0; k <= b->count; k++)
		row[k] = k;
	for (i = 0; i < a->count; i++) {
		corner = row[0];
		row[0] = i + 1;
		for (k = 0; k < b->count; k++) {
			above = row[k + 1];
			row[k + 1] = least_of(above + 1, row[k] + 1,
			    corner + (a->points[i] != b->points[k]));
			corner = above;
		}
	}
	return row[b->count];
}

static unsigned int
similarity(const struct name *a, const struct kept_name *b,
	unsigned int least)
{
	size_t longer = a->count > b->count ? a->count : b->count;
	size_t shorter = a->count > b->count ? b->count : a->count;

	/* What one has more is distance whatever it is. */
	if (shorter == 0 || shorter * FORGED_SENDER_PERCENT < least * longer)
		return 0;
	return (unsigned int)((longer - distance(a, b)) *
	    FORGED_SENDER_PERCENT / longer);
}

unsigned int
forged_sender_compare(const struct forged_sender *names, struct text name,
	unsigned int least)
{
	unsigned int best = 0, one;
	struct name formed;
	size_t form, i;

	for (form = 0; form < FORMS; form++) {
		form_name(name, forms[form], &formed);
		for (i = 0; i < names->count &&
		    best < FORGED_SENDER_PERCENT; i++) {
			one = similarity(&formed, &names->names[i][form],
			    least);
			if (one > best)
				best = one;
		}
	}
	return best;
}
