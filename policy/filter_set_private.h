/*
 * Inside a filter set: compiled filters in the order of the configuration.
 */
#ifndef POLICY_FILTER_SET_PRIVATE_H
#define POLICY_FILTER_SET_PRIVATE_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "policy/filter_program.h"
#include "policy/filter_set.h"

/* Numbered as enum envelope_direction. */
#define FILTER_DIRECTIONS 2

struct filter_set_filter {
	struct text name;
	struct filter_program *program;
};

struct filter_set_list {
	struct filter_set_filter *filters;
	size_t count;
};

struct filter_set {
	const struct config *config;
	struct arena *arena;		/* the trees, for their texts */
	struct pattern_space *space;
	struct filter_set_list lists[FILTER_DIRECTIONS];
};

#endif
