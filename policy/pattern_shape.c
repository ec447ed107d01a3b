/*
 * From the text of a regular expression to its shape.  No recursion: where
 * the parser stands is a node, and its parents are the way out.
 */
#include "policy/pattern_shape.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/mail/utf8.h"

#define NODES_START 32
#define NODES_MAX 16384
#define REPEAT_MAX 65535

struct parser {
	struct pattern_shape *shape;
	struct text source;
	size_t at;
	size_t sequence;	/* the node that grows */
	bool ignore_case;
	bool dot_all;
};

/* What an opening parenthesis says; longer beginnings first. */
static const struct {
	struct text begins;
	enum pattern_node_kind kind;
	bool is_atomic;
	bool has_name;
	char name_end;
} groups[] = {
	{ TEXT_INIT("(?:"), PATTERN_NODE_CHOICE, false, false, 0 },
	{ TEXT_INIT("(?>"), PATTERN_NODE_CHOICE, true, false, 0 },
	{ TEXT_INIT("(?="), PATTERN_NODE_LOOK, true, false, 0 },
	{ TEXT_INIT("(?!"), PATTERN_NODE_LOOK, true, false, 0 },
	{ TEXT_INIT("(?<="), PATTERN_NODE_LOOK, true, false, 0 },
	{ TEXT_INIT("(?<!"), PATTERN_NODE_LOOK, true, false, 0 },
	{ TEXT_INIT("(?P<"), PATTERN_NODE_CHOICE, false, true, '>' },
	{ TEXT_INIT("(?<"), PATTERN_NODE_CHOICE, false, true, '>' },
	{ TEXT_INIT("(?'"), PATTERN_NODE_CHOICE, false, true, '\'' },
};

bool
pattern_node_is_repeat(const struct pattern_node *node)
{
	return node->max > node->min;
}

static struct text
rest_of(const struct parser *parser)
{
	return text_skip(parser->source, parser->at);
}

static size_t
node_add(struct pattern_shape *shape, enum pattern_node_kind kind,
	size_t parent, size_t offset)
{
	struct pattern_node *node, *above;

	if (shape->count == shape->size) {
		shape->size = shape->size == 0 ? NODES_START :
		    shape->size * 2;
		shape->nodes = memory_resize(shape->nodes, shape->size,
		    sizeof(*shape->nodes));
	}
	node = &shape->nodes[shape->count];
	*node = (struct pattern_node){ .kind = kind, .parent = parent,
		.offset = offset, .min = 1, .max = 1 };
	if (shape->count > 0) {
		above = &shape->nodes[parent];
		node->previous = above->last;
		if (above->last != 0)
			shape->nodes[above->last].next = shape->count;
		else
			above->first = shape->count;
		above->last = shape->count;
	}
	return shape->count++;
}

static struct pattern_node *
add_class(struct parser *parser, const struct pattern_class *class)
{
	size_t at = node_add(parser->shape, PATTERN_NODE_CLASS,
	    parser->sequence, parser->at);

	parser->shape->nodes[at].set = *class;
	return &parser->shape->nodes[at];
}

static void
add_byte(struct parser *parser, unsigned char byte)
{
	struct pattern_class class = { .is_exact = true };
	struct pattern_node *node;

	pattern_class_add(&class, byte, byte);
	if (parser->ignore_case)
		pattern_class_fold(&class);
	node = add_class(parser, &class);
	node->is_literal = true;
	node->ignore_case = parser->ignore_case &&
	    text_is_alpha((char)byte);
	node->byte = node->ignore_case ?
	    (unsigned char)text_lower_byte((char)byte) : byte;
}

/* ---- groups ---- */

