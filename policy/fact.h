/*
 * Facts while a message is judged: which are needed, and what they say.
 */
#ifndef POLICY_FACT_H
#define POLICY_FACT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/protocol/frame_fact.h"

/* Questions, each once; of FACTS_MAX at most. */
struct fact_list {
	struct arena *arena;
	struct frame_fact *facts;
	size_t count;
};

/* Answers, as they came with a message. */
struct fact_table {
	const struct frame_fact *facts;
	size_t count;
};

void fact_list_init(struct fact_list *list, struct arena *arena);
/*
 * Add a question unless it is there; the texts are borrowed.  ERROR_LIMIT
 * where there are too many or the arena is full.
 */
int fact_list_add(struct fact_list *list, enum fact_kind kind,
	struct text source, struct text subject) MUST_CHECK;
/* Without those that the table has answers for. */
void fact_list_subtract(struct fact_list *list,
	const struct fact_table *table);

/* The answer to a question; NULL where it was not asked. */
const struct frame_fact *fact_find(const struct fact_table *table,
	enum fact_kind kind, struct text source, struct text subject);

#endif
