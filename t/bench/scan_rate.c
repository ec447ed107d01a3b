/*
 * How fast a text is searched for many patterns: each by itself in PCRE2's
 * machine code, then all at once as a pattern set, with Vectorscan and
 * without.  Every side reports the same hits, or this fails.
 *
 *   scan_rate [MEGABYTES]     of text, 8 by default
 *
 * The text has words of its own making, lines of about 74 bytes, and in
 * about 5 of 100 lines something that a pattern looks for.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/base/memory.h"
#include "policy/pattern.h"
#include "policy/pattern_set.h"
#include "policy/pattern_vectorscan.h"
#include "t/bench/scan_patterns.h"

#define BLOCK 65536
#define PATTERNS_MAX 200
#define SOURCE_MAX SCAN_PATTERN_SIZE
#define WORDS 30000
#define WORD_MAX 16
#define MOST ((size_t)1 << 40)
#define ROUNDS 3

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char sources[PATTERNS_MAX][SOURCE_MAX];
static uint64_t chance = 7;

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
make_sources(void)
{
	size_t i;

	for (i = 0; i < PATTERNS_MAX; i++)
		scan_pattern_print(i, sources[i], SOURCE_MAX);
}

/* ---- the text ---- */

static size_t
pick(size_t below)
{
	chance = chance * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (size_t)((chance >> 33) % below);
}

static void
make_word(char *out)
{
	static const char *const heads[] = { "b", "c", "d", "f", "g", "h",
		"j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z",
		"st", "tr", "ch", "pl", "br", "th" };
	static const char *const vowels[] = { "a", "e", "i", "o", "u", "ea",
		"ou" };
	static const char *const ends[] = { "", "n", "r", "s", "t", "l",
		"ng", "ment", "tion", "ly", "ed" };
	size_t syllables = 1 + pick(5) / 2, len = 0;

	for (; syllables > 0; syllables--)
		len += (size_t)snprintf(out + len, WORD_MAX - len, "%s%s",
		    heads[pick(COUNT(heads))], vowels[pick(COUNT(vowels))]);
	snprintf(out + len, WORD_MAX - len, "%s", ends[pick(COUNT(ends))]);
}

/* By Zipf: as likely as the inverse of its place. */
static const char *
common_word(char (*words)[WORD_MAX])
{
	static double sums[WORDS];
	double at;
	size_t from = 0, to = WORDS - 1, i;

	for (i = 0; i < WORDS && sums[WORDS - 1] == 0; i++)
		sums[i] = (i > 0 ? sums[i - 1] : 0) + 1.0 / (double)(i + 3);
	at = (double)pick(1000000) / 1e6 * sums[WORDS - 1];
	while (from < to) {
		i = (from + to) / 2;
		if (sums[i] < at)
			from = i + 1;
		else
			to = i;
	}
	return words[from];
}

static size_t
make_card(char *out, size_t size)
{
	static const char *const starts[] = { "4", "51", "55", "6011" };
	char digits[17];
	size_t i, sum = 0, value;
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%s",
	    starts[pick(4)]);

	for (; len < 15; len++)
		digits[len] = (char)('0' + pick(10));
	for (i = 0; i < 15; i++) {
		value = (size_t)(digits[14 - i] - '0') * (i % 2 == 0 ? 2 : 1);
		sum += value > 9 ? value - 9 : value;
	}
	digits[15] = (char)('0' + (10 - sum % 10) % 10);
	return (size_t)(pick(2) == 0 ?
	    snprintf(out, size, "%.16s", digits) :
	    snprintf(out, size, "%.4s %.4s %.4s %.4s", digits, digits + 4,
	    digits + 8, digits + 12));
}