/* The outer flags are kept in the group until it ends. */
static void
group_open(struct parser *parser, enum pattern_node_kind kind,
	bool is_atomic)
{
	size_t at = node_add(parser->shape, kind, parser->sequence,
	    parser->at);

	parser->shape->nodes[at].is_atomic = is_atomic;
	parser->shape->nodes[at].ignore_case = parser->ignore_case;
	parser->shape->nodes[at].byte = parser->dot_all;
	parser->sequence = node_add(parser->shape, PATTERN_NODE_SEQUENCE, at,
	    parser->at);
	parser->shape->has_look = parser->shape->has_look ||
	    kind == PATTERN_NODE_LOOK;
}

static int
group_close(struct parser *parser)
{
	size_t group = parser->shape->nodes[parser->sequence].parent;

	if (group == 0)
		return ERROR_NOT_FOUND;
	parser->ignore_case = parser->shape->nodes[group].ignore_case;
	parser->dot_all = parser->shape->nodes[group].byte != 0;
	parser->sequence = parser->shape->nodes[group].parent;
	parser->at++;
	return 0;
}

/* (?i), (?s-i: and the like; a colon makes a group. */
static int
parse_flags(struct parser *parser)
{
	bool value = true, ignore_case = parser->ignore_case;
	bool dot_all = parser->dot_all;
	size_t at = parser->at + 2;
	char c = '\0';

	for (; at < parser->source.len; at++) {
		c = parser->source.data[at];
		if (c == '-' && value)
			value = false;
		else if (c == 'i')
			ignore_case = value;
		else if (c == 's')
			dot_all = value;
		else if (c != 'm')
			break;
	}
	if (at == parser->source.len || (c != ')' && c != ':'))
		return ERROR_NOT_FOUND;
	if (c == ':')
		group_open(parser, PATTERN_NODE_CHOICE, false);
	parser->ignore_case = ignore_case;
	parser->dot_all = dot_all;
	parser->at = at + 1;
	return 0;
}

static int
parse_group(struct parser *parser)
{
	struct text rest = rest_of(parser);
	size_t i, len;

	if (rest.len < 2)
		return ERROR_NOT_FOUND;
	if (rest.data[1] == '*')
		return ERROR_NOT_FOUND;
	if (rest.data[1] != '?') {
		group_open(parser, PATTERN_NODE_CHOICE, false);
		parser->at++;
		return 0;
	}
	if (rest.len > 2 && rest.data[2] == '#') {
		len = text_find_byte(rest, ')');
		parser->at += len + 1;
		return len < rest.len ? 0 : ERROR_NOT_FOUND;
	}
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!text_starts(rest, groups[i].begins))
			continue;
		len = groups[i].begins.len;
		if (groups[i].has_name)
			len += text_find_byte(text_skip(rest, len),
			    groups[i].name_end) + 1;
		group_open(parser, groups[i].kind, groups[i].is_atomic);
		parser->at += len;
		return 0;
	}
	return parse_flags(parser);
}

/* ---- repeats ---- */

/* {n}, {n,} and {n,m}.  ERROR_NOT_FOUND for what else begins with a brace. */
static int
parse_braces(struct text rest, size_t *len, uint32_t *min, uint32_t *max)
{
	struct text inside = text_slice(rest, 1, text_find_byte(rest, '}') -
	    1), part;
	uint64_t from, to = 0;

	if (inside.len + 2 > rest.len || !text_split(&inside, ',', &part) ||
	    text_parse_u64(part, REPEAT_MAX, &from) != 0)
		return ERROR_NOT_FOUND;
	*len = part.len + 2;
	*min = *max = (uint32_t)from;
	if (inside.data == NULL)
		return 0;
	*len += inside.len + 1;
	*max = PATTERN_UNBOUNDED;
	if (inside.len == 0)
		return 0;
	if (text_parse_u64(inside, REPEAT_MAX, &to) != 0)
		return ERROR_NOT_FOUND;
	*max = (uint32_t)to;
	return 0;
}

static bool
is_repeat(char c)
{
	return c == '*' || c == '+' || c == '?' || c == '{';
}

