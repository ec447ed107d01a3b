/*
 * Regular expressions by PCRE2.  The limits are far below the library's own:
 * a filter that runs into them is a mistake, and its message waits.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "policy/pattern.h"

#include <pcre2.h>
#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"

#define PATTERN_SOURCE_MAX 4096
#define PATTERN_NESTING_MAX 100
#define PATTERN_MATCH_LIMIT 200000
#define PATTERN_DEPTH_LIMIT 100000
#define PATTERN_HEAP_KILOBYTES 32768
#define PATTERN_STACK_START 32768
#define PATTERN_STACK_MAX (2u * 1024 * 1024)
#define PATTERN_WORDS_MAX 256

#define PATTERN_OPTIONS (PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | \
	PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT)

/*
 * How many places of a long subject are tried between two looks at the
 * clock; from SLICE_START on, more where they are quick.
 */
#define SLICE_START 256
#define SLICE_MAX ((size_t)1 << 30)
#define SLICE_QUICK_MS 200

/* What machine code may hold: repeats and optional pieces. */
#define REPEATS_MAX 1
#define OPTIONS_MAX 4

struct pattern_space {
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	int64_t deadline_ms;	/* 0: none */
};

struct pattern {
	const struct pattern_space *space;
	pcre2_code *code;
	bool is_simple;		/* its steps are few without counting */
};

