/*
 * Trees of the filter language: walking them, and back to text.
 */
#include <inttypes.h>

#include "policy/filter_syntax.h"

/* ---- walking ---- */

static int
enter(struct filter_node *node, const struct filter_walk *walk)
{
	return walk->before == NULL ? 0 : walk->before(walk->context, node);
}

static int
leave(struct filter_node *node, const struct filter_walk *walk)
{
	return walk->after == NULL ? 0 : walk->after(walk->context, node);
}

int
filter_syntax_walk(struct filter_node *root, const struct filter_walk *walk)
{
	struct filter_node *node = root;
	int error = enter(node, walk);

	while (error == 0) {
		if (node->first != NULL) {
			node = node->first;
			error = enter(node, walk);
			continue;
		}
		error = leave(node, walk);
		/* Up, as far as nothing follows. */
		while (error == 0 && node != root && node->next == NULL) {
			node = node->parent;
			error = leave(node, walk);
		}
		if (error != 0 || node == root)
			break;
		if (walk->between != NULL)
			error = walk->between(walk->context, node->parent,
			    node->next);
		node = node->next;
		if (error == 0)
			error = enter(node, walk);
	}
	return error;
}

/* ---- printing ---- */

static const struct text comparisons[FILTER_TOKENS] = {
	[FILTER_TOKEN_EQUAL] = TEXT_INIT("=="),
	[FILTER_TOKEN_NOT_EQUAL] = TEXT_INIT("!="),
	[FILTER_TOKEN_LESS] = TEXT_INIT("<"),
	[FILTER_TOKEN_LESS_EQUAL] = TEXT_INIT("<="),
	[FILTER_TOKEN_GREATER] = TEXT_INIT(">"),
	[FILTER_TOKEN_GREATER_EQUAL] = TEXT_INIT(">="),
};

struct text
filter_syntax_comparison(enum filter_token_kind kind)
{
	return kind < FILTER_TOKENS && comparisons[kind].len > 0 ?
	    comparisons[kind] : TEXT_EMPTY;
}

static int
print_value(const struct filter_value *value, struct buffer *out)
{
	if (value->kind == FILTER_TOKEN_NUMBER)
		return buffer_printf(out, "%" PRIu64, value->number);
	if (value->kind == FILTER_TOKEN_NAME)
		return buffer_add_text(out, value->text);
	return filter_lexer_print_string(value->text, out);
}

static int
print_call(const struct filter_node *node, struct buffer *out)
{
	size_t i;
	int error = buffer_add_text(out, node->name);

	if (error == 0 && node->has_list)
		error = buffer_add_byte(out, '(');
	for (i = 0; error == 0 && i < node->argument_count; i++) {
		if (i > 0)
			error = buffer_add_text(out, TEXT(", "));
		if (error == 0)
			error = print_value(&node->arguments[i], out);
	}
	if (error == 0 && node->has_list)
		error = buffer_add_byte(out, ')');
	if (error != 0 || node->comparison == FILTER_TOKEN_END)
		return error;
	error = buffer_printf(out, " %.*s ",
	    TEXT_ARG(filter_syntax_comparison(node->comparison)));
	return error == 0 ? print_value(&node->value, out) : error;
}

/* A chain on the right, or below NOT, does not group by itself. */
static bool
needs_parentheses(const struct filter_node *node)
{
	const struct filter_node *parent = node->parent;

	if (parent == NULL || (node->kind != FILTER_NODE_AND &&
	    node->kind != FILTER_NODE_OR))
		return false;
	return parent->kind == FILTER_NODE_NOT ||
	    (parent->kind != FILTER_NODE_IF && node != parent->first);
}

static int
print_before(void *context, struct filter_node *node)
{
	struct buffer *out = context;

	if (needs_parentheses(node))
		return buffer_add_byte(out, '(');
	switch (node->kind) {
	case FILTER_NODE_RULE:
	case FILTER_NODE_ACTION:
		return print_call(node, out);
	case FILTER_NODE_FILTER:
		return buffer_printf(out, "%.*s%c ", TEXT_ARG(node->name),
		    node->is_active ? ':' : '!');
	case FILTER_NODE_IF:
		return buffer_add_text(out, TEXT("if "));
	case FILTER_NODE_BLOCK:
		return buffer_add_text(out, TEXT("{ "));
	case FILTER_NODE_NOT:
		return buffer_add_text(out, TEXT("NOT "));
	default:
		return 0;
	}
}

static int
print_between(void *context, struct filter_node *node,
	const struct filter_node *following)
{
	struct buffer *out = context;

	switch (node->kind) {
	case FILTER_NODE_AND:
		return buffer_add_text(out, TEXT(" AND "));
	case FILTER_NODE_OR:
		return buffer_add_text(out, TEXT(" OR "));
	case FILTER_NODE_IF:
		return buffer_add_text(out, following ==
		    node->first->next ? TEXT(" ") : TEXT(" else "));
	default:
		return 0;
	}
}

static int
print_after(void *context, struct filter_node *node)
{
	struct buffer *out = context;

	if (needs_parentheses(node))
		return buffer_add_byte(out, ')');
	switch (node->kind) {
	case FILTER_NODE_ACTION:
		/* Alone it is a content filter's: no block, no sign. */
		return node->parent == NULL ? 0 :
		    buffer_add_text(out, TEXT("; "));
	case FILTER_NODE_BLOCK:
		return buffer_add_byte(out, '}');
	case FILTER_NODE_IF:
		return node->parent != NULL &&
		    node->parent->kind == FILTER_NODE_BLOCK ?
		    buffer_add_byte(out, ' ') : 0;
	case FILTER_NODE_FILTER:
		return buffer_add_byte(out, '\n');
	default:
		return 0;
	}
}

int
filter_syntax_print(struct filter_node *root, struct buffer *out)
{
	const struct filter_walk walk = { .before = print_before,
		.between = print_between, .after = print_after,
		.context = out };

	return filter_syntax_walk(root, &walk);
}
