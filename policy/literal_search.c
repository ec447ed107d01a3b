/*
 * Literals in one automaton.  While it is built, children hang in lists;
 * then nodes are numbered by their distance from the root, so that children
 * lie side by side, and those near the root, where nearly all steps are
 * made, know where each byte leads.
 */
#include "policy/literal_search.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

#define BYTES 256
/* Nodes near the root; with 64 classes of bytes they take 256 KB. */
#define NEAR_MAX 1024

/* Numbers of nodes and keys; 0 is the root, or none. */
struct node {
	uint32_t child;		/* the first */
	uint32_t sibling;	/* while it is built; then one behind */
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
	uint16_t classes[BYTES];	/* 0: in no literal */
	uint32_t class_count;
	uint32_t *near;			/* by node and class */
	uint32_t near_count;
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
	free(search->near);
	free(search);
}

/* ---- building ---- */

static uint32_t
child_of(const struct literal_search *search, uint32_t node,
	unsigned char byte)
{
	uint32_t child;

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

/* ---- compiling ---- */

/*
 * Number the nodes by their distance from the root.  A node's children get
 * numbers in a row, from child to below sibling.
 */
static void
renumber(struct literal_search *search)
{
	struct node *nodes = memory_array(search->node_count,
	    sizeof(nodes[0]));
	uint32_t from, to = 1, old, key;

	nodes[0] = search->nodes[0];
	for (from = 0; from < to; from++) {
		struct node *node = &nodes[from];

		old = node->child;
		node->child = to;
		for (; old != 0; old = search->nodes[old].sibling)
			nodes[to++] = search->nodes[old];
		node->sibling = to;
		for (key = node->key; key != 0; key = search->keys[key].next)
			search->keys[key].node = from;
	}
	free(search->nodes);
	search->nodes = nodes;
}

static uint32_t
find_child(const struct literal_search *search, uint32_t node,
	unsigned char byte)
{
	uint32_t child = search->nodes[node].child;
	uint32_t end = search->nodes[node].sibling;

	while (child < end && search->nodes[child].byte != byte)
		child++;
	return child < end ? child : 0;
}

/* Where a byte leads, by way of shorter and shorter suffixes. */
static uint32_t
walk(const struct literal_search *search, uint32_t state, unsigned char byte)
{
	uint32_t child;

	while ((child = find_child(search, state, byte)) == 0 && state != 0)
		state = search->nodes[state].fail;
	return child;
}

static void
link_suffixes(struct literal_search *search)
{
	uint32_t parent, node, fail;

	for (parent = 0; parent < search->node_count; parent++)
		for (node = search->nodes[parent].child;
		    node < search->nodes[parent].sibling; node++) {
			fail = parent == 0 ? 0 : walk(search,
			    search->nodes[parent].fail,
			    search->nodes[node].byte);
			search->nodes[node].fail = fail;
			search->nodes[node].shorter =
			    search->nodes[fail].key != 0 ? fail :
			    search->nodes[fail].shorter;
		}
}

static void
fill_near(struct literal_search *search)
{
	uint32_t node, i;

	search->class_count = 1;
	for (node = 1; node < search->node_count; node++) {
		uint16_t *class = &search->classes[search->nodes[node].byte];

		if (*class == 0)
			*class = (uint16_t)search->class_count++;
	}
	search->near_count = search->node_count < NEAR_MAX ?
	    search->node_count : NEAR_MAX;
	search->near = memory_array(search->near_count *
	    (size_t)search->class_count, sizeof(search->near[0]));
	for (node = 0; node < search->near_count; node++)
		for (i = 0; i < BYTES; i++)
			if (search->classes[i] != 0)
				search->near[node * search->class_count +
				    search->classes[i]] = walk(search, node,
				    (unsigned char)i);
}

void
literal_search_compile(struct literal_search *search)
{
	renumber(search);
	link_suffixes(search);
	fill_near(search);
}

/* ---- searching ---- */

uint32_t
literal_search_step(const struct literal_search *search, uint32_t state,
	char byte)
{
	uint16_t class = search->classes[(unsigned char)byte];
	uint32_t child;

	if (class == 0)
		return 0;
	while (state >= search->near_count) {
		child = find_child(search, state, (unsigned char)byte);
		if (child != 0)
			return child;
		state = search->nodes[state].fail;
	}
	return search->near[state * search->class_count + class];
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
