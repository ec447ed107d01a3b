/*
 * Facts while a message is judged: which are needed, and what they say.
 */
#ifndef POLICY_FACT_H
#define POLICY_FACT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
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

/*
 * The answer where it is known; *out is NULL where it could not be found out
 * and the configuration says that this is unknown.  ERROR_LIMIT with words
 * in why: it says hold (on_failure), the message is not to be judged.
 */
int fact_answer(const struct config *config, const struct fact_table *table,
	enum fact_kind kind, struct text source, struct text subject,
	const struct frame_fact **out, struct reason *why) MUST_CHECK;

/* ---- groups of a directory: "directory.query:group" ---- */

/* An answer, as conditions see it: a doubtful one makes neither a condition
 * nor its reverse true. */
enum fact_truth { FACT_FALSE, FACT_TRUE, FACT_DOUBTFUL };

/*
 * Whether the configuration has that directory and query, and the query a
 * filter for groups; for the time of binding.  ERROR_MALFORMED with words.
 */
int fact_group_check(const struct config *config, struct text source,
	struct reason *why) MUST_CHECK;
/*
 * Ask whether a mail address is in a group; nothing for the null sender.
 * The texts are borrowed.  ERROR_LIMIT as fact_list_add().
 */
int fact_group_ask(struct fact_list *wanted, struct text source,
	struct text address) MUST_CHECK;
/*
 * What the answer was; the null sender is in no group.  ERROR_LIMIT with
 * words in why, as fact_answer().
 */
int fact_group_is(const struct config *config,
	const struct fact_table *table, struct text source,
	struct text address, enum fact_truth *out, struct reason *why)
	MUST_CHECK;

#endif
