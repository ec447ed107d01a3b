/*
 * The cost of patterns.
 */
#include "policy/pattern_cost.h"

#include <stdlib.h>

#include "gateway/base/buffer.h"
#include "gateway/base/clock.h"
#include "policy/pattern_hostile.h"
#include "policy/pattern_lint.h"
#include "policy/pattern_private.h"

#define KILOBYTE 1024
#define SIZE_SMALL (4 * (size_t)KILOBYTE)
#define SIZE_LARGE (16 * (size_t)KILOBYTE)
/*
 * What the square of a length costs on the small text costs four times as
 * much for each KB of the large one: below a quarter nothing is to be feared.
 */
#define COST_QUIET_US (PATTERN_COST_MAX_US / 5)
#define BUDGET_MS 250
#define RUNS 3
#define MATCHES_MAX 100000

/* A pattern in a space of its own, whose time can be limited. */
struct trial {
	struct pattern_space *space;
	struct pattern *pattern;
	struct pattern_shape *shape;
	struct buffer text;
	struct reason *why;
};

static void
trial_close(struct trial *trial)
{
	pattern_free(trial->pattern);
	pattern_space_free(trial->space);
	pattern_shape_free(trial->shape);
	buffer_clear(&trial->text);
}

static void
trial_open(struct trial *trial, const struct pattern *pattern,
	struct reason *why)
{
	size_t offset;

	*trial = (struct trial){ .space = pattern_space_new(), .why = why };
	buffer_init(&trial->text, SIZE_LARGE * 2);
	if (pattern_new(trial->space, pattern_source(pattern),
	    pattern_ignores_case(pattern), &trial->pattern, &offset,
	    why) != 0)
		/* It was compiled before. */
		fatal("a pattern was lost");
	(void)!pattern_shape_new(pattern_source(pattern),
	    pattern_ignores_case(pattern), &trial->shape);
}

/* One run over the text. */
static int
trial_run(struct trial *trial, int64_t *us_per_kb)
{
	struct text text = buffer_text(&trial->text);
	struct pattern_match first;
	int64_t start = clock_cpu_ns();
	size_t count;
	int error;

	pattern_space_allow(trial->space, BUDGET_MS);
	error = pattern_count(trial->pattern, text, MATCHES_MAX, &count,
	    &first, trial->why);
	/* One that holds nothing to repeat has a short text. */
	*us_per_kb = (clock_cpu_ns() - start) / 1000 * KILOBYTE /
	    (int64_t)(text.len > KILOBYTE ? text.len : KILOBYTE);
	return error;
}

/* The quickest of some runs, if the first is not quick enough. */
static int
trial_time(struct trial *trial, int64_t *us_per_kb)
{
	int64_t again;
	size_t i;
	int error = trial_run(trial, us_per_kb);

	for (i = 1; i < RUNS && (error != 0 ||
	    *us_per_kb > PATTERN_COST_MAX_US); i++) {
		error = trial_run(trial, &again);
		if (error == 0 && again < *us_per_kb)
			*us_per_kb = again;
	}
	return error;
}

/* Against a pattern that is not understood: common bytes, its own text. */
static int
make_plain(const struct pattern *pattern, size_t index, size_t size,
	struct buffer *out)
{
	const struct text fillers[] = { TEXT("a"), TEXT("0"), TEXT(" "),
		TEXT("A"), pattern_source(pattern) };
	int error = 0;

	if (index >= sizeof(fillers) / sizeof(fillers[0]) ||
	    fillers[index].len == 0)
		return ERROR_NOT_FOUND;
	while (error == 0 && buffer_len(out) < size)
		error = buffer_add_text(out, fillers[index]);
	return error != 0 ? error : buffer_add_byte(out, '!');
}

static int
trial_text(struct trial *trial, size_t index, size_t size,
	int64_t *us_per_kb)
{
	int error;

	buffer_reset(&trial->text);
	error = trial->shape == NULL ? make_plain(trial->pattern, index,
	    size, &trial->text) : pattern_hostile_make(trial->shape, index,
	    size, &trial->text);
	return error != 0 ? error : trial_time(trial, us_per_kb);
}

int
pattern_cost_measure(const struct pattern *pattern, int64_t *us_per_kb,
	struct reason *why)
{
	struct trial trial;
	int64_t cost = 0;
	size_t index;
	int error = 0;

	*us_per_kb = 0;
	trial_open(&trial, pattern, why);
	for (index = 0; error == 0; index++) {
		error = trial_text(&trial, index, SIZE_SMALL, &cost);
		if (error == 0 && cost > COST_QUIET_US)
			error = trial_text(&trial, index, SIZE_LARGE, &cost);
		if (error == 0 && cost > *us_per_kb)
			*us_per_kb = cost;
		if (*us_per_kb > PATTERN_COST_MAX_US)
			break;
	}
	trial_close(&trial);
	return error == ERROR_LIMIT ? error : 0;
}

#define ADVICE "bound its repeats, as in .{0,100}, or allow it by " \
	"\"(*SLOW)\" in front"

/* What is known to be slow without a clock. */
static int
check_lint(const struct pattern *pattern, struct pattern_lint *lint,
	struct reason *why)
{
	struct pattern_shape *shape = NULL;
	int error = 0;

	lint->words = NULL;
	if (pattern_shape_new(pattern_source(pattern),
	    pattern_ignores_case(pattern), &shape) == 0 &&
	    !pattern_lint_find(shape, lint))
		lint->words = NULL;
	if (lint->words != NULL && lint->is_certain) {
		reason_set(why, "it has %s: " ADVICE, lint->words);
		error = ERROR_REFUSED;
	}
	pattern_shape_free(shape);
	return error;
}

int
pattern_check(const struct pattern *pattern, size_t *offset,
	struct reason *why)
{
	struct pattern_lint lint;
	struct reason words = { 0 };
	int64_t cost = 0;
	int error;

	*offset = 0;
	if (pattern_may_be_slow(pattern))
		return 0;
	error = check_lint(pattern, &lint, why);
	*offset = lint.words != NULL ? lint.offset : 0;
	if (error != 0)
		return error;
	error = pattern_cost_measure(pattern, &cost, &words);
	if (error == 0 && cost <= PATTERN_COST_MAX_US)
		return 0;
	if (error == 0)
		reason_set(&words, "%lld.%lld ms for each KB",
		    (long long)(cost / 1000),
		    (long long)(cost / 100 % 10));
	reason_set(why, "it is slow on text made against it (%s)%s%s: "
	    ADVICE, words.text, lint.words != NULL ? ", having " : "",
	    lint.words != NULL ? lint.words : "");
	return ERROR_REFUSED;
}