static size_t
make_item(char *out, size_t size, char (*words)[WORD_MAX])
{
	static const char *const terms[] = { "Confidential",
		"internal use only", "passport", "account number", "salary",
		"merger" };

	switch (pick(8)) {
	case 0:
		return make_card(out, size);
	case 1:
		return (size_t)snprintf(out, size, "%03zu-%02zu-%04zu",
		    1 + pick(898), 1 + pick(98), 1 + pick(9998));
	case 2:
		return (size_t)snprintf(out, size, "DE%02zu%09zu%09zu",
		    10 + pick(89), pick(1000000000), pick(1000000000));
	case 3:
		return (size_t)snprintf(out, size, "%s.%s@%s.example",
		    words[pick(WORDS)], words[pick(WORDS)],
		    words[pick(WORDS)]);
	case 4:
		return (size_t)snprintf(out, size, "+1 (%03zu) %03zu-%04zu",
		    200 + pick(799), 200 + pick(799), pick(10000));
	case 5:
		return (size_t)snprintf(out, size, "%s",
		    terms[pick(COUNT(terms))]);
	case 6:
		return (size_t)snprintf(out, size, "%zu.%02zu",
		    pick(100000), pick(100));
	default:
		return (size_t)snprintf(out, size,
		    "invoice %06zu of 20%02zu-%02zu-%02zu", pick(1000000),
		    10 + pick(20), 1 + pick(12), 1 + pick(28));
	}
}

static struct text
make_text(size_t size)
{
	static const char *const frequent[] = { "the", "of", "and", "to",
		"in", "a", "is", "that", "for", "it" };
	char (*words)[WORD_MAX] = memory_array(WORDS, WORD_MAX);
	char *out = memory_new(size + 256);
	size_t len = 0, line = 0, i, n;

	for (i = 0; i < WORDS; i++)
		if (i < COUNT(frequent))
			snprintf(words[i], WORD_MAX, "%s", frequent[i]);
		else
			make_word(words[i]);
	while (len < size) {
		n = pick(1000) < 4 ? make_item(out + len, 128, words) :
		    (size_t)snprintf(out + len, 128, "%s",
		    common_word(words));
		if (pick(100) < 8 && out[len] >= 'a')
			out[len] = (char)(out[len] - 'a' + 'A');
		len += n;
		if (pick(10) == 0)
			out[len++] = ",.;"[pick(3)];
		line += n + 1;
		out[len++] = line > 74 ? '\n' : ' ';
		line = line > 74 ? 0 : line;
	}
	free(words);
	return text_of(out, size);
}

/* ---- pattern by pattern ---- */

struct each {
	pcre2_code *codes[PATTERNS_MAX];
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static void
each_open(struct each *each, uint32_t options)
{
	pcre2_compile_context *compile = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at;
	size_t i;
	int error;

	each->data = pcre2_match_data_create(8, NULL);
	each->context = pcre2_match_context_create(NULL);
	pcre2_jit_stack_assign(each->context, NULL,
	    pcre2_jit_stack_create(32768, 1 << 20, NULL));
	pcre2_set_newline(compile, PCRE2_NEWLINE_ANYCRLF);
	for (i = 0; i < PATTERNS_MAX; i++) {
		each->codes[i] = pcre2_compile((PCRE2_SPTR)sources[i],
		    PCRE2_ZERO_TERMINATED, options, &error, &at, compile);
		require(each->codes[i] != NULL);
		require(pcre2_jit_compile(each->codes[i],
		    PCRE2_JIT_COMPLETE) == 0);
	}
}

static void
each_count(const struct each *each, size_t patterns, struct text block,
	size_t *counts)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(each->data);
	PCRE2_SIZE at;
	size_t i;

	for (i = 0; i < patterns; i++)
		for (at = 0; at < block.len && pcre2_jit_match(each->codes[i],
		    (PCRE2_SPTR)block.data, block.len, at, 0, each->data,
		    each->context) >= 0; counts[i]++)
			at = offsets[1] > offsets[0] ? offsets[1] :
			    offsets[1] + 1;
}

/* ---- as a set ---- */

struct search {
	struct pattern_space *space;
	struct pattern *patterns[PATTERNS_MAX];
	struct pattern_set *set;
	struct pattern_set_hit *hits;
};

static void
search_open(struct search *search, size_t patterns,
	enum pattern_set_engine engine)
{
	struct reason why = { 0 };
	size_t i, offset;

