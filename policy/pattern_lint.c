/*
 * Finding what is slow in the shape of a pattern.
 */
#include "policy/pattern_lint.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

#define BOUNDED_MAX 1000
/* Three repeats that may give text to each other: the cube of its length. */
#define EXPONENT_ROW 3

/* What is looked at, and of each node the set of the runs that it takes. */
struct linter {
	const struct pattern_shape *shape;
	struct pattern_class *runs;
};

static bool
is_group(const struct pattern_node *node)
{
	return node->kind == PATTERN_NODE_CHOICE;
}

static bool
is_empty(const struct pattern_class *set)
{
	return (set->bits[0] | set->bits[1]) == 0;
}

/* Beyond ASCII sets are larger than what they stand for. */
static bool
overlaps(const struct pattern_class *a, const struct pattern_class *b)
{
	return (a->bits[0] & b->bits[0]) != 0 ||
	    (a->bits[1] & b->bits[1]) != 0;
}

/* One repeat of a sequence can take all that the others must have. */
static struct pattern_class
sequence_run(const struct linter *linter, const struct pattern_node *node)
{
	const struct pattern_node *nodes = linter->shape->nodes;
	size_t i, k;

	for (i = node->first; i != 0; i = nodes[i].next) {
		if (is_empty(&linter->runs[i]))
			continue;
		for (k = node->first; k != 0; k = nodes[k].next)
			if (k != i && nodes[k].width_min > 0 &&
			    !overlaps(&nodes[k].set, &linter->runs[i]))
				break;
		if (k == 0)
			return linter->runs[i];
	}
	return (struct pattern_class){ { 0 }, true };
}

/* The characters of which a node may take as many as there are. */
static void
find_run(struct linter *linter, size_t at)
{
	const struct pattern_node *node = &linter->shape->nodes[at];
	struct pattern_class *run = &linter->runs[at];
	size_t i;

	if (node->kind == PATTERN_NODE_CLASS &&
	    node->max == PATTERN_UNBOUNDED && !node->is_atomic)
		*run = node->set;
	else if (node->kind == PATTERN_NODE_SEQUENCE)
		*run = sequence_run(linter, node);
	else if (is_group(node) && !node->is_atomic)
		for (i = node->first; i != 0 && is_empty(run);
		    i = linter->shape->nodes[i].next)
			*run = linter->runs[i];
	/* ([a-z])+ */
	if (is_group(node) && is_empty(run) && !node->is_atomic &&
	    node->max == PATTERN_UNBOUNDED && node->width_min <= 1 &&
	    node->first == node->last && linter->shape->nodes[node->first].
	    width_max <= 1)
		*run = node->set;
}

/* Each round of the group may as well be taken by one repeat within it. */
static bool
is_nested(const struct linter *linter, const struct pattern_node *node)
{
	size_t i;

	if (!is_group(node) || node->max <= 2 || node->is_atomic ||
	    node->may_end)
		return false;
	for (i = node->first; i != 0; i = linter->shape->nodes[i].next)
		if (!is_empty(&linter->runs[i]))
			return true;
	return false;
}

/* Two sequences of single characters that some text matches both of. */
static bool
match_same(const struct pattern_shape *shape, size_t a, size_t b)
{
	const struct pattern_node *nodes = shape->nodes;
	size_t x = nodes[a].first, y = nodes[b].first;

	for (; x != 0 && y != 0; x = nodes[x].next, y = nodes[y].next)
		if (nodes[x].kind != PATTERN_NODE_CLASS ||
		    nodes[y].kind != PATTERN_NODE_CLASS ||
		    nodes[x].max != 1 || nodes[y].max != 1 ||
		    !overlaps(&nodes[x].set, &nodes[y].set))
			return false;
	return x == 0 && y == 0;
}

static bool
has_twins(const struct linter *linter, const struct pattern_node *node)
{
	const struct pattern_shape *shape = linter->shape;
	size_t a, b;

	if (!is_group(node) || node->max != PATTERN_UNBOUNDED ||
	    node->is_atomic || node->may_end)
		return false;
	for (a = node->first; a != 0; a = shape->nodes[a].next)
		for (b = shape->nodes[a].next; b != 0;
		    b = shape->nodes[b].next)
			if (match_same(shape, a, b))
				return true;
	return false;
}

static bool
is_row(const struct linter *linter, const struct pattern_node *node)
{
	(void)linter;
	return node->kind == PATTERN_NODE_SEQUENCE &&
	    node->exponent >= EXPONENT_ROW;
}

static bool
is_huge(const struct linter *linter, const struct pattern_node *node)
{
	(void)linter;
	return pattern_node_is_repeat(node) && node->max > BOUNDED_MAX &&
	    node->max != PATTERN_UNBOUNDED &&
	    pattern_class_overlaps(&node->set, &node->follow);
}

static bool
is_lead(const struct linter *linter, const struct pattern_node *node)
{
	const struct pattern_node *nodes = linter->shape->nodes;
	const struct pattern_node *root = &nodes[0];

	return node == &nodes[nodes[root->first].first] &&
	    node != root && node->max == PATTERN_UNBOUNDED;
}

/* The worst come first. */
static const struct {
	bool (*is_it)(const struct linter *linter,
	    const struct pattern_node *node);
	const char *words;
	bool is_certain;
} lints[] = {
	{ is_nested, "a repeat within a repeat, which share their text, as "
	  "in (a+)+", true },
	{ has_twins, "alternatives within a repeat that match the same, as "
	  "in (a|a)*", true },
	{ is_row, "several repeats that share their text, as in a*a*a*",
	  false },
	{ is_huge, "a very long bounded repeat, as in .{0,5000}x", false },
	{ is_lead, "a repeat without bound at its beginning, as in .*x",
	  false },
};

bool
pattern_lint_find(const struct pattern_shape *shape,
	struct pattern_lint *out)
{
	struct linter linter = { .shape = shape,
		.runs = memory_array(shape->count, sizeof(*linter.runs)) };
	bool is_found = false;
	size_t i, k;

	for (k = shape->count; k-- > 0;)
		find_run(&linter, k);
	for (i = 0; i < sizeof(lints) / sizeof(lints[0]) && !is_found; i++)
		for (k = 1; k < shape->count && !is_found; k++) {
			is_found = lints[i].is_it(&linter, &shape->nodes[k]);
			*out = (struct pattern_lint){ lints[i].words,
				shape->nodes[k].offset, lints[i].is_certain };
		}
	free(linter.runs);
	return is_found;
}
