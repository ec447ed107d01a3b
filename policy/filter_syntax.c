/*
 * The filter language's parser.  Open parentheses and blocks are a stack of
 * its own and the tree itself: input never makes it call itself.
 */
#include "policy/filter_syntax.h"

#include <string.h>

#define SHOWN_MAX 24

struct parser {
	struct filter_lexer lexer;
	struct arena *arena;
	struct filter_token token;	/* the next one */
	struct text before;		/* the one before, as written */
	struct filter_mistake *mistake;
};

/* One open parenthesis of an expression; the outermost has none. */
struct level {
	struct filter_node *left;
	enum filter_node_kind join;	/* AND or OR, where there is a left */
	size_t join_offset;
	size_t not_offset;
	bool is_negated;		/* what comes next */
};

struct expression {
	struct level levels[FILTER_DEPTH_MAX + 1];
	size_t depth;
};

/* ---- words ---- */

static int
advance(struct parser *parser)
{
	parser->before = parser->token.bytes;
	return filter_lexer_next(&parser->lexer, &parser->token,
	    parser->mistake);
}

static int
parser_begin(struct parser *parser, struct text source, struct arena *arena,
	struct filter_mistake *mistake)
{
	*parser = (struct parser){ .arena = arena, .mistake = mistake };
	*mistake = (struct filter_mistake){ .offset = 0 };
	reason_set(&mistake->why, "too large");
	filter_lexer_init(&parser->lexer, source, arena);
	parser->token.bytes = TEXT_EMPTY;
	return advance(parser);
}

static int
expected(struct parser *parser, const char *what)
{
	const struct filter_token *token = &parser->token;
	bool is_end = token->kind == FILTER_TOKEN_END;
	const char *quote = is_end || token->kind == FILTER_TOKEN_STRING ?
	    "" : "\"";
	struct text before = text_slice(parser->before, 0, SHOWN_MAX);
	struct text found = is_end ? TEXT("the end") :
	    text_slice(token->bytes, 0, SHOWN_MAX);
	const char *around = before.len > 0 && (before.data[0] == '"' ||
	    before.data[0] == '\'') ? "" : "\"";

	parser->mistake->offset = token->offset;
	if (before.len == 0)
		reason_set(&parser->mistake->why, "expected %s, found "
		    "%s%.*s%s", what, quote, TEXT_ARG(found), quote);
	else
		reason_set(&parser->mistake->why, "expected %s behind "
		    "%s%.*s%s, found %s%.*s%s", what, around,
		    TEXT_ARG(before), around, quote, TEXT_ARG(found), quote);
	return ERROR_MALFORMED;
}

static int
fail_at(struct parser *parser, size_t offset, const char *words)
{
	parser->mistake->offset = offset;
	reason_set(&parser->mistake->why, "%s", words);
	return ERROR_MALFORMED;
}

static int
take(struct parser *parser, enum filter_token_kind kind, const char *what)
{
	if (parser->token.kind != kind)
		return expected(parser, what);
	return advance(parser);
}

/* ---- nodes ---- */

static int
node_new(struct parser *parser, enum filter_node_kind kind, size_t offset,
	struct filter_node **out)
{
	struct filter_node *node = arena_alloc(parser->arena, sizeof(*node));

	if (node == NULL)
		return fail_at(parser, offset, "too large");
	node->kind = kind;
	node->offset = offset;
	node->name = TEXT_EMPTY;
	*out = node;
	return 0;
}

static void
node_add(struct filter_node *parent, struct filter_node *child)
{
	child->parent = parent;
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
}

static bool
is_value(enum filter_token_kind kind)
{
	return kind == FILTER_TOKEN_STRING || kind == FILTER_TOKEN_NUMBER ||
	    kind == FILTER_TOKEN_NAME;
}

