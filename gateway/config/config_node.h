/*
 * The tree of a YAML file: maps, lists and scalars with their places.
 * Scalars are texts; only the schema gives them a type.
 */
#ifndef GATEWAY_CONFIG_CONFIG_NODE_H
#define GATEWAY_CONFIG_CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

enum config_node_kind {
	CONFIG_NODE_SCALAR,
	CONFIG_NODE_LIST,
	CONFIG_NODE_MAP,
};

struct config_node {
	enum config_node_kind kind;
	bool is_absent;			/* "key:" without any value */
	unsigned int line;		/* of the value; 1 is the first */
	unsigned int column;
	unsigned int key_line;		/* of the key, in maps */
	unsigned int key_column;
	struct text key;		/* in maps */
	struct text value;		/* of scalars */
	size_t number;			/* in lists, 1 is the first */
	size_t count;			/* children */
	struct config_node *parent;
	struct config_node *first;	/* child */
	struct config_node *last;
	struct config_node *next;	/* sibling */
};

/* Append the child; its parent, number and the counts are set. */
void config_node_add(struct config_node *parent, struct config_node *child);

/*
 * Append where the node stands: "sender_groups[2].name".  Keys are cut and
 * cleaned.  The root is empty.
 */
int config_node_print_path(const struct config_node *node,
	struct buffer *out) MUST_CHECK;

/*
 * The node at a path, or its nearest ancestor that is in the tree: settings
 * that were left to their default have no node.  *whole tells which.
 */
const struct config_node *config_node_at(const struct config_node *root,
	struct text path, bool *whole);

/*
 * Take the first piece off a path: a name, or the number in "[2]".  False
 * at the end and for what is no path, then *rest is not empty.
 */
struct config_path_piece {
	struct text name;		/* empty: a number */
	size_t number;
};
bool config_path_next(struct text *rest, struct config_path_piece *piece);

#endif
