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
#include "gateway/mail/utf8.h"
#include "policy/pattern_private.h"
#include "policy/pattern_run.h"

#define PATTERN_SOURCE_MAX 4096
#define PATTERN_NESTING_MAX 100
#define PATTERN_MATCH_LIMIT 200000
#define PATTERN_DEPTH_LIMIT 100000
#define PATTERN_HEAP_KILOBYTES 32768
#define PATTERN_STACK_START 32768
#define PATTERN_STACK_MAX (2u * 1024 * 1024)
#define PATTERN_WORDS_MAX 256

#define PATTERN_OPTIONS (PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | \
	PCRE2_USE_OFFSET_LIMIT)

/*
 * How many places of a long subject are tried between two looks at the
 * clock; from SLICE_START on, more where they are quick.
 */
#define SLICE_START 256
#define SLICE_MAX ((size_t)1 << 30)
#define SLICE_QUICK_MS 200

/*
 * In how many ways machine code, which does not count the steps of simple
 * repeats, may try one place: with a repeat without end, and without one.
 */
#define CHOICES_WITH_REPEAT 64
#define CHOICES_MAX 65536

/* What assertions may look at behind a match. */
#define REACH_BEHIND 8
/* Runs of a leading repeat that are worth to be stepped over. */
#define LEAD_MIN 64

static const struct text slow_prefix = TEXT_INIT(PATTERN_SLOW_PREFIX);

struct pattern_space {
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	int64_t deadline_ms;	/* 0: none */
};

struct pattern {
	const struct pattern_space *space;
	/*
	 * For any subject, and for valid UTF-8: the interpreter would check
	 * all that is left of the subject in front of each match.
	 */
	pcre2_code *codes[PATTERN_SUBJECTS];
	struct text source;
	bool ignore_case;
	bool may_be_slow;
	bool is_simple;		/* its steps are few without counting */
	size_t reach;		/* bytes that a try at one place looks at */
	/*
	 * It begins with a repeat without end of these bytes (of ASCII, and
	 * perhaps others): where it fails at a place, it fails at the rest
	 * of their run.
	 */
	struct pattern_run *lead;
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
 * The repeat that the pattern begins with, or NULL: within groups as well,
 * where what they caught is not asked for again, and where they do not keep
 * to their first way.
 */
static const struct pattern_node *
pattern_head(const struct pattern_shape *shape)
{
	const struct pattern_node *node = &shape->nodes[0];
	size_t i;

	for (i = 0; i < shape->count; i++)
		if (shape->nodes[i].kind == PATTERN_NODE_REFERENCE)
			return NULL;
	while (node->kind == PATTERN_NODE_CHOICE && node->min > 0 &&
	    !node->is_atomic && node->first == node->last &&
	    shape->nodes[node->first].first != 0)
		node = &shape->nodes[shape->nodes[node->first].first];
	return node->kind == PATTERN_NODE_CLASS && node->set.is_exact &&
	    node->max == PATTERN_UNBOUNDED ? node : NULL;
}

static void
pattern_measure(struct pattern *pattern)
{
	const struct pattern_node *root, *head;
	struct pattern_class lead;
	struct pattern_shape *shape = NULL;

	pattern->reach = SIZE_MAX;
	if (pattern_shape_new(pattern->source, pattern->ignore_case,
	    &shape) != 0)
		return;
	root = &shape->nodes[0];
	pattern->is_simple = !root->is_nested && (root->exponent == 0 ?
	    root->choices <= CHOICES_MAX : root->exponent == 1 &&
	    root->choices <= CHOICES_WITH_REPEAT);
	if (root->width_max != SIZE_MAX && !shape->has_look)
		pattern->reach = root->width_max + REACH_BEHIND;
	head = pattern_head(shape);
	if (head != NULL) {
		lead = head->set;
		lead.bits[2] = lead.bits[3] = 0;
		pattern->lead = memory_new(sizeof(*pattern->lead));
		pattern_run_init(pattern->lead, &lead);
	}
	pattern_shape_free(shape);
}

/* Where \G stands, or the length: long subjects are tried in slices. */
static size_t
pattern_find_restart(struct text source)
{
	size_t i;

	for (i = 0; i + 1 < source.len; i++) {
		if (source.data[i] != '\\')
			continue;
		if (source.data[i + 1] == 'G')
			return i;
		i++;
	}
	return source.len;
}

static const uint32_t subject_options[PATTERN_SUBJECTS] = {
	[PATTERN_SUBJECT_ANY] = PCRE2_MATCH_INVALID_UTF,
	[PATTERN_SUBJECT_UTF8] = 0,
};

static int
pattern_compile(struct pattern *pattern, size_t *offset, struct reason *why)
{
	uint32_t options = PATTERN_OPTIONS |
	    (pattern->ignore_case ? PCRE2_CASELESS : 0);
	PCRE2_SIZE at = 0;
	size_t i;
	int error = 0;

	for (i = 0; i < PATTERN_SUBJECTS; i++) {
		pattern->codes[i] = pcre2_compile(
		    (PCRE2_SPTR)pattern->source.data, pattern->source.len,
		    options | subject_options[i], &error, &at,
		    pattern->space->compile);
		if (pattern->codes[i] == NULL) {
			*offset = at < pattern->source.len ? at :
			    pattern->source.len;
			pattern_explain(error, why);
			return ERROR_MALFORMED;
		}
	}
	if (pcre2_callout_enumerate(pattern->codes[0],
	    pattern_stop_at_callout, offset) != 0) {
		reason_set(why, "callouts, \"(?C...)\", are not allowed");
		return ERROR_MALFORMED;
	}
	*offset = pattern_find_restart(pattern->source);
	if (*offset < pattern->source.len) {
		reason_set(why, "\"\\G\" is not allowed: every place of a text "
		    "is tried");
		return ERROR_MALFORMED;
	}
	return 0;
}

int
pattern_new(struct pattern_space *space, struct text source,
	bool ignore_case, struct pattern **out, size_t *offset,
	struct reason *why)
{
	struct pattern *pattern = memory_new(sizeof(*pattern));
	bool may_be_slow = text_starts(source, slow_prefix);
	size_t skipped = may_be_slow ? slow_prefix.len : 0;
	int error;