static int
parse_value(struct parser *parser, struct filter_value *out)
{
	const struct filter_token *token = &parser->token;

	if (!is_value(token->kind))
		return expected(parser, "a text in quotes or a number");
	*out = (struct filter_value){ .kind = token->kind,
		.number = token->number, .offset = token->offset,
		.text = token->kind == FILTER_TOKEN_STRING ? token->string :
		token->bytes };
	return advance(parser);
}

/* Behind the opening parenthesis, to the closing one. */
static int
parse_arguments(struct parser *parser, struct filter_node *node)
{
	struct filter_value values[FILTER_ARGUMENTS_MAX];
	size_t count = 0;
	int error;

	node->has_list = true;
	if (parser->token.kind == FILTER_TOKEN_PAREN_CLOSE)
		return advance(parser);
	for (;;) {
		if (count == FILTER_ARGUMENTS_MAX)
			return fail_at(parser, parser->token.offset,
			    "too many arguments");
		error = parse_value(parser, &values[count++]);
		if (error != 0 || parser->token.kind != FILTER_TOKEN_COMMA)
			break;
		if ((error = advance(parser)) != 0)
			break;
	}
	if (error == 0)
		error = take(parser, FILTER_TOKEN_PAREN_CLOSE, "\")\"");
	if (error != 0)
		return error;
	node->arguments = arena_array(parser->arena, count,
	    sizeof(values[0]));
	if (node->arguments == NULL)
		return fail_at(parser, node->offset, "too large");
	memcpy(node->arguments, values, count * sizeof(values[0]));
	node->argument_count = count;
	return 0;
}

static bool
is_comparison(enum filter_token_kind kind)
{
	return kind >= FILTER_TOKEN_EQUAL;
}

/* A name with its arguments, and for a rule with its comparison. */
static int
parse_call(struct parser *parser, enum filter_node_kind kind,
	struct filter_node **out)
{
	struct filter_node *node = NULL;
	int error = node_new(parser, kind, parser->token.offset, &node);

	if (error != 0)
		return error;
	node->name = parser->token.bytes;
	if ((error = advance(parser)) != 0)
		return error;
	if (parser->token.kind == FILTER_TOKEN_PAREN_OPEN) {
		if ((error = advance(parser)) == 0)
			error = parse_arguments(parser, node);
	} else if (kind == FILTER_NODE_ACTION) {
		error = expected(parser, "\"(\"");
	}
	if (error == 0 && kind == FILTER_NODE_RULE &&
	    is_comparison(parser->token.kind)) {
		node->comparison = parser->token.kind;
		if ((error = advance(parser)) == 0)
			error = parse_value(parser, &node->value);
	}
	*out = node;
	return error;
}

/* ---- expressions ---- */

/* An operand is complete: negate it, and join it to what stands before. */
static int
level_join(struct parser *parser, struct level *level,
	struct filter_node *operand)
{
	struct filter_node *node = NULL;
	int error = 0;

	if (level->is_negated && operand->kind == FILTER_NODE_NOT) {
		operand = operand->first;
		operand->parent = NULL;
	} else if (level->is_negated) {
		error = node_new(parser, FILTER_NODE_NOT, level->not_offset,
		    &node);
		if (error != 0)
			return error;
		node_add(node, operand);
		operand = node;
	}
	level->is_negated = false;
	if (level->left != NULL) {
		error = node_new(parser, level->join, level->join_offset,
		    &node);
		if (error != 0)
			return error;
		node_add(node, level->left);
		node_add(node, operand);
		operand = node;
	}
	level->left = operand;
	return 0;
}

/* NOTs, opening parentheses and one rule. */
static int
parse_operand(struct parser *parser, struct expression *expression)
{
	struct level *level = &expression->levels[expression->depth];
	struct filter_node *rule = NULL;
	int error = 0;

	while (error == 0 && parser->token.kind != FILTER_TOKEN_NAME) {
		if (parser->token.kind == FILTER_TOKEN_NOT) {
			level->is_negated = !level->is_negated;
			level->not_offset = parser->token.offset;
		} else if (parser->token.kind != FILTER_TOKEN_PAREN_OPEN) {
			return expected(parser, "a condition");
		} else if (expression->depth == FILTER_DEPTH_MAX) {
			return fail_at(parser, parser->token.offset,
			    "parentheses are nested too deep");
		} else {
			level = &expression->levels[++expression->depth];
			*level = (struct level){ .left = NULL };
		}
		error = advance(parser);
	}
	if (error == 0)
		error = parse_call(parser, FILTER_NODE_RULE, &rule);
	return error == 0 ? level_join(parser, level, rule) : error;
}

