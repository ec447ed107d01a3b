/*
 * Dictionaries: the text form of terms, scores, forms of words, mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/dictionary_set.h"

#define TERMS_MAX 4

/* ---- terms as text ---- */

static const struct {
	const char *line;
	const char *text;
	enum dictionary_kind kind;
	unsigned int weight;
	const char *printed;	/* NULL: as the line */
} lines[] = {
	{ "secret", "secret", DICTIONARY_WORDS, 1, NULL },
	{ "  secret plan , 4\t", "secret plan", DICTIONARY_WORDS, 4,
	    "secret plan, 4" },
	{ "a, b, c", "a, b, c", DICTIONARY_WORDS, 1, NULL },
	{ "a, b, 10", "a, b", DICTIONARY_WORDS, 10, NULL },
	{ "Gr\xc3\xbc\xc3\x9f""e,2", "Gr\xc3\xbc\xc3\x9f""e",
	    DICTIONARY_WORDS, 2, "Gr\xc3\xbc\xc3\x9f""e, 2" },
	{ "\"a, 5\"", "a, 5", DICTIONARY_WORDS, 1, NULL },
	{ "\"a, 5\", 6", "a, 5", DICTIONARY_WORDS, 6, NULL },
	{ "\"a\\\"b\\\\c\"", "a\"b\\c", DICTIONARY_WORDS, 1, "a\"b\\c" },
	{ "\"# no comment\"", "# no comment", DICTIONARY_WORDS, 1, NULL },
	{ "\" spaces \"", " spaces ", DICTIONARY_WORDS, 1, NULL },
	{ "\"*credit\"", "*credit", DICTIONARY_WORDS, 1, NULL },
	{ "\"/etc/passwd\",3", "/etc/passwd", DICTIONARY_WORDS, 3,
	    "\"/etc/passwd\", 3" },
	{ "it's 5\" wide", "it's 5\" wide", DICTIONARY_WORDS, 1, NULL },
	{ "/a\\/b[,]3/ , 7", "a\\/b[,]3", DICTIONARY_PATTERN, 7,
	    "/a\\/b[,]3/, 7" },
	{ "/colou?r/", "colou?r", DICTIONARY_PATTERN, 1, NULL },
	{ "*credit, 10", "*credit", DICTIONARY_IDENTIFIER, 10, NULL },
	{ "*SSN", "*SSN", DICTIONARY_IDENTIFIER, 1, NULL },
	{ ",", ",", DICTIONARY_WORDS, 1, NULL },
};

static const struct {
	const char *line;
	const char *words;
} bad_lines[] = {
	{ "a, 0", "a weight is a number from 1 to 10" },
	{ "a, 11", "a weight is" },
	{ "a, 99999999999999999999", "a weight is" },
	{ ", 5", "empty" }, { "\"\"", "empty" }, { "//", "empty" },
	{ "\" \"", "empty" },
	{ "\"a", "has no end" }, { "\"a\\\"", "has no end" },
	{ "\"a\" b", "only a comma" }, { "\"a\", b", "a weight is" },
	{ "/etc/passwd", "only a comma" }, { "/a", "ends with a slash" },
	{ "/a\\/", "ends with a slash" }, { "*nothing", "smart identifier" },
	{ "*credit 5", "smart identifier" },
	{ "a\001b", "control" }, { "a\xff", "not UTF-8" },
};

static int
parse(const char *line, struct arena *arena, struct dictionary_term *out,
	struct reason *why)
{
	return dictionary_term_parse(text_from(line), arena, out, why);
}