struct pattern_space *
pattern_space_new(void)
{
	struct pattern_space *space = memory_new(sizeof(*space));

	space->compile = pcre2_compile_context_create(NULL);
	space->match = pcre2_match_context_create(NULL);
	space->data = pcre2_match_data_create(1, NULL);
	space->stack = pcre2_jit_stack_create(PATTERN_STACK_START,
	    PATTERN_STACK_MAX, NULL);
	if (space->compile == NULL || space->match == NULL ||
	    space->data == NULL)
		fatal("no memory for patterns");
	(void)pcre2_set_max_pattern_length(space->compile,
	    PATTERN_SOURCE_MAX);
	(void)pcre2_set_parens_nest_limit(space->compile,
	    PATTERN_NESTING_MAX);
	(void)pcre2_set_newline(space->compile, PCRE2_NEWLINE_ANYCRLF);
	(void)pcre2_set_match_limit(space->match, PATTERN_MATCH_LIMIT);
	(void)pcre2_set_depth_limit(space->match, PATTERN_DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(space->match, PATTERN_HEAP_KILOBYTES);
	if (space->stack != NULL)
		pcre2_jit_stack_assign(space->match, NULL, space->stack);
	return space;
}

void
pattern_space_free(struct pattern_space *space)
{
	if (space == NULL)
		return;
	pcre2_jit_stack_free(space->stack);
	pcre2_match_data_free(space->data);
	pcre2_match_context_free(space->match);
	pcre2_compile_context_free(space->compile);
	free(space);
}

void
pattern_space_allow(struct pattern_space *space, int64_t budget_ms)
{
	space->deadline_ms = budget_ms == 0 ? 0 :
	    clock_monotonic_ms() + budget_ms;
}

static void
pattern_explain(int code, struct reason *why)
{
	PCRE2_UCHAR words[PATTERN_WORDS_MAX];

	if (pcre2_get_error_message(code, words, sizeof(words)) < 0)
		reason_set(why, "error %d of the pattern library", code);
	else
		reason_set(why, "%s", (const char *)words);
}

static int
pattern_stop_at_callout(pcre2_callout_enumerate_block *block, void *context)
{
	size_t *offset = context;

	*offset = block->pattern_position;
	return 1;
}

/*
 * Count what can match more or less of a subject.  What only looks like it
 * (within a class, say) counts too: the interpreter is never wrong.
 */
static bool
pattern_is_simple(struct text source)
{
	size_t i, repeats = 0, options = 0;

	for (i = 0; i < source.len; i++) {
		char c = source.data[i];
		struct text rest = text_skip(source, i);

		if (c == '\\') {
			/* A back reference compares any length. */
			if (i + 1 < source.len &&
			    (text_is_digit(source.data[i + 1]) ||
			    source.data[i + 1] == 'g' ||
			    source.data[i + 1] == 'k'))
				return false;
			i++;
		} else if (c == '*' || c == '+' || (c == '{' &&
		    text_find_byte(rest, ',') < text_find_byte(rest, '}'))) {
			repeats++;
		} else if (c == '?' && i > 0 && source.data[i - 1] != '(') {
			options++;
		} else if (c == '?' && i + 1 < source.len &&
		    source.data[i + 1] != ':' && source.data[i + 1] != 'i') {
			/* Recursion, assertions, names: who knows. */
			return false;
		}
	}
	return repeats <= REPEATS_MAX && options <= OPTIONS_MAX;
}

int
pattern_new(struct pattern_space *space, struct text source,
	bool ignore_case, struct pattern **out, size_t *offset,
	struct reason *why)
{
	struct pattern *pattern;
	pcre2_code *code;
	PCRE2_SIZE at = 0;
	int error = 0;

	code = pcre2_compile((PCRE2_SPTR)source.data, source.len,
	    PATTERN_OPTIONS | (ignore_case ? PCRE2_CASELESS : 0), &error,
	    &at, space->compile);
	if (code == NULL) {
		*offset = at < source.len ? at : source.len;
		pattern_explain(error, why);
		return ERROR_MALFORMED;
	}
	if (pcre2_callout_enumerate(code, pattern_stop_at_callout,
	    offset) != 0) {
		reason_set(why, "callouts, \"(?C...)\", are not allowed");
		pcre2_code_free(code);
		return ERROR_MALFORMED;
	}
	pattern = memory_new(sizeof(*pattern));
	pattern->space = space;
	pattern->code = code;
	pattern->is_simple = pattern_is_simple(source);
	*out = pattern;
	return 0;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	free(pattern);
}

void
pattern_accelerate(struct pattern *pattern)
{
	if (pattern->is_simple)
		(void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
}

/* To the beginning of the next character. */
static size_t
next_character(struct text subject, size_t at)
{
	for (at++; at < subject.len &&
	    ((unsigned char)subject.data[at] & 0xc0) == 0x80; at++)
		continue;
	return at;
}

/*
 * Try the places from, ..., last of a subject, slice by slice: a cost that
 * grows with the square of its length is seen by the clock alone.
 */
static int
pattern_try(const struct pattern *pattern, struct text subject, size_t from,
	bool *is_late)
{
	const struct pattern_space *space = pattern->space;
	size_t slice = SLICE_START, last;
	int64_t start = clock_monotonic_ms(), now;
	int found;

	for (;;) {
		last = subject.len - from < slice ? subject.len :
		    from + slice;
		(void)pcre2_set_offset_limit(space->match, last);
		found = pcre2_match(pattern->code, (PCRE2_SPTR)subject.data,
		    subject.len, from, 0, space->data, space->match);
		if (found != PCRE2_ERROR_NOMATCH || last == subject.len)
			return found;
		now = clock_monotonic_ms();
		*is_late = space->deadline_ms != 0 &&
		    now > space->deadline_ms;
		if (*is_late)
			return PCRE2_ERROR_MATCHLIMIT;
		if (now - start < SLICE_QUICK_MS && slice < SLICE_MAX)
			slice *= 2;
		start = now;
		from = next_character(subject, last);
	}
}

int
pattern_find(const struct pattern *pattern, struct text subject, size_t from,
	struct pattern_match *out, struct reason *why)
{
	const PCRE2_SIZE *offsets;
	bool is_late = false;
	int found;

	if (from > subject.len)
		return ERROR_NOT_FOUND;
	found = pattern_try(pattern, subject, from, &is_late);
	if (found == PCRE2_ERROR_NOMATCH)
		return ERROR_NOT_FOUND;
	if (is_late)
		reason_set(why, "it takes too long");
	else if (found < 0)
		pattern_explain(found, why);
	if (found < 0)
		return ERROR_LIMIT;
	offsets = pcre2_get_ovector_pointer(pattern->space->data);
	/* \K in a lookaround can put the start behind the end. */
	out->start = offsets[0] < offsets[1] ? offsets[0] : offsets[1];
	out->end = offsets[1];
	return 0;
}

size_t
pattern_next(struct text subject, size_t from,
	const struct pattern_match *match)
{
	if (match->end > from && match->end > match->start)
		return match->end;
	return next_character(subject, match->end > from ? match->end : from);
}

int
pattern_count(const struct pattern *pattern, struct text subject, size_t most,
	size_t *count, struct pattern_match *first, struct reason *why)
{
	struct pattern_match match = { 0 };
	size_t from = 0;
	int error = 0;

	*count = 0;
	while (*count < most && (error = pattern_find(pattern, subject, from,
	    &match, why)) == 0) {
		if ((*count)++ == 0)
			*first = match;
		from = pattern_next(subject, from, &match);
	}
	return error == ERROR_LIMIT ? error : 0;
}
