/*
 * Finding what is slow in the shape of a pattern.
 */
#include "policy/pattern_lint.h"

#define BOUNDED_MAX 1000
/* Three repeats that may give text to each other: the cube of its length. */
#define EXPONENT_ROW 3

static bool
is_group(const struct pattern_node *node)
{
	return node->kind == PATTERN_NODE_CHOICE;
}

/* The group itself, not one around or within it. */
static bool
is_nested(const struct pattern_shape *shape, const struct pattern_node *node)
{
	size_t i, k;

	if (!is_group(node) || !node->is_nested)
		return false;
	for (i = node->first; i != 0; i = shape->nodes[i].next)
		for (k = shape->nodes[i].first; k != 0;
		    k = shape->nodes[k].next)
			if (shape->nodes[k].is_nested)
				return false;
	return true;
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
		    !pattern_class_overlaps(&nodes[x].set, &nodes[y].set))
			return false;
	return x == 0 && y == 0;
}

static bool
has_twins(const struct pattern_shape *shape, const struct pattern_node *node)
{
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
is_row(const struct pattern_shape *shape, const struct pattern_node *node)
{
	(void)shape;
	return node->kind == PATTERN_NODE_SEQUENCE &&
	    node->exponent >= EXPONENT_ROW;
}

static bool
is_huge(const struct pattern_shape *shape, const struct pattern_node *node)
{
	(void)shape;
	return pattern_node_is_repeat(node) && node->max > BOUNDED_MAX &&
	    node->max != PATTERN_UNBOUNDED &&
	    pattern_class_overlaps(&node->set, &node->follow);
}

static bool
is_lead(const struct pattern_shape *shape, const struct pattern_node *node)
{
	const struct pattern_node *root = &shape->nodes[0];

	return node == &shape->nodes[shape->nodes[root->first].first] &&
	    node != root && node->max == PATTERN_UNBOUNDED;
}

/* The worst come first. */
static const struct {
	bool (*is_it)(const struct pattern_shape *shape,
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
	size_t i, k;

	for (i = 0; i < sizeof(lints) / sizeof(lints[0]); i++)
		for (k = 1; k < shape->count; k++)
			if (lints[i].is_it(shape, &shape->nodes[k])) {
				*out = (struct pattern_lint){ lints[i].words,
					shape->nodes[k].offset,
					lints[i].is_certain };
				return true;
			}
	return false;
}
