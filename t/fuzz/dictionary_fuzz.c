/*
 * policy/dictionary: a term that is read is printed to a line that is read to
 * the same; all words searched at once are found as often as each by itself;
 * any text is scored in every form.  The input: lines of terms, an empty
 * line, the text.
 */
#include "policy/dictionary.h"

#include "gateway/base/memory.h"

#define TERMS_MAX 16
#define TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_round_trip(struct text line, struct arena *arena)
{
	struct dictionary_term term, again;
	struct reason why = { 0 };
	struct buffer out;

	if (dictionary_term_parse(line, arena, &term, &why) != 0)
		return;
	require(term.text.len > 0 && term.text.len <= DICTIONARY_TERM_BYTES);
	require(term.weight >= 1 && term.weight <= DICTIONARY_WEIGHT_MAX);
	buffer_init(&out, 4 * DICTIONARY_TERM_BYTES);
	require(dictionary_term_print(&term, &out) == 0);
	line = buffer_text(&out);
	require(line.data[line.len - 1] == '\n' &&
	    text_find_byte(line, '\n') == line.len - 1);
	require(dictionary_term_parse(text_slice(line, 0, line.len - 1),
	    arena, &again, &why) == 0);
	require(text_equal(term.text, again.text) &&
	    term.kind == again.kind && term.weight == again.weight);
	buffer_clear(&out);
}

static void
ignore(void *context, size_t number, const char *words)
{
	(void)context;
	require(number > 0 && words[0] != '\0');
}

static size_t
count_each(struct text text, struct text term)
{
	size_t count = 0, at;

	while ((at = text_find(text, term)) < text.len) {
		count++;
		text = text_skip(text, at + term.len);
	}
	return count;
}

/* Characters, not bytes, are compared: only of valid text that is alike. */
static void
check_counts(const struct dictionary *dictionary, struct text text)
{
	const struct dictionary_term *terms;
	size_t count, i;

	terms = dictionary_terms(dictionary, &count);
	for (i = 0; i < count; i++)
		if (terms[i].kind == DICTIONARY_WORDS)
			require(dictionary_matches(dictionary, i) ==
			    count_each(text, terms[i].text));
}

static void
check_scores(const struct config_dictionary *from, struct text text)
{
	struct pattern_space *space = pattern_space_new();
	struct dictionary *dictionary = dictionary_new(from, space, ignore,
	    NULL);
	struct text first = TEXT_EMPTY;
	struct reason why = { 0 };
	uint64_t score = 0, most = 0;

	if (dictionary != NULL && dictionary_score(dictionary, text,
	    UINT64_MAX, &score, &first, &why) == 0) {
		require(score == 0 || (first.data >= text.data &&
		    first.data + first.len <= text.data + text.len));
		if (!from->ignore_case && !from->whole_words)
			check_counts(dictionary, text);
		if (score > 0)
			require(dictionary_score(dictionary, text, score,
			    &most, &first, &why) == 0 && most == score);
		dictionary_accelerate(dictionary);
		require(dictionary_score(dictionary, text, UINT64_MAX, &most,
		    &first, &why) == 0 && most == score);
	}
	dictionary_free(dictionary);
	pattern_space_free(space);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = text_of(size == 0 ? (const void *)"" : data, size);
	struct text lines[TERMS_MAX], line;
	struct config_dictionary from = { .name = TEXT_INIT("d"),
		.terms = lines };
	struct arena *arena;
	uint8_t flags;

	if (size > TEXT_MAX)
		return 0;
	arena = arena_new(1 << 20);
	while (from.term_count < TERMS_MAX &&
	    dictionary_line_next(&rest, &line) && line.len > 0) {
		check_round_trip(line, arena);
		lines[from.term_count++] = line;
	}
	if (rest.data == NULL)
		rest = TEXT_EMPTY;
	for (flags = 0; flags < 4; flags++) {
		from.ignore_case = flags & 1;
		from.whole_words = (flags & 2) != 0;
		check_scores(&from, rest);
	}
	arena_free(arena);
	return 0;
}
