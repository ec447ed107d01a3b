/*
 * Factors.  Each node gets its cheapest plan, from the leaves to the root;
 * then the plans are followed from the root to the pieces.  Costs are in
 * nanoseconds for each byte of a common text.
 */
#include "policy/pattern_factor.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"

/* A try at a place; looking at a literal in another case; a look for a run. */
#define COST_TRY 150.0
#define COST_HIT 4.0
#define COST_LOOK 1.2
/* Bytes of one set stand together more often than chance puts them. */
#define RUN_STICKS 0.35
/* What the pattern itself costs: no factor may cost more. */
#define COST_MAX 3.0
#define COST_NONE 1e9
#define CHILDREN_AHEAD 48

enum plan_kind { PLAN_NONE, PLAN_LITERAL, PLAN_RUN, PLAN_CHILD, PLAN_ALL };

struct plan {
	enum plan_kind kind;
	size_t from, to;	/* children */
	size_t pieces;
	double cost;
};

struct planner {
	const struct pattern_shape *shape;
	struct plan *plans;	/* one for each node */
};

/* What stands before a node within the match. */
struct before {
	size_t node;
	size_t min, max;
	struct pattern_class set;
};

static bool
is_zero(const struct pattern_node *node)
{
	return node->kind == PATTERN_NODE_ASSERTION ||
	    node->kind == PATTERN_NODE_LOOK;
}

static bool
is_single(const struct pattern_node *node)
{
	return node->is_literal && node->min == 1 && node->max == 1;
}

static void
offer(struct plan *plan, enum plan_kind kind, size_t from, size_t to,
	size_t pieces, double cost)
{
	if (cost < plan->cost && pieces <= PATTERN_FACTOR_PIECES)
		*plan = (struct plan){ kind, from, to, pieces, cost };
}

/* ---- costs ---- */

static double
literal_cost(const struct planner *planner, size_t from, size_t *to)
{
	const struct pattern_node *nodes = planner->shape->nodes;
	double exact = 1, folded = 1;
	size_t i, len = 0;

	for (i = from; i != 0 && len < PATTERN_LITERAL_MAX; i = nodes[i].
	    next) {
		struct pattern_class both = nodes[i].set;

		if (is_zero(&nodes[i]))
			continue;
		if (!is_single(&nodes[i]))
			break;
		pattern_class_fold(&both);
		exact *= pattern_class_frequency(&nodes[i].set);
		folded *= pattern_class_frequency(&both);
		*to = i;
		len++;
	}
	return len == 0 ? COST_NONE : exact * COST_TRY + folded * COST_HIT;
}

static double
run_cost(const struct pattern_class *set, size_t len)
{
	double share = pattern_class_frequency(set), hits = share;
	size_t i;

	for (i = 1; i < len && i < 64; i++)
		hits *= share > RUN_STICKS ? share : RUN_STICKS;
	return len == 0 ? COST_NONE : hits * COST_TRY +
	    COST_LOOK / (double)len;
}

static void
plan_runs(const struct planner *planner, struct plan *plan, size_t from)
{
	const struct pattern_node *nodes = planner->shape->nodes;
	struct pattern_class set = { .is_exact = true };
	size_t i, len = 0, ahead = 0;

	for (i = from; i != 0 && ahead < CHILDREN_AHEAD; i = nodes[i].next,
	    ahead++) {
		if (is_zero(&nodes[i]))
			continue;
		pattern_class_unite(&set, &nodes[i].set);
		len += nodes[i].width_min;
		offer(plan, PLAN_RUN, from, i, 1, run_cost(&set, len));
	}
}

static void
plan_sequence(const struct planner *planner, const struct pattern_node *node,
	struct plan *plan)
{
	const struct pattern_node *nodes = planner->shape->nodes;
	size_t i, to = 0;
	double cost;

	for (i = node->first; i != 0; i = nodes[i].next) {
		if (is_zero(&nodes[i]))
			continue;
		cost = literal_cost(planner, i, &to);
		offer(plan, PLAN_LITERAL, i, to, 1, cost);
		plan_runs(planner, plan, i);
		if (nodes[i].kind == PATTERN_NODE_CHOICE && nodes[i].min > 0)
			offer(plan, PLAN_CHILD, i, i,
			    planner->plans[i].pieces,
			    planner->plans[i].cost);
	}
}