static int
close_parentheses(struct parser *parser, struct expression *expression)
{
	struct filter_node *inner;
	int error = 0;

	while (error == 0 && expression->depth > 0 &&
	    parser->token.kind == FILTER_TOKEN_PAREN_CLOSE) {
		inner = expression->levels[expression->depth--].left;
		error = level_join(parser,
		    &expression->levels[expression->depth], inner);
		if (error == 0)
			error = advance(parser);
	}
	return error;
}

/* One AND or OR; *is_over where the expression ends instead. */
static int
parse_join(struct parser *parser, struct expression *expression,
	bool *is_over)
{
	struct level *level = &expression->levels[expression->depth];

	if (parser->token.kind == FILTER_TOKEN_AND) {
		level->join = FILTER_NODE_AND;
	} else if (parser->token.kind == FILTER_TOKEN_OR) {
		level->join = FILTER_NODE_OR;
	} else {
		*is_over = true;
		return expression->depth == 0 ? 0 :
		    expected(parser, "\")\"");
	}
	level->join_offset = parser->token.offset;
	return advance(parser);
}

static int
parse_expression(struct parser *parser, struct filter_node **out)
{
	struct expression expression;
	bool is_over = false;
	int error = 0;

	expression.depth = 0;
	expression.levels[0] = (struct level){ .left = NULL };
	while (error == 0 && !is_over) {
		error = parse_operand(parser, &expression);
		if (error == 0)
			error = close_parentheses(parser, &expression);
		if (error == 0)
			error = parse_join(parser, &expression, &is_over);
	}
	*out = expression.levels[0].left;
	return error;
}

/* ---- statements ---- */

/* "{": a block below an IF becomes what is filled. */
static int
open_block(struct parser *parser, struct filter_node **at, size_t *depth)
{
	struct filter_node *block = NULL;
	int error;

	if (parser->token.kind != FILTER_TOKEN_BRACE_OPEN)
		return expected(parser, "\"{\"");
	if (++*depth > FILTER_DEPTH_MAX)
		return fail_at(parser, parser->token.offset,
		    "blocks are nested too deep");
	error = node_new(parser, FILTER_NODE_BLOCK, parser->token.offset,
	    &block);
	if (error != 0)
		return error;
	node_add(*at, block);
	*at = block;
	return advance(parser);
}

/* "if", its condition and the beginning of its block. */
static int
open_if(struct parser *parser, struct filter_node **at, size_t *depth)
{
	struct filter_node *node = NULL, *condition = NULL;
	int error = 0;

	if (parser->token.kind != FILTER_TOKEN_IF)
		return expected(parser, "\"if\"");
	error = node_new(parser, FILTER_NODE_IF, parser->token.offset, &node);
	if (error == 0)
		error = advance(parser);
	if (error == 0)
		error = parse_expression(parser, &condition);
	if (error != 0)
		return error;
	node_add(*at, node);
	node_add(node, condition);
	*at = node;
	return open_block(parser, at, depth);
}

/* "}": also the end of the IFs that the block completes. */
static int
close_block(struct parser *parser, struct filter_node **at, size_t *depth)
{
	struct filter_node *node = (*at)->parent;
	int error = advance(parser);

	(*depth)--;
	if (error == 0 && parser->token.kind == FILTER_TOKEN_ELSE &&
	    node->last == node->first->next) {
		*at = node;
		if ((error = advance(parser)) != 0)
			return error;
		return parser->token.kind == FILTER_TOKEN_IF ?
		    open_if(parser, at, depth) :
		    open_block(parser, at, depth);
	}
	while (node->kind == FILTER_NODE_IF)
		node = node->parent;
	*at = node;
	return error;
}

