/*
 * The tree of a YAML file, and paths in it.
 */
#include "gateway/config/config_node.h"

#include "gateway/config/config_type.h"
#include "gateway/config/config_yaml.h"

void
config_node_add(struct config_node *parent, struct config_node *child)
{
	child->parent = parent;
	child->number = ++parent->count;
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
}

static int
piece_print(const struct config_node *node, struct buffer *out)
{
	int rc = 0;

	if (node->parent->kind == CONFIG_NODE_LIST)
		return buffer_printf(out, "[%zu]", node->number);
	if (buffer_len(out) > 0)
		rc = buffer_add_byte(out, '.');
	if (rc == 0)
		rc = config_quote(node->key, out);
	return rc;
}

int
config_node_print_path(const struct config_node *node, struct buffer *out)
{
	const struct config_node *line[CONFIG_YAML_DEPTH_MAX + 1];
	size_t depth = 0;
	int rc = 0;

	for (; node->parent != NULL; node = node->parent) {
		require(depth < sizeof(line) / sizeof(line[0]));
		line[depth++] = node;
	}
	while (depth > 0 && rc == 0)
		rc = piece_print(line[--depth], out);
	return rc;
}

static bool
number_piece(struct text *rest, struct config_path_piece *piece)
{
	size_t end = text_find_byte(*rest, ']');
	uint64_t number;

	if (end == rest->len || end < 2 ||
	    text_parse_u64(text_slice(*rest, 1, end - 1), SIZE_MAX,
	    &number) != 0)
		return false;
	piece->name = TEXT_EMPTY;
	piece->number = (size_t)number;
	*rest = text_skip(*rest, end + 1);
	return true;
}

bool
config_path_next(struct text *rest, struct config_path_piece *piece)
{
	struct text path = *rest;
	size_t end = 0;

	if (text_is_empty(path))
		return false;
	if (path.data[0] == '[')
		return number_piece(rest, piece);
	if (path.data[0] == '.')
		path = text_skip(path, 1);
	while (end < path.len && path.data[end] != '.' &&
	    path.data[end] != '[')
		end++;
	if (end == 0)
		return false;
	piece->name = text_slice(path, 0, end);
	piece->number = 0;
	*rest = text_skip(path, end);
	return true;
}

static const struct config_node *
child_find(const struct config_node *node,
	const struct config_path_piece *piece)
{
	const struct config_node *child;
	bool named = !text_is_empty(piece->name);

	if (node->kind != (named ? CONFIG_NODE_MAP : CONFIG_NODE_LIST))
		return NULL;
	for (child = node->first; child != NULL; child = child->next)
		if (named ? text_equal(child->key, piece->name) :
		    child->number == piece->number)
			return child;
	return NULL;
}

const struct config_node *
config_node_at(const struct config_node *root, struct text path, bool *whole)
{
	const struct config_node *node = root, *child;
	struct config_path_piece piece;

	while (config_path_next(&path, &piece)) {
		child = child_find(node, &piece);
		*whole = child != NULL;
		if (child == NULL)
			return node;
		node = child;
	}
	*whole = true;
	return node;
}