static void
test_lines(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct dictionary_term term;
	struct reason why = { 0 };
	struct buffer out;
	size_t i;

	(void)state;
	buffer_init(&out, 4096);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *printed = lines[i].printed != NULL ?
		    lines[i].printed : lines[i].line;

		if (parse(lines[i].line, arena, &term, &why) != 0)
			fail_msg("%s: %s", lines[i].line, why.text);
		assert_true(text_equal(term.text, text_from(lines[i].text)));
		assert_int_equal(term.kind, lines[i].kind);
		assert_int_equal(term.weight, lines[i].weight);
		buffer_reset(&out);
		assert_int_equal(dictionary_term_print(&term, &out), 0);
		assert_int_equal(buffer_len(&out), strlen(printed) + 1);
		assert_memory_equal(buffer_text(&out).data, printed,
		    strlen(printed));
	}
	buffer_clear(&out);
	buffer_init(&out, 3);
	assert_int_equal(dictionary_term_print(&term, &out), 0);
	assert_int_equal(dictionary_term_print(&term, &out), ERROR_LIMIT);
	assert_int_equal(buffer_len(&out), 2);
	buffer_clear(&out);
	arena_free(arena);
}

static void
test_bad_lines(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct dictionary_term term;
	char line[DICTIONARY_TERM_BYTES + 2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		struct reason why = { 0 };

		assert_int_equal(parse(bad_lines[i].line, arena, &term,
		    &why), ERROR_MALFORMED);
		if (strstr(why.text, bad_lines[i].words) == NULL)
			fail_msg("%s: %s", bad_lines[i].line, why.text);
	}
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(parse(line, arena, &term, &(struct reason){ 0 }),
	    ERROR_MALFORMED);
	assert_int_equal(parse(line + 1, arena, &term,
	    &(struct reason){ 0 }), 0);
	assert_int_equal(parse("", arena, &term, &(struct reason){ 0 }),
	    ERROR_NOT_FOUND);
	assert_int_equal(parse(" # x", arena, &term, &(struct reason){ 0 }),
	    ERROR_NOT_FOUND);
	arena_free(arena);
}

/* ---- scores ---- */

static void
no_mistake(void *context, size_t number, const char *words)
{
	(void)context;
	fail_msg("term %zu: %s", number, words);
}

static uint64_t
score(const char *const *terms, bool ignore_case, bool whole_words,
	const char *subject, uint64_t most, struct text *first)
{
	struct pattern_space *space = pattern_space_new();
	struct text list[TERMS_MAX];
	struct config_dictionary from = { .name = TEXT_INIT("d"),
		.ignore_case = ignore_case, .whole_words = whole_words,
		.terms = list };
	struct dictionary *dictionary;
	struct text again = *first;
	struct reason why = { 0 };
	uint64_t out = 0, slowly = 0;

	while (from.term_count < TERMS_MAX && terms[from.term_count] != NULL) {
		list[from.term_count] = text_from(terms[from.term_count]);
		from.term_count++;
	}
	dictionary = dictionary_new(&from, space, no_mistake, NULL);
	assert_non_null(dictionary);
	assert_int_equal(dictionary_score(dictionary, text_from(subject),
	    most, &slowly, first, &why), 0);
	dictionary_accelerate(dictionary);
	assert_int_equal(dictionary_score(dictionary, text_from(subject),
	    most, &out, &again, &why), 0);
	assert_true(text_equal(*first, again));
	assert_true(out == slowly || (out >= most && slowly >= most));
	dictionary_free(dictionary);
	pattern_space_free(space);
	return out;
}

#define CASE 1
#define WHOLE 2

