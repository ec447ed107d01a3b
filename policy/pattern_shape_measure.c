/*
 * What follows from the tree of a pattern: widths, first bytes and what may
 * stand behind, and in how many ways a match may be tried.
 */
#include "policy/pattern_shape.h"

#define CHARACTER_MAX 4
#define CHOICES_MAX 1e9
#define EXPONENT_MAX 9u

static size_t
add_width(size_t a, size_t b)
{
	return a > PATTERN_WIDTH_MAX || b > PATTERN_WIDTH_MAX ||
	    a + b > PATTERN_WIDTH_MAX ? SIZE_MAX : a + b;
}

static size_t
multiply_width(size_t width, uint32_t count)
{
	if (width == 0 || count == 0)
		return 0;
	return width > PATTERN_WIDTH_MAX || count > PATTERN_WIDTH_MAX ||
	    width * count > PATTERN_WIDTH_MAX ? SIZE_MAX : width * count;
}

/* A least width never becomes "without end". */
static size_t
least(size_t width)
{
	return width > PATTERN_WIDTH_MAX ? PATTERN_WIDTH_MAX : width;
}

static bool
is_group(const struct pattern_node *node)
{
	return node->kind == PATTERN_NODE_CHOICE ||
	    node->kind == PATTERN_NODE_LOOK;
}

static bool
consumes(const struct pattern_node *node)
{
	return node->kind != PATTERN_NODE_ASSERTION &&
	    node->kind != PATTERN_NODE_LOOK;
}

/* ---- upwards: sets, heads, widths ---- */

static void
measure_sequence(struct pattern_shape *shape, struct pattern_node *node)
{
	bool is_head = true;
	size_t i;

	node->set.is_exact = node->head.is_exact = true;
	for (i = node->first; i != 0; i = shape->nodes[i].next) {
		struct pattern_node *child = &shape->nodes[i];

		if (!consumes(child))
			continue;
		pattern_class_unite(&node->set, &child->set);
		if (is_head)
			pattern_class_unite(&node->head, &child->head);
		is_head = is_head && child->width_min == 0;
		node->width_min = least(node->width_min +
		    child->width_min);
		node->width_max = add_width(node->width_max,
		    child->width_max);
	}
}

static void
measure_group(struct pattern_shape *shape, struct pattern_node *node)
{
	size_t i;

	node->set.is_exact = node->head.is_exact = true;
	node->width_min = SIZE_MAX;
	for (i = node->first; i != 0; i = shape->nodes[i].next) {
		struct pattern_node *child = &shape->nodes[i];

		pattern_class_unite(&node->set, &child->set);
		pattern_class_unite(&node->head, &child->head);
		if (child->width_min < node->width_min)
			node->width_min = child->width_min;
		if (child->width_max > node->width_max)
			node->width_max = child->width_max;
	}
}

static void
measure_up(struct pattern_shape *shape, struct pattern_node *node)
{
	if (node->kind == PATTERN_NODE_SEQUENCE) {
		measure_sequence(shape, node);
	} else if (is_group(node)) {
		measure_group(shape, node);
	} else if (consumes(node)) {
		node->head = node->set;
		node->width_min = 1;
		node->width_max = pattern_class_is_ascii(&node->set) ||
		    (node->is_literal && !node->ignore_case) ? 1 :
		    CHARACTER_MAX;
	}
	node->width_min = least(multiply_width(node->width_min, node->min));
	node->width_max = multiply_width(node->width_max, node->max);
}

/* ---- downwards: what stands behind ---- */

/* From the last child to the first; behind is what follows the next one. */
static void
follow_children(struct pattern_shape *shape, const struct pattern_node *node)
{
	struct pattern_class behind = node->follow;
	bool may_end = node->may_end;
	size_t i;

	for (i = node->last; i != 0; i = shape->nodes[i].previous) {
		struct pattern_node *child = &shape->nodes[i];

		child->follow = behind;
		child->may_end = may_end;
		if (!consumes(child)) {
			/* It may fail whatever comes. */
			behind = pattern_class_all();
			may_end = false;
		} else if (child->width_min > 0) {
			behind = child->head;
			may_end = false;
		} else {
			pattern_class_unite(&behind, &child->head);
		}
	}
}

