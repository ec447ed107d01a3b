/*
 * Literals in one automaton.  Children hang in lists, for most nodes have
 * one; those of the root, where most steps are made, in a table.
 */
#include "policy/literal_search.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

#define BYTES 256

/* Numbers of nodes and keys; 0 is the root, or none. */
struct node {
	uint32_t child;
	uint32_t sibling;
	uint32_t fail;		/* the longest suffix that is a node */
	uint32_t key;		/* the first that ends here */
	uint32_t shorter;	/* the longest suffix where a key ends */
	unsigned char byte;
};

struct key {
	uint32_t id;
	uint32_t len;
	uint32_t node;
	uint32_t next;		/* that ends at the same node */
};

struct literal_search {
	struct node *nodes;
	uint32_t node_count;
	uint32_t node_room;
	struct key *keys;
	uint32_t key_count;
	uint32_t key_room;
	uint32_t root[BYTES];
};

struct literal_search *
literal_search_new(void)
{
	struct literal_search *search = memory_new(sizeof(*search));

	search->node_room = search->key_room = 16;
	search->nodes = memory_array(search->node_room,
	    sizeof(search->nodes[0]));
	search->keys = memory_array(search->key_room,
	    sizeof(search->keys[0]));
	/* The root, and the key that is none. */
	search->nodes[0] = (struct node){ 0 };
	search->keys[0] = (struct key){ 0 };
	search->node_count = search->key_count = 1;
	return search;
}

void
literal_search_free(struct literal_search *search)
{
	if (search == NULL)
		return;
	free(search->nodes);
	free(search->keys);
	free(search);
}

/* ---- building ---- */

static uint32_t
child_of(const struct literal_search *search, uint32_t node,
	unsigned char byte)
{
	uint32_t child;

	if (node == 0)
		return search->root[byte];
	for (child = search->nodes[node].child; child != 0 &&
	    search->nodes[child].byte != byte;
	    child = search->nodes[child].sibling)
		continue;
	return child;
}

static uint32_t
add_node(struct literal_search *search, uint32_t parent, unsigned char byte)
{
	uint32_t node = search->node_count++;

	if (node == search->node_room) {
		search->node_room *= 2;
		search->nodes = memory_resize(search->nodes,
		    search->node_room, sizeof(search->nodes[0]));
	}
	search->nodes[node] = (struct node){ .byte = byte,
		.sibling = search->nodes[parent].child };
	search->nodes[parent].child = node;
	if (parent == 0)
		search->root[byte] = node;
	return node;
}

static void
add_key(struct literal_search *search, uint32_t node, uint32_t id,
	uint32_t len)
{
	uint32_t key;

	for (key = search->nodes[node].key; key != 0;
	    key = search->keys[key].next)
		if (search->keys[key].id == id)
			return;
	key = search->key_count++;
	if (key == search->key_room) {
		search->key_room *= 2;
		search->keys = memory_resize(search->keys, search->key_room,
		    sizeof(search->keys[0]));
	}
	search->keys[key] = (struct key){ .id = id, .len = len,
		.node = node, .next = search->nodes[node].key };
	search->nodes[node].key = key;
}

void
literal_search_add(struct literal_search *search, struct text bytes,
	uint32_t id)
{
	uint32_t node = 0, child;
	size_t i;

	require(bytes.len > 0 && bytes.len < INT32_MAX - search->node_count);
	for (i = 0; i < bytes.len; i++) {
		child = child_of(search, node, (unsigned char)bytes.data[i]);
		node = child != 0 ? child : add_node(search, node,
		    (unsigned char)bytes.data[i]);
	}
	add_key(search, node, id, (uint32_t)bytes.len);
}

/* Nodes come before those that are further from the root. */
void
literal_search_compile(struct literal_search *search)
{
	uint32_t *queue = memory_array(search->node_count, sizeof(queue[0]));
	uint32_t from, to = 1, node, fail;

	for (from = 0; from < to; from++) {
		uint32_t parent = queue[from];

		for (node = search->nodes[parent].child; node != 0;
		    node = search->nodes[node].sibling) {
			fail = parent == 0 ? 0 : literal_search_step(search,
			    search->nodes[parent].fail,
			    (char)search->nodes[node].byte);
			search->nodes[node].fail = fail;
			search->nodes[node].shorter =
			    search->nodes[fail].key != 0 ? fail :
			    search->nodes[fail].shorter;
			queue[to++] = node;
		}
	}
	free(queue);
}

/* ---- searching ---- */

uint32_t
literal_search_step(const struct literal_search *search, uint32_t state,
	char byte)
{
	uint32_t child;

	while ((child = child_of(search, state, (unsigned char)byte)) == 0 &&
	    state != 0)
		state = search->nodes[state].fail;
	return child;
}

static bool
take(const struct literal_search *search, uint32_t key,
	struct literal_hit *hit)
{
	if (key == 0)
		return false;
	*hit = (struct literal_hit){ .id = search->keys[key].id,
		.len = search->keys[key].len, .next = key };
	return true;
}

bool
literal_search_first(const struct literal_search *search, uint32_t state,
	struct literal_hit *hit)
{
	uint32_t key = search->nodes[state].key;

	if (key == 0)
		key = search->nodes[search->nodes[state].shorter].key;
	return take(search, key, hit);
}

bool
literal_search_next(const struct literal_search *search,
	struct literal_hit *hit)
{
	const struct key *key = &search->keys[hit->next];
	uint32_t next = key->next;

	if (next == 0)
		next = search->nodes[search->nodes[key->node].shorter].key;
	return take(search, next, hit);
}