static const struct {
	const char *terms[TERMS_MAX];
	int flags;		/* CASE: it counts; WHOLE words */
	const char *subject;
	uint64_t score;
	const char *first;
} scores[] = {
	{ { "secret" }, 0, "a Secret, SECRETS, secre", 2, "Secret" },
	{ { "secret" }, CASE, "a Secret, SECRETS, secret", 1, "secret" },
	{ { "secret" }, WHOLE, "a Secret, SECRETS, secret", 2, "Secret" },
	{ { "secret", "plan, 3" }, 0, "secret plan, the plan", 7, "secret" },
	{ { "aa" }, 0, "aaaaa", 2, "aa" },
	{ { "abab" }, 0, "abababab", 2, "abab" },
	{ { "he", "she, 2", "his, 4", "hers, 8" }, 0, "ushers his", 15,
	    "she" },
	{ { "secret", "Secret", "SECRET, 5" }, 0, "secret", 7, "secret" },
	{ { "secret", "Secret" }, CASE, "secret", 1, "secret" },
	{ { "gr\xc3\x9c\xe1\xba\x9e" }, 0, "GR\xc3\xbc\xc3\x9f", 1,
	    "GR\xc3\xbc\xc3\x9f" },
	{ { "\xd0\xb2\xd0\xbe\xd0\xb4\xd0\xb0" }, WHOLE,
	    "\xd0\x92\xd0\x9e\xd0\x94\xd0\x90, "
	    "\xd0\xb2\xd0\xbe\xd0\xb4\xd0\xb0.", 2,
	    "\xd0\x92\xd0\x9e\xd0\x94\xd0\x90" },
	{ { "\xd0\xb2\xd0\xbe\xd0\xb4\xd0\xb0" }, WHOLE,
	    "\xd0\xb2\xd0\xbe\xd0\xb4\xd0\xb0\xd0\xb0", 0, "" },
	{ { "\xe7\xa7\x98\xe5\xaf\x86" }, 0,
	    "\xe8\xbf\x99\xe6\x98\xaf\xe7\xa7\x98\xe5\xaf\x86", 1,
	    "\xe7\xa7\x98\xe5\xaf\x86" },
	/* broken UTF-8 around a match */
	{ { "secret" }, WHOLE, "\xff""secret\xc3", 1, "secret" },
	{ { "-secret-" }, WHOLE, "x-secret-x", 1, "-secret-" },
	{ { "two words" }, WHOLE, "two words, two wordss", 1, "two words" },
	{ { "a_b" }, WHOLE, "a_b a_bc xa_b", 1, "a_b" },
	/* patterns */
	{ { "/colou?r/, 3" }, 0, "color COLOUR colr", 6, "color" },
	{ { "/colou?r/" }, CASE, "color COLOUR", 1, "color" },
	{ { "/colou?r/" }, WHOLE, "color colors", 1, "color" },
	{ { "/a|bc/" }, WHOLE, "a bc ab", 2, "a" },
	{ { "/b+/", "/b+/, 2", "/c/" }, 0, "b bbb", 6, "b" },
	{ { "/\\d{3}/, 2", "x" }, 0, "123456x", 5, "x" },
	{ { "/\xc3\xa4/" }, 0, "\xc3\x84", 1, "\xc3\x84" },
	/* smart identifiers */
	{ { "*aba, 4", "*credit, 10" }, 0,
	    "021000021 and 4111 1111 1111 1111", 14, "021000021" },
	{ { "*ssn" }, 0, "123-45-6789, 000-45-6789", 1, "123-45-6789" },
	{ { "\"*ssn\"" }, 0, "the *SSN", 1, "*SSN" },
	/* M17: other letters that look the same */
	{ { "paypal" }, WHOLE, "your p\xd0\xb0ypal account", 1,
	    "p\xd0\xb0ypal" },
	{ { "paypal" }, 0, "your p\xd0\xb0ypal account", 0, "" },
	{ { "paypal" }, WHOLE, "\xd0\xa0""AYPAL", 1, "\xd0\xa0""AYPAL" },
	{ { "bank" }, WHOLE, "\xd0\x92\xd0\x90NK \xd0\x92\xd0\x90NKS bank",
	    2, "bank" },
	{ { "Bank" }, WHOLE | CASE, "\xd0\x92""ank", 1, "\xd0\x92""ank" },
	{ { "bank" }, WHOLE | CASE, "\xd0\x92""ank", 0, "" },
	{ { "invoice" }, WHOLE, "\xd0\x86nvoice", 1, "\xd0\x86nvoice" },
	{ { "invoice" }, WHOLE, "INV\xd0\x9eICE", 1, "INV\xd0\x9eICE" },
	{ { "mail" }, WHOLE, "ma\xd1\x96l rnail", 1, "ma\xd1\x96l" },
	/* what is ASCII looks like itself alone */
	{ { "IO", "lo" }, WHOLE, "10 1o l0", 0, "" },
	{ { "secret" }, WHOLE, "sec\xe2\x80\x8bret", 1,
	    "sec\xe2\x80\x8bret" },
	{ { "secret" }, WHOLE, "\xf0\x9d\x97\x8c\xf0\x9d\x96\xbe"
	    "\xf0\x9d\x96\xbc\xf0\x9d\x97\x8b\xf0\x9d\x96\xbe"
	    "\xf0\x9d\x97\x8d", 1, "\xf0\x9d\x97\x8c\xf0\x9d\x96\xbe"
	    "\xf0\x9d\x96\xbc\xf0\x9d\x97\x8b\xf0\x9d\x96\xbe"
	    "\xf0\x9d\x97\x8d" },
	/* M17: domains in ASCII */
	{ { "paypal.com" }, WHOLE, "https://xn--pypal-4ve.com/", 1,
	    "xn--pypal-4ve.com" },
	{ { "b\xc3\xbc""cher.example" }, WHOLE,
	    "a@XN--bcher-kva.example", 1, "XN--bcher-kva.example" },
	{ { "xn--bcher-kva.example" }, WHOLE, "b\xc3\xbc""cher.example", 1,
	    "b\xc3\xbc""cher.example" },
	{ { "xn--bcher-kva.example" }, WHOLE, "xn--bcher-kva.example", 1,
	    "xn--bcher-kva.example" },
	{ { "b\xc3\xbc""cher" }, WHOLE, "xn--!!! xn-- exn--bcher-kva", 0,
	    "" },
};

