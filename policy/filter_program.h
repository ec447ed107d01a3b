/*
 * Filters as a flat program: rules set one truth, jumps skip what it makes
 * needless, actions act.
 */
#ifndef POLICY_FILTER_PROGRAM_H
#define POLICY_FILTER_PROGRAM_H

#include <stddef.h>

#include "policy/filter_call.h"
#include "policy/filter_judge.h"
#include "policy/filter_syntax.h"

enum filter_operation {
	FILTER_RULE,		/* truth = rule */
	FILTER_NOT,		/* truth = not truth */
	FILTER_JUMP,
	FILTER_JUMP_TRUE,
	FILTER_JUMP_FALSE,
	FILTER_ACTION,
	FILTER_OPERATIONS
};

struct filter_binder;
struct filter_search;
struct filter_program;

struct filter_program *filter_program_new(void);
void filter_program_free(struct filter_program *program);

/*
 * Append a tree: an expression (its value is the truth afterwards), an
 * action or a whole script, of which inactive filters are only checked.
 * ERROR_MALFORMED with the binder's mistake.
 */
int filter_program_add(struct filter_program *program,
	const struct filter_binder *binder, struct filter_node *root)
	MUST_CHECK;
/* Append a jump, which leads nowhere until it lands at what comes next. */
size_t filter_program_jump(struct filter_program *program,
	enum filter_operation operation);
void filter_program_land(struct filter_program *program, size_t jump);

/* Number its calls, counting on in *count. */
void filter_program_number(struct filter_program *program, size_t *count);

/* See pattern_accelerate(). */
void filter_program_accelerate(struct filter_program *program);
/* Have texts searched for what its rules look for. */
void filter_program_search(struct filter_program *program,
	struct filter_search *search);

/*
 * Add the facts that its rules need about a message.  ERROR_LIMIT: there are
 * too many.
 */
int filter_program_ask(const struct filter_program *program,
	const struct envelope *envelope, struct fact_list *wanted) MUST_CHECK;
/*
 * Run to the end or to a final action.  ERROR_LIMIT with words in
 * judge->why.
 */
int filter_program_run(const struct filter_program *program,
	struct filter_judge *judge) MUST_CHECK;

#endif