/* A quantifier behind the last child, if there is one. */
static int
parse_repeat(struct parser *parser)
{
	struct text rest = rest_of(parser);
	size_t last = parser->shape->nodes[parser->sequence].last, len = 1;
	struct pattern_node *node = &parser->shape->nodes[last];
	uint32_t min = 0, max = PATTERN_UNBOUNDED;

	if (rest.len == 0 || !is_repeat(rest.data[0]))
		return 0;
	if (rest.data[0] == '{' && parse_braces(rest, &len, &min, &max) != 0)
		/* Some versions take braces as themselves, some do not. */
		return ERROR_NOT_FOUND;
	if (rest.data[0] == '+')
		min = 1;
	else if (rest.data[0] == '?')
		max = 1;
	parser->at += len;
	rest = rest_of(parser);
	if (rest.len > 0 && (rest.data[0] == '?' || rest.data[0] == '+')) {
		node->is_atomic = node->is_atomic || rest.data[0] == '+';
		parser->at++;
		rest = rest_of(parser);
	}
	if (last == 0 || max < min ||
	    (rest.len > 0 && is_repeat(rest.data[0])))
		return ERROR_NOT_FOUND;
	if (node->kind != PATTERN_NODE_LOOK &&
	    node->kind != PATTERN_NODE_ASSERTION) {
		node->min = min;
		node->max = max;
	}
	return 0;
}

/* ---- single characters ---- */

/* A character beyond ASCII: its bytes, as one where a repeat follows. */
static int
parse_wide(struct parser *parser)
{
	struct pattern_class any = pattern_class_all();
	struct text rest = rest_of(parser), behind;
	uint32_t point;
	size_t len = utf8_next(rest, &point), i;
	bool is_group;

	if (len == 0)
		return ERROR_NOT_FOUND;
	if (parser->ignore_case) {
		(void)add_class(parser, &any);
		parser->at += len;
		return 0;
	}
	behind = text_skip(rest, len);
	is_group = behind.len > 0 && is_repeat(behind.data[0]);
	if (is_group)
		group_open(parser, PATTERN_NODE_CHOICE, false);
	for (i = 0; i < len; i++)
		add_byte(parser, (unsigned char)rest.data[i]);
	if (is_group)
		(void)group_close(parser);
	parser->at += len - (is_group ? 1 : 0);
	return 0;
}

/* \X and \R, several characters; \1.  What repeats them is not understood. */
static int
parse_several(struct parser *parser, char c, char behind)
{
	struct pattern_class any = pattern_class_all();
	struct pattern_node *node;

	if (is_repeat(behind))
		return ERROR_NOT_FOUND;
	node = add_class(parser, &any);
	node->max = c == 'R' ? 2 : PATTERN_UNBOUNDED;
	if (text_is_digit(c)) {
		node->kind = PATTERN_NODE_REFERENCE;
		node->min = 0;
	}
	parser->at += 2;
	return 0;
}

/* \pL, \p{Lu}, and those for several. */
static int
parse_rare_escape(struct parser *parser, struct text rest)
{
	struct pattern_class any = pattern_class_all();
	char c = rest.data[1], behind = rest.len > 2 ? rest.data[2] : '\0';

	if (c == 'X' || c == 'R' ||
	    (c >= '1' && c <= '9' && !text_is_digit(behind)))
		return parse_several(parser, c, behind);
	if (c != 'p' && c != 'P')
		return ERROR_NOT_FOUND;
	(void)add_class(parser, &any);
	parser->at += behind == '{' ? text_find_byte(rest, '}') + 1 : 3;
	return parser->at <= parser->source.len ? 0 : ERROR_NOT_FOUND;
}