static void
follow_down(struct pattern_shape *shape, struct pattern_node *node)
{
	size_t i;

	if (node->kind == PATTERN_NODE_SEQUENCE)
		follow_children(shape, node);
	if (!is_group(node))
		return;
	for (i = node->first; i != 0; i = shape->nodes[i].next) {
		struct pattern_node *child = &shape->nodes[i];

		child->follow = node->follow;
		child->may_end = node->may_end;
		if (node->kind == PATTERN_NODE_LOOK) {
			child->follow = (struct pattern_class){ { 0 }, true };
			child->may_end = true;
		}
		if (node->max > 1)
			pattern_class_unite(&child->follow, &node->head);
	}
}

/* ---- upwards again: in how many ways ---- */

static void
multiply_choices(struct pattern_node *node, double choices,
	unsigned int exponent)
{
	node->choices *= choices;
	node->exponent += exponent;
	if (node->choices > CHOICES_MAX) {
		node->choices = CHOICES_MAX;
		node->exponent = EXPONENT_MAX;
	}
	if (node->exponent > EXPONENT_MAX)
		node->exponent = EXPONENT_MAX;
}

static bool
heads_overlap(const struct pattern_shape *shape,
	const struct pattern_node *group)
{
	struct pattern_class seen = { { 0 }, true };
	size_t i;

	for (i = group->first; i != 0; i = shape->nodes[i].next) {
		const struct pattern_node *child = &shape->nodes[i];

		if (child->width_min == 0 ||
		    pattern_class_overlaps(&seen, &child->head))
			return child->next != 0 || child->previous != 0;
		pattern_class_unite(&seen, &child->head);
	}
	return false;
}

/* What the repeats of one node multiply. */
static void
count_repeats(struct pattern_node *node)
{
	bool is_open = !node->is_atomic && (!node->may_end ||
	    is_group(node)) &&
	    pattern_class_overlaps(&node->set, &node->follow);
	double inner = node->choices;
	uint32_t i;

	if (node->kind == PATTERN_NODE_REFERENCE) {
		multiply_choices(node, 1, 2);
		return;
	}
	if (is_group(node) && node->max > 1 &&
	    (node->choices > 1 || node->exponent > 0)) {
		node->is_nested = node->is_nested ||
		    (node->exponent > 0 && node->max > 2);
		if (node->max > 64)
			multiply_choices(node, 1, EXPONENT_MAX);
		for (i = 1; i < node->max && i < 64; i++)
			multiply_choices(node, inner, node->exponent > 0);
	}
	if (!pattern_node_is_repeat(node) || !is_open)
		return;
	if (node->max == PATTERN_UNBOUNDED)
		multiply_choices(node, 1, 1);
	else
		multiply_choices(node, (double)(node->max - node->min) + 1,
		    0);
}

static void
count_ways(struct pattern_shape *shape, struct pattern_node *node)
{
	double branches = 0;
	size_t i;

	node->choices = 1;
	for (i = node->first; i != 0; i = shape->nodes[i].next) {
		const struct pattern_node *child = &shape->nodes[i];

		branches++;
		if (!is_group(node) || child->exponent > node->exponent)
			multiply_choices(node, 1, is_group(node) ?
			    child->exponent - node->exponent :
			    child->exponent);
		if (!is_group(node) || child->choices > node->choices)
			multiply_choices(node, is_group(node) ?
			    child->choices / node->choices : child->choices,
			    0);
		node->is_nested = node->is_nested || child->is_nested;
	}
	if (is_group(node) && heads_overlap(shape, node))
		multiply_choices(node, branches, 0);
	count_repeats(node);
}

void
pattern_shape_measure(struct pattern_shape *shape)
{
	size_t i;

	for (i = shape->count; i-- > 0;)
		measure_up(shape, &shape->nodes[i]);
	shape->nodes[0].follow.is_exact = true;
	shape->nodes[0].may_end = true;
	for (i = 0; i < shape->count; i++)
		follow_down(shape, &shape->nodes[i]);
	for (i = shape->count; i-- > 0;)
		count_ways(shape, &shape->nodes[i]);
}
