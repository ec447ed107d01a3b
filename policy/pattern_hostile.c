/*
 * Hostile texts.  Samples are written by walking the tree with a stack of
 * its own.
 */
#include "policy/pattern_hostile.h"

#include <string.h>

#define DEPTH_MAX 256
#define ROUNDS_MAX 40
/* What stands before and behind the repeats. */
#define SAMPLE_MAX 512
#define VARIANTS 2

struct frame {
	size_t node;
	size_t next;		/* child to write */
	uint32_t rounds;	/* still to write */
};

struct sample {
	char bytes[SAMPLE_MAX];
	size_t len;
};

/* One that the repeat does not take where there is one, else any. */
static char
pick_break(const struct pattern_class *set)
{
	static const char breaks[] = "\x01!\na0 -,";
	size_t i;

	for (i = 0; i < sizeof(breaks) - 2; i++)
		if (!pattern_class_has(set, (unsigned char)breaks[i]))
			break;
	return breaks[i];
}

static unsigned char
pick_byte(const struct pattern_class *set)
{
	static const char wanted[] = "a0A -_@.,";
	unsigned int byte;
	size_t i;

	for (i = 0; i < sizeof(wanted) - 1; i++)
		if (pattern_class_has(set, (unsigned char)wanted[i]))
			return (unsigned char)wanted[i];
	for (byte = 1; byte < 0x80; byte++)
		if (pattern_class_has(set, (unsigned char)byte))
			return (unsigned char)byte;
	return 0x80;
}

static void
sample_add(struct sample *sample, const char *bytes, size_t len)
{
	if (sample->len + len > SAMPLE_MAX)
		return;
	memcpy(sample->bytes + sample->len, bytes, len);
	sample->len += len;
}

/* One character; of a repeat one that what is behind it takes as well. */
static void
sample_character(struct sample *sample, const struct pattern_node *node)
{
	struct pattern_class set = node->set;
	unsigned char byte;
	size_t i;

	if (node->is_literal) {
		sample_add(sample, (const char *)&node->byte, 1);
		return;
	}
	if (pattern_node_is_repeat(node) &&
	    pattern_class_overlaps(&node->set, &node->follow))
		for (i = 0; i < 4; i++)
			set.bits[i] &= node->follow.bits[i];
	byte = pick_byte(&set);
	if (byte < 0x80)
		sample_add(sample, (const char *)&byte, 1);
	else
		sample_add(sample, "\xd9\xa3", 2);
}

static uint32_t
rounds_of(const struct pattern_node *node)
{
	uint32_t rounds = node->min == 0 ? 1 : node->min;

	if (node->max == 0)
		return 0;
	return rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
}

/* The children of a sequence all, of a choice the first or the last. */
static size_t
first_child(const struct pattern_node *node, bool is_last)
{
	return node->kind == PATTERN_NODE_CHOICE && is_last ? node->last :
	    node->first;
}

/* What the node matches, from the node first on where that is not 0. */
static void
sample_node(const struct pattern_shape *shape, size_t at, bool is_last,
	uint32_t rounds, struct sample *out)
{
	const struct pattern_node *nodes = shape->nodes;
	struct frame stack[DEPTH_MAX];
	size_t depth = 0;

	stack[depth++] = (struct frame){ at, first_child(&nodes[at], is_last),
		rounds };
	while (depth > 0 && out->len < SAMPLE_MAX) {
		struct frame *frame = &stack[depth - 1];
		const struct pattern_node *node = &nodes[frame->node];
		size_t child = frame->next;

		if (node->kind == PATTERN_NODE_CLASS && frame->rounds > 0) {
			sample_character(out, node);
			frame->rounds--;
		} else if (child != 0 && frame->rounds > 0 &&
		    node->kind != PATTERN_NODE_LOOK && depth < DEPTH_MAX) {
			frame->next = node->kind == PATTERN_NODE_CHOICE ? 0 :
			    nodes[child].next;
			stack[depth++] = (struct frame){ child,
				first_child(&nodes[child], is_last),
				rounds_of(&nodes[child]) };
		} else if (frame->rounds > 1) {
			frame->rounds--;
			frame->next = first_child(node, is_last);
		} else {
			depth--;
		}
	}
}

/* What stands before a node, from the beginning of the pattern. */
static void
sample_before(const struct pattern_shape *shape, size_t at,
	struct sample *out)
{
	const struct pattern_node *nodes = shape->nodes;
	size_t path[DEPTH_MAX], depth = 0, i;

	for (; at != 0 && depth < DEPTH_MAX; at = nodes[at].parent)
		path[depth++] = at;
	while (depth > 0) {
		at = path[--depth];
		if (nodes[at].kind == PATTERN_NODE_SEQUENCE)
			continue;
		for (i = nodes[nodes[at].parent].first; i != at;
		    i = nodes[i].next)
			sample_node(shape, i, false, rounds_of(&nodes[i]),
			    out);
	}
}

/* The n-th repeat of the pattern, or 0. */
static size_t
find_repeat(const struct pattern_shape *shape, size_t number)
{
	size_t i;

	for (i = 1; i < shape->count; i++)
		if (pattern_node_is_repeat(&shape->nodes[i]) &&
		    shape->nodes[i].max > 2 &&
		    shape->nodes[i].kind != PATTERN_NODE_REFERENCE &&
		    number-- == 0)
			return i;
	return 0;
}

static int
fill(struct buffer *out, const struct sample *sample, size_t size)
{
	int error = 0;

	while (error == 0 && sample->len > 0 && buffer_len(out) < size)
		error = buffer_add(out, sample->bytes, sample->len);
	return error;
}

static int
finish(const struct pattern_shape *shape, char sign, struct buffer *out)
{
	struct sample whole = { .len = 0 };
	int error = buffer_add_byte(out, sign);

	/* What the pattern must hold is there, but behind the break. */
	sample_node(shape, 0, false, 1, &whole);
	if (error == 0)
		error = buffer_add(out, whole.bytes, whole.len);
	return error;
}

int
pattern_hostile_make(const struct pattern_shape *shape, size_t index,
	size_t size, struct buffer *out)
{
	size_t repeat = index < VARIANTS ? 0 :
	    find_repeat(shape, index / VARIANTS - 1);
	struct sample before = { .len = 0 }, pump = { .len = 0 };
	bool is_odd = index % VARIANTS != 0;

	if (index >= PATTERN_HOSTILE_MAX || (index >= VARIANTS &&
	    repeat == 0))
		return ERROR_NOT_FOUND;
	if (repeat == 0) {
		/* The whole but its end, again and again. */
		sample_node(shape, 0, is_odd, 1, &pump);
		pump.len -= pump.len > 1;
	} else {
		sample_before(shape, repeat, &before);
		sample_node(shape, repeat, is_odd, 1, &pump);
	}
	if (buffer_add(out, before.bytes, before.len) != 0 ||
	    fill(out, &pump, size) != 0 ||
	    finish(shape, is_odd ? '!' :
	    pick_break(&shape->nodes[repeat].set), out) != 0)
		return ERROR_LIMIT;
	return 0;
}