static void
test_scores(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		struct text first = TEXT_EMPTY;
		uint64_t out = score(scores[i].terms,
		    (scores[i].flags & CASE) == 0,
		    (scores[i].flags & WHOLE) != 0, scores[i].subject,
		    UINT64_MAX, &first);

		if (out != scores[i].score ||
		    !text_equal(first, text_from(scores[i].first)))
			fail_msg("%s in %s: %d, first %.*s",
			    scores[i].terms[0], scores[i].subject, (int)out,
			    TEXT_ARG(first));
	}
}

static void
test_most(void **state)
{
	static const char *const terms[] = { "a, 4", "/b/, 4", "/c/",
		"*aba", NULL };
	struct text first = TEXT_EMPTY;
	uint64_t most;

	(void)state;
	for (most = 1; most <= 30; most++) {
		uint64_t out = score(terms, true, true, "a a b a b", most,
		    &first);

		assert_true(most <= 20 ? out >= most && out < most + 4 :
		    out == 20);
	}
}

/* F01: never "no match". */
static void
test_limits(void **state)
{
	static struct text terms[] = { TEXT_INIT("/^(a|aa)+$/") };
	const struct config_dictionary from = { .name = TEXT_INIT("d"),
		.terms = terms, .term_count = 1 };
	struct pattern_space *space = pattern_space_new();
	struct dictionary *dictionary;
	static char subject[100001];
	struct reason why = { 0 };
	struct text first;
	uint64_t out;

	(void)state;
	memset(subject, 'a', sizeof(subject) - 1);
	subject[sizeof(subject) - 2] = 'b';
	dictionary = dictionary_new(&from, space, no_mistake, NULL);
	assert_int_equal(dictionary_score(dictionary, text_from(subject), 1,
	    &out, &first, &why), ERROR_LIMIT);
	assert_non_null(strstr(why.text, "a pattern ran into a limit"));
	dictionary_free(dictionary);
	pattern_space_free(space);
}