	search->space = pattern_space_new();
	search->set = pattern_set_new(search->space);
	for (i = 0; i < patterns; i++) {
		require(pattern_new(search->space, text_from(sources[i]),
		    false, &search->patterns[i], &offset, &why) == 0);
		pattern_accelerate(search->patterns[i]);
		require(pattern_set_add(search->set, search->patterns[i]) ==
		    i);
	}
	require(pattern_set_compile(search->set, engine, &why) == 0);
	search->hits = memory_array(patterns, sizeof(*search->hits));
	for (i = 0; i < patterns; i++)
		search->hits[i].most = MOST;
}

static void
search_close(struct search *search, size_t patterns)
{
	size_t i;

	pattern_set_free(search->set);
	for (i = 0; i < patterns; i++)
		pattern_free(search->patterns[i]);
	pattern_space_free(search->space);
	free(search->hits);
}

static void
search_count(struct search *search, size_t patterns, struct text block,
	size_t *counts)
{
	size_t i;

	pattern_set_count(search->set, block, search->hits);
	for (i = 0; i < patterns; i++) {
		require(search->hits[i].error == 0);
		counts[i] += search->hits[i].count;
	}
}

/* ---- side by side ---- */

enum side { SIDE_EACH, SIDE_EACH_UTF, SIDE_LITERALS, SIDE_VECTORSCAN, SIDES };

static double
run_side(enum side side, struct each *each, struct search *search,
	size_t patterns, struct text text, size_t *counts)
{
	double start, best = 0, rate;
	size_t at, round;

	for (round = 0; round < ROUNDS; round++) {
		memset(counts, 0, patterns * sizeof(*counts));
		start = cpu_seconds();
		for (at = 0; at < text.len; at += BLOCK)
			if (side <= SIDE_EACH_UTF)
				each_count(each, patterns, text_slice(text,
				    at, BLOCK), counts);
			else
				search_count(search, patterns,
				    text_slice(text, at, BLOCK), counts);
		rate = (double)text.len / (cpu_seconds() - start) / 1e6;
		if (rate > best)
			best = rate;
	}
	return best;
}

static void
compare(struct each *each, size_t patterns, struct text text)
{
	static size_t counts[SIDES][PATTERNS_MAX];
	double rates[SIDES] = { 0 };
	struct search search[2];
	size_t i, hits = 0;
	enum side side;

	search_open(&search[0], patterns, PATTERN_SET_LITERALS);
	search_open(&search[1], patterns, PATTERN_SET_BEST);
	for (side = SIDE_EACH; side < SIDES; side++)
		rates[side] = run_side(side,
		    &each[side == SIDE_EACH ? 0 : 1],
		    &search[side == SIDE_VECTORSCAN ? 1 : 0], patterns, text,
		    counts[side]);
	for (i = 0; i < patterns; i++)
		for (side = SIDE_EACH, hits += counts[0][i]; side < SIDES;
		    side++)
			if (counts[side][i] != counts[0][i]) {
				printf("%s: %zu and %zu\n", sources[i],
				    counts[0][i], counts[side][i]);
				exit(1);
			}
	printf("%8zu  %8zu  %10.1f %10.1f  %10.1f %6.1f  %10.1f %6.1f\n",
	    patterns, hits, rates[SIDE_EACH], rates[SIDE_EACH_UTF],
	    rates[SIDE_LITERALS], rates[SIDE_LITERALS] / rates[SIDE_EACH],
	    rates[SIDE_VECTORSCAN], rates[SIDE_VECTORSCAN] /
	    rates[SIDE_EACH]);
	search_close(&search[0], patterns);
	search_close(&search[1], patterns);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 10, 50, 200 };
	size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 8, i;
	static struct each each[2];
	struct text text;

	make_sources();
	text = make_text(megabytes << 20);
	each_open(&each[0], 0);
	each_open(&each[1], PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF);
	printf("Searching %zu MB in parts of 64 KB, in megabytes per second "
	    "of CPU%s:\n", megabytes, pattern_vectorscan_is_there() ? "" :
	    " (no Vectorscan here)");
	printf("patterns      hits    JIT each  in UTF-8         set  ratio  "
	    "Vectorscan  ratio\n");
	for (i = 0; i < COUNT(sizes); i++)
		compare(each, sizes[i], text);
	printf("Goals at 200 patterns: 5 times without Vectorscan, 15 times "
	    "with it.\n");
	free((void *)text.data);
	return 0;
}