static void
plan_choice(const struct planner *planner, const struct pattern_node *node,
	struct plan *plan)
{
	double cost = 0;
	size_t i, pieces = 0;

	for (i = node->first; i != 0; i = planner->shape->nodes[i].next) {
		cost += planner->plans[i].cost;
		pieces += planner->plans[i].pieces;
	}
	offer(plan, PLAN_ALL, node->first, node->last, pieces, cost);
}

static void
plan_node(struct planner *planner, size_t at)
{
	const struct pattern_node *node = &planner->shape->nodes[at];
	struct plan *plan = &planner->plans[at];

	*plan = (struct plan){ .kind = PLAN_NONE, .cost = COST_NONE };
	if (node->kind == PATTERN_NODE_SEQUENCE)
		plan_sequence(planner, node, plan);
	else if (node->kind == PATTERN_NODE_CHOICE)
		plan_choice(planner, node, plan);
}

/* ---- pieces ---- */

static size_t
add_before(size_t a, size_t b)
{
	return a == SIZE_MAX || b == SIZE_MAX ? SIZE_MAX : a + b;
}

/* A child, with what stands before it in its sequence. */
static struct before
before_child(const struct planner *planner, const struct before *outer,
	size_t child)
{
	const struct pattern_node *nodes = planner->shape->nodes;
	struct before before = *outer;
	size_t i;

	before.node = child;
	for (i = nodes[child].previous; i != 0; i = nodes[i].previous) {
		if (is_zero(&nodes[i]))
			continue;
		before.min += nodes[i].width_min;
		before.max = add_before(before.max, nodes[i].width_max);
		pattern_class_unite(&before.set, &nodes[i].set);
	}
	return before;
}

static void
make_piece(const struct planner *planner, const struct plan *plan,
	const struct before *before, struct pattern_factor_piece *piece)
{
	const struct pattern_node *nodes = planner->shape->nodes;
	size_t i;

	*piece = (struct pattern_factor_piece){ .before_min = before->min,
		.before_max = before->max, .before = before->set,
		.set.is_exact = true };
	for (i = plan->from;; i = nodes[i].next) {
		if (!is_zero(&nodes[i]) && plan->kind == PLAN_LITERAL) {
			piece->bytes[piece->len++] = (char)nodes[i].byte;
			piece->ignore_case = piece->ignore_case ||
			    nodes[i].ignore_case;
		} else if (!is_zero(&nodes[i])) {
			pattern_class_unite(&piece->set, &nodes[i].set);
			piece->run += nodes[i].width_min;
		}
		if (i == plan->to)
			break;
	}
	for (i = 0; i < piece->len && piece->ignore_case; i++)
		piece->bytes[i] = text_lower_byte(piece->bytes[i]);
}

/* Follow the plans; those still to follow are kept aside. */
static void
collect(const struct planner *planner, struct pattern_factor *out)
{
	const struct pattern_node *nodes = planner->shape->nodes;
	struct before open[PATTERN_FACTOR_PIECES + 1], at, outer;
	size_t count = 1, i;

	out->count = 0;
	open[0] = (struct before){ .set.is_exact = true };
	while (count > 0) {
		const struct plan *plan;

		at = open[--count];
		plan = &planner->plans[at.node];
		if (plan->kind == PLAN_CHILD) {
			open[count++] = before_child(planner, &at,
			    plan->from);
		} else if (plan->kind == PLAN_ALL) {
			/* Of a repeated group, its first round. */
			for (i = plan->from; i != 0; i = nodes[i].next) {
				open[count] = at;
				open[count++].node = i;
			}
		} else {
			outer = before_child(planner, &at, plan->from);
			make_piece(planner, plan, &outer,
			    &out->pieces[out->count++]);
		}
	}
}

int
pattern_factor_find(const struct pattern_shape *shape,
	struct pattern_factor *out)
{
	struct planner planner = { .shape = shape,
		.plans = memory_array(shape->count, sizeof(struct plan)) };
	bool is_found;
	size_t i;

	for (i = shape->count; i-- > 0;)
		plan_node(&planner, i);
	is_found = planner.plans[0].cost < COST_MAX &&
	    planner.plans[0].pieces > 0;
	if (is_found)
		collect(&planner, out);
	free(planner.plans);
	return is_found ? 0 : ERROR_NOT_FOUND;
}