	*pattern = (struct pattern){ .space = space,
		.source = memory_text(text_skip(source, skipped)),
		.ignore_case = ignore_case, .may_be_slow = may_be_slow };
	error = pattern_compile(pattern, offset, why);
	if (error != 0) {
		*offset += skipped;
		pattern_free(pattern);
		return error;
	}
	pattern_measure(pattern);
	*out = pattern;
	return 0;
}

void
pattern_free(struct pattern *pattern)
{
	size_t i;

	if (pattern == NULL)
		return;
	for (i = 0; i < PATTERN_SUBJECTS; i++)
		pcre2_code_free(pattern->codes[i]);
	free((void *)pattern->source.data);
	free(pattern->lead);
	free(pattern);
}

struct text
pattern_source(const struct pattern *pattern)
{
	return pattern->source;
}

bool
pattern_ignores_case(const struct pattern *pattern)
{
	return pattern->ignore_case;
}

bool
pattern_may_be_slow(const struct pattern *pattern)
{
	return pattern->may_be_slow;
}

void
pattern_accelerate(struct pattern *pattern)
{
	size_t i;

	for (i = 0; i < PATTERN_SUBJECTS && pattern->is_simple; i++)
		(void)pcre2_jit_compile(pattern->codes[i],
		    PCRE2_JIT_COMPLETE);
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

/* A try at the places from, ..., last, of which the last is in reach. */
static int
pattern_match(const struct pattern *pattern, struct text subject,
	size_t from, size_t last, enum pattern_subject known)
{
	const struct pattern_space *space = pattern->space;
	uint32_t options = known == PATTERN_SUBJECT_ANY ? 0 :
	    PCRE2_NO_UTF_CHECK;
	size_t len = subject.len;

	if (pattern->reach < len - last)
		len = next_character(subject, last + pattern->reach - 1);
	(void)pcre2_set_offset_limit(space->match, last);
	return pcre2_match(pattern->codes[known], (PCRE2_SPTR)subject.data, len,
	    from, options, space->data, space->match);
}

/*
 * How far to try at once, and where to go on behind that: over the rest of
 * a run of the leading repeat.
 */
static size_t
pattern_stop(const struct pattern *pattern, struct text subject, size_t from,
	size_t last, size_t *next)
{
	size_t start, end;

	if (pattern->lead != NULL && last > from + LEAD_MIN &&
	    pattern_run_next(pattern->lead, text_slice(subject, 0, last + 1),
	    from, LEAD_MIN, &start, &end)) {
		*next = end;
		return start;
	}
	*next = next_character(subject, last);
	return last;
}

static bool
pattern_is_late(const struct pattern_space *space, int64_t now)
{
	return space->deadline_ms != 0 && now > space->deadline_ms;
}

/*
 * Try the places from, ..., last of a subject, slice by slice: a cost that
 * grows with the square of its length is seen by the clock alone.
 */
static int
pattern_try(const struct pattern *pattern, struct text subject, size_t from,
	size_t last, enum pattern_subject known, bool *is_late)
{
	size_t slice = SLICE_START, stop, next;
	int64_t start = clock_monotonic_ms(), now = start;
	int found;

	for (;;) {
		*is_late = pattern_is_late(pattern->space, now);
		if (*is_late)
			return PCRE2_ERROR_MATCHLIMIT;
		stop = pattern_stop(pattern, subject, from,
		    last - from < slice ? last : from + slice, &next);
		found = pattern_match(pattern, subject, from, stop, known);
		if (found != PCRE2_ERROR_NOMATCH || next > last)
			return found;
		now = clock_monotonic_ms();
		if (now - start < SLICE_QUICK_MS && slice < SLICE_MAX)
			slice *= 2;
		start = now;
		from = next;
	}
}

int
pattern_find_within(const struct pattern *pattern, struct text subject,
	size_t from, size_t last, enum pattern_subject known,
	struct pattern_match *out, struct reason *why)
{
	const PCRE2_SIZE *offsets;
	bool is_late = false;
	int found;

	/*
	 * No character begins at a stray continuation byte; from there PCRE2
	 * would pass over what is valid behind it.
	 */
	while (from < subject.len &&
	    ((unsigned char)subject.data[from] & 0xc0) == 0x80)
		from++;
	if (from > last || last > subject.len)
		return ERROR_NOT_FOUND;
	found = pattern_try(pattern, subject, from, last, known, &is_late);
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

int
pattern_find(const struct pattern *pattern, struct text subject, size_t from,
	struct pattern_match *out, struct reason *why)
{
	return pattern_find_within(pattern, subject, from, subject.len,
	    PATTERN_SUBJECT_ANY, out, why);
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
	enum pattern_subject known = utf8_is_ascii(subject) ||
	    utf8_is_valid(subject) ? PATTERN_SUBJECT_UTF8 :
	    PATTERN_SUBJECT_ANY;

	*count = 0;
	while (*count < most && (error = pattern_find_within(pattern, subject,
	    from, subject.len, known, &match, why)) == 0) {
		if ((*count)++ == 0)
			*first = match;
		from = pattern_next(subject, from, &match);
	}
	return error == ERROR_LIMIT ? error : 0;
}
