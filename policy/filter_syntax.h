/*
 * The filter language's grammar: texts to trees and back.
 *
 *   filters    := { NAME ( ":" | "!" ) statement }
 *   statement  := "if" expression block [ "else" ( block | statement ) ]
 *   block      := "{" { action ";" | statement } "}"
 *   expression := expression "AND" expression | expression "OR" expression
 *                 | "NOT" expression | "(" expression ")" | rule
 *   rule       := NAME [ "(" arguments ")" ] [ comparison value ]
 *   action     := NAME "(" [ arguments ] ")"
 *   value      := STRING | NUMBER | NAME
 *
 * AND and OR bind alike, chains group from left to right; NOT binds the next
 * rule or parenthesis only.  What names and arguments mean is not looked at
 * here.
 */
#ifndef POLICY_FILTER_SYNTAX_H
#define POLICY_FILTER_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "policy/filter_lexer.h"
#include "policy/filter_mistake.h"

#define FILTER_DEPTH_MAX 100		/* parentheses, blocks */
#define FILTER_ARGUMENTS_MAX 16

enum filter_node_kind {
	FILTER_NODE_SCRIPT,	/* filters */
	FILTER_NODE_FILTER,	/* one IF */
	FILTER_NODE_IF,		/* condition, BLOCK, perhaps BLOCK or IF */
	FILTER_NODE_BLOCK,	/* actions and IFs */
	FILTER_NODE_ACTION,
	FILTER_NODE_AND,
	FILTER_NODE_OR,
	FILTER_NODE_NOT,
	FILTER_NODE_RULE,
	FILTER_NODES
};

struct filter_value {
	enum filter_token_kind kind;	/* STRING, NUMBER, NAME or END */
	struct text text;		/* STRING, NAME */
	uint64_t number;
	size_t offset;			/* in the source */
};

struct filter_node {
	enum filter_node_kind kind;
	struct filter_node *parent;	/* NULL for the root */
	struct filter_node *first;
	struct filter_node *last;
	struct filter_node *next;
	size_t offset;			/* in the source */
	struct text name;		/* FILTER, ACTION, RULE */
	bool is_active;			/* FILTER */
	size_t sign;			/* FILTER: offset of ":" or "!" */
	size_t end;			/* FILTER: behind its last byte */
	bool has_list;			/* parentheses, perhaps empty */
	struct filter_value *arguments;
	size_t argument_count;
	enum filter_token_kind comparison;	/* RULE; END: none */
	struct filter_value value;
	size_t mark;			/* for whoever walks the tree */
};

/*
 * Parse a whole text as one expression, as one action (a ";" may follow), or
 * as filters.  The tree lies in the arena and borrows source.
 * ERROR_MALFORMED with the mistake; ERROR_LIMIT where the arena is full.
 */
int filter_syntax_parse_expression(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake) MUST_CHECK;
int filter_syntax_parse_action(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake) MUST_CHECK;
int filter_syntax_parse_script(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake) MUST_CHECK;

/*
 * Walk a tree without recursion.  Each may be NULL; the first that is not 0
 * ends the walk and is its result.
 *   before    at a node, before its children
 *   between   at a node whose child is over, with the child that follows
 *   after     at a node, behind its children
 */
struct filter_walk {
	int (*before)(void *context, struct filter_node *node);
	int (*between)(void *context, struct filter_node *node,
		const struct filter_node *following);
	int (*after)(void *context, struct filter_node *node);
	void *context;
};
int filter_syntax_walk(struct filter_node *root,
	const struct filter_walk *walk) MUST_CHECK;

/*
 * Append a tree in the form in which it is parsed again to an equal one.
 * ERROR_LIMIT.
 */
int filter_syntax_print(struct filter_node *root, struct buffer *out)
	MUST_CHECK;
/* "==" and so on; empty for anything but a comparison. */
struct text filter_syntax_comparison(enum filter_token_kind kind);

#endif