static int
parse_action(struct parser *parser, struct filter_node **out)
{
	if (parser->token.kind != FILTER_TOKEN_NAME)
		return expected(parser, "an action");
	return parse_call(parser, FILTER_NODE_ACTION, out);
}

static int
parse_in_block(struct parser *parser, struct filter_node **at, size_t *depth)
{
	struct filter_node *action = NULL;
	int error;

	if (parser->token.kind == FILTER_TOKEN_BRACE_CLOSE)
		return close_block(parser, at, depth);
	if (parser->token.kind == FILTER_TOKEN_IF)
		return open_if(parser, at, depth);
	error = parse_action(parser, &action);
	if (error != 0)
		return error;
	node_add(*at, action);
	return take(parser, FILTER_TOKEN_SEMICOLON, "\";\"");
}

/* Where a filter's name must stand. */
static int
no_name(struct parser *parser)
{
	struct parser ahead = *parser;

	if (filter_token_is_keyword(parser->token.kind) &&
	    advance(&ahead) == 0 && (ahead.token.kind == FILTER_TOKEN_COLON ||
	    ahead.token.kind == FILTER_TOKEN_EXCLAMATION))
		return fail_at(parser, parser->token.offset, "a word of the "
		    "language cannot be a filter's name");
	return expected(parser, "a filter's name");
}

static int
parse_filter(struct parser *parser, struct filter_node *script)
{
	struct filter_node *filter = NULL, *at;
	size_t depth = 0;
	int error;

	if (parser->token.kind != FILTER_TOKEN_NAME)
		return no_name(parser);
	error = node_new(parser, FILTER_NODE_FILTER, parser->token.offset,
	    &filter);
	if (error != 0)
		return error;
	filter->name = parser->token.bytes;
	node_add(script, filter);
	if ((error = advance(parser)) != 0)
		return error;
	filter->is_active = parser->token.kind == FILTER_TOKEN_COLON;
	filter->sign = parser->token.offset;
	if (!filter->is_active &&
	    parser->token.kind != FILTER_TOKEN_EXCLAMATION)
		return expected(parser, "\":\" or \"!\"");
	at = filter;
	error = advance(parser);
	if (error == 0)
		error = open_if(parser, &at, &depth);
	while (error == 0 && at != filter)
		error = parse_in_block(parser, &at, &depth);
	/* The brace that ended it is the word before the next one. */
	filter->end = (size_t)(parser->before.data -
	    parser->lexer.source.data) + parser->before.len;
	return error;
}

/* ---- whole texts ---- */

int
filter_syntax_parse_expression(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake)
{
	struct parser parser;
	int error = parser_begin(&parser, source, arena, mistake);

	if (error == 0)
		error = parse_expression(&parser, out);
	if (error == 0 && parser.token.kind != FILTER_TOKEN_END)
		error = expected(&parser, "AND, OR or the end");
	return error;
}

int
filter_syntax_parse_action(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake)
{
	struct parser parser;
	int error = parser_begin(&parser, source, arena, mistake);

	if (error == 0)
		error = parse_action(&parser, out);
	if (error == 0 && parser.token.kind == FILTER_TOKEN_SEMICOLON)
		error = advance(&parser);
	if (error == 0 && parser.token.kind != FILTER_TOKEN_END)
		error = expected(&parser, "the end");
	return error;
}

int
filter_syntax_parse_script(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake)
{
	struct parser parser;
	int error = parser_begin(&parser, source, arena, mistake);

	if (error == 0)
		error = node_new(&parser, FILTER_NODE_SCRIPT, 0, out);
	while (error == 0 && parser.token.kind != FILTER_TOKEN_END)
		error = parse_filter(&parser, *out);
	return error;
}