static int
parse_escape(struct parser *parser)
{
	static const struct text assertions = TEXT_INIT("bBAZzK");
	struct text rest = rest_of(parser);
	struct pattern_class class;
	uint32_t point;
	size_t len;

	if (rest.len < 2)
		return ERROR_NOT_FOUND;
	if (text_find_byte(assertions, rest.data[1]) < assertions.len) {
		size_t at = node_add(parser->shape, PATTERN_NODE_ASSERTION,
		    parser->sequence, parser->at);

		parser->shape->nodes[at].is_anchor = rest.data[1] == 'A';
		parser->at += 2;
		return 0;
	}
	if (rest.data[1] == 'N' && rest.len > 2 && rest.data[2] == '{')
		return ERROR_NOT_FOUND;
	if (pattern_class_escape(rest.data[1], &class) == 0) {
		(void)add_class(parser, &class);
		parser->at += 2;
		return 0;
	}
	if (pattern_class_character(rest, &len, &point) != 0)
		return parse_rare_escape(parser, rest);
	if (point > 0x7f) {
		class = parser->ignore_case ? pattern_class_all() :
		    pattern_class_high();
		(void)add_class(parser, &class);
	} else {
		add_byte(parser, (unsigned char)point);
	}
	parser->at += len;
	return 0;
}

static int
parse_dot(struct parser *parser)
{
	struct pattern_class class = pattern_class_all();
	int error = parser->dot_all ? 0 : pattern_class_escape('N', &class);

	class.is_exact = true;
	(void)add_class(parser, &class);
	parser->at++;
	return error;
}

static int
parse_bracket(struct parser *parser)
{
	struct pattern_class class;
	size_t len;

	if (pattern_class_parse(rest_of(parser), parser->ignore_case, &len,
	    &class) != 0)
		return ERROR_NOT_FOUND;
	(void)add_class(parser, &class);
	parser->at += len;
	return 0;
}

static int
parse_bar(struct parser *parser)
{
	size_t group = parser->shape->nodes[parser->sequence].parent;

	parser->sequence = node_add(parser->shape, PATTERN_NODE_SEQUENCE,
	    group, parser->at);
	parser->at++;
	return 0;
}

static int
parse_anchor(struct parser *parser)
{
	size_t at = node_add(parser->shape, PATTERN_NODE_ASSERTION,
	    parser->sequence, parser->at);

	parser->shape->nodes[at].is_anchor =
	    parser->source.data[parser->at] == '^';
	parser->at++;
	return 0;
}

/* ---- all of it ---- */

static const struct {
	char c;
	int (*parse)(struct parser *parser);
} signs[] = {
	{ '(', parse_group }, { ')', group_close }, { '|', parse_bar },
	{ '[', parse_bracket }, { '\\', parse_escape }, { '.', parse_dot },
	{ '^', parse_anchor }, { '$', parse_anchor },
};

static int
parse_item(struct parser *parser)
{
	char c = parser->source.data[parser->at];
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (signs[i].c == c)
			return signs[i].parse(parser);
	if ((unsigned char)c > 0x7f)
		return parse_wide(parser);
	if (is_repeat(c))
		return ERROR_NOT_FOUND;
	add_byte(parser, (unsigned char)c);
	parser->at++;
	return 0;
}

int
pattern_shape_new(struct text source, bool ignore_case,
	struct pattern_shape **out)
{
	struct pattern_shape *shape = memory_new(sizeof(*shape));
	struct parser parser = { .shape = shape, .source = source,
		.ignore_case = ignore_case };
	int error = 0;
	char c;

	(void)node_add(shape, PATTERN_NODE_CHOICE, 0, 0);
	parser.sequence = node_add(shape, PATTERN_NODE_SEQUENCE, 0, 0);
	while (parser.at < source.len && error == 0) {
		c = source.data[parser.at];
		error = shape->count < NODES_MAX ? parse_item(&parser) :
		    ERROR_NOT_FOUND;
		/* Openings and bars are followed by no quantifier. */
		if (error == 0 && c != '(' && c != '|')
			error = parse_repeat(&parser);
	}
	if (error != 0 || shape->nodes[parser.sequence].parent != 0) {
		pattern_shape_free(shape);
		return ERROR_NOT_FOUND;
	}
	pattern_shape_measure(shape);
	*out = shape;
	return 0;
}

void
pattern_shape_free(struct pattern_shape *shape)
{
	if (shape == NULL)
		return;
	free(shape->nodes);
	free(shape);
}