/* Hundreds of terms end at each byte, and none of them is a whole word. */
static void
test_overlap(void **state)
{
	static struct text terms[300];
	static char as[300], subject[1000001];
	const struct config_dictionary from = { .name = TEXT_INIT("d"),
		.whole_words = 1, .terms = terms, .term_count = 300 };
	struct pattern_space *space = pattern_space_new();
	struct dictionary *dictionary;
	struct reason why = { 0 };
	struct text first;
	uint64_t out;
	size_t i;

	(void)state;
	memset(as, 'a', sizeof(as));
	memset(subject, 'a', sizeof(subject) - 1);
	for (i = 0; i < 300; i++)
		terms[i] = text_of(as, i + 1);
	dictionary = dictionary_new(&from, space, no_mistake, NULL);
	assert_int_equal(dictionary_score(dictionary, text_from(subject), 1,
	    &out, &first, &why), ERROR_LIMIT);
	assert_string_equal(why.text,
	    "the terms of dictionary d overlap too often");
	assert_int_equal(dictionary_score(dictionary, text_of(subject, 3000),
	    1, &out, &first, &why), 0);
	assert_int_equal(out, 0);
	dictionary_free(dictionary);
	pattern_space_free(space);
}

/* ---- sets ---- */

static char told[1024];

static void
tell(void *context, struct text path, struct text words)
{
	size_t *count = context;

	(*count)++;
	snprintf(told, sizeof(told), "%.*s: %.*s", TEXT_ARG(path),
	    TEXT_ARG(words));
}

static void
check_set(const struct config_dictionary *one, const char *expected)
{
	struct config_dictionary copy = *one;
	const struct config config = { .dictionaries = &copy,
		.dictionary_count = 1 };
	struct pattern_space *space = pattern_space_new();
	struct arena *arena = arena_new(1 << 20);
	size_t count = 0;
	struct dictionary_set *set = dictionary_set_new(&config, space,
	    true, arena, tell, &count);

	if (expected == NULL) {
		assert_int_equal(count, 0);
		assert_non_null(dictionary_set_find(set, TEXT("d")));
	} else {
		assert_int_equal(count, 1);
		/* What a slow one costs is not the same twice. */
		assert_memory_equal(told, expected, strlen(expected));
		assert_null(dictionary_set_find(set, TEXT("d")));
	}
	assert_null(dictionary_set_find(set, TEXT("D")));
	dictionary_set_free(set);
	arena_free(arena);
	pattern_space_free(space);
}

static void
test_sets(void **state)
{
	static struct text good[] = { TEXT_INIT("a") };
	static struct text bad[] = { TEXT_INIT("a"), TEXT_INIT("/(/") };
	static struct text slow[] = { TEXT_INIT("a"),
		TEXT_INIT("/(a|aa)+$/") };
	static struct text allowed[] = { TEXT_INIT("/(*SLOW)(a|aa)+$/") };
	static struct text split[] = { TEXT_INIT("/a)(b/") };

	(void)state;
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .terms = good, .term_count = 1 }, NULL);
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d") },
	    NULL);
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .terms = bad, .term_count = 2 }, "dictionaries.d.terms[2]: a bad "
	    "pattern, behind its first 1 bytes: missing closing parenthesis");
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .terms = split, .term_count = 1, .whole_words = 1 },
	    "dictionaries.d.terms[1]: a bad pattern, behind its first 1 "
	    "bytes: unmatched closing parenthesis");
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .terms = slow, .term_count = 2 },
	    "dictionaries.d.terms[2]: a slow pattern: ");
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .terms = allowed, .term_count = 1 }, NULL);
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .terms = allowed, .term_count = 1, .whole_words = 1 }, NULL);
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .file = TEXT_INIT("f"), .file_text = TEXT_INIT("\xef\xbb\xbf"
	    "# x\r\nword\r\n\r\nother, 3\r\n") }, NULL);
	check_set(&(struct config_dictionary){ .name = TEXT_INIT("d"),
	    .file = TEXT_INIT("f"), .file_text = TEXT_INIT("a\n\n*no\n") },
	    "dictionaries.d.file: line 3 of the file: there is no smart "
	    "identifier of that name; words that begin with an asterisk "
	    "stand in quotes");
	assert_null(dictionary_set_find(NULL, TEXT("d")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_sets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
