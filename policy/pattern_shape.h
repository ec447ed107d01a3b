/*
 * The shape of a regular expression: a tree of what its matches consist of,
 * for those who judge patterns without running them.  It allows whatever
 * PCRE2 would match, perhaps more, never less; a pattern that is not
 * understood has no shape.
 */
#ifndef POLICY_PATTERN_SHAPE_H
#define POLICY_PATTERN_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "policy/pattern_class.h"

#define PATTERN_UNBOUNDED UINT32_MAX
/* Widths beyond this count as without end. */
#define PATTERN_WIDTH_MAX 65536u

enum pattern_node_kind {
	PATTERN_NODE_CLASS,	/* one character of a set */
	PATTERN_NODE_CHOICE,	/* one of its children, which are sequences */
	PATTERN_NODE_SEQUENCE,	/* its children, in order */
	PATTERN_NODE_ASSERTION,	/* nothing, somewhere: \b ^ $ \K */
	PATTERN_NODE_LOOK,	/* the same by children: lookarounds */
	PATTERN_NODE_REFERENCE,	/* what a group matched: anything */
};

/* Links are indexes; 0, the root, stands for none.  Parents come first. */
struct pattern_node {
	enum pattern_node_kind kind;
	size_t offset;		/* where it stands in the source */
	size_t parent, first, last, previous, next;
	uint32_t min, max;	/* repeats */
	bool is_atomic;		/* gives back nothing that it took */
	bool is_anchor;		/* an assertion: ^ or \A */
	bool is_literal;	/* a class of one byte, or its two cases */
	bool ignore_case;
	unsigned char byte;	/* of a literal; in lower case without case */
	struct pattern_class set;	/* all bytes that it may consume */

	/* With its repeats, in bytes; lookarounds have none. */
	size_t width_min, width_max;	/* SIZE_MAX: without end */
	struct pattern_class head;	/* bytes that it may begin with */
	struct pattern_class follow;	/* bytes that may stand behind it */
	bool may_end;		/* nothing behind it can fail */
	/*
	 * Ways to match at one place: their number is choices, times the
	 * length of the subject to the power of exponent.
	 */
	double choices;
	unsigned int exponent;
	bool is_nested;		/* repeats of repeats that share their text */
};

struct pattern_shape {
	struct pattern_node *nodes;	/* 0 is the root, a choice */
	size_t count;
	size_t size;
	bool has_look;
};

/*
 * Parse and measure a pattern that PCRE2 takes (with (?i) before it where
 * ignore_case).  ERROR_NOT_FOUND for one that is not understood.
 */
int pattern_shape_new(struct text source, bool ignore_case,
	struct pattern_shape **out) MUST_CHECK;
void pattern_shape_free(struct pattern_shape *shape);	/* NULL is allowed */

/* Whether the node can match a varying number of times. */
bool pattern_node_is_repeat(const struct pattern_node *node);

/* Used by pattern_shape.c alone: fill in what follows from the tree. */
void pattern_shape_measure(struct pattern_shape *shape);

#endif
