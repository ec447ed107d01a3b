/*
 * Inside a filter set: compiled filters in the order of the configuration,
 * and who is judged by which.
 */
#ifndef POLICY_FILTER_SET_PRIVATE_H
#define POLICY_FILTER_SET_PRIVATE_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "policy/dictionary_set.h"
#include "policy/filter_program.h"
#include "policy/filter_search.h"
#include "policy/filter_set.h"
#include "policy/mail_policy.h"

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

/* The filters of a list that a policy applies, in the list's order. */
struct filter_set_choice {
	const struct filter_set_filter **filters;
	size_t count;
};

struct filter_set {
	const struct config *config;
	struct arena *arena;		/* the trees, for their texts */
	struct pattern_space *space;
	struct dictionary_set *dictionaries;
	struct filter_search *search;
	struct filter_set_list message_filters;
	struct filter_set_choice message_choice;	/* all of them */
	struct filter_set_list lists[FILTER_DIRECTIONS];
	struct mail_policy_list *policies[FILTER_DIRECTIONS];
	struct filter_set_choice *choices[FILTER_DIRECTIONS];	/* one for
					   each policy */
};

/* ---- one judgement (filter_judge.c) ---- */

/*
 * Ask the filters, in order, until one is final for its list.  ERROR_LIMIT
 * with words in judge->why.
 */
int filter_judge_run(struct filter_judge *judge,
	const struct filter_set_choice *choice) MUST_CHECK;
/* Put the message as it is now into the disposition's bodies. */
int filter_judge_write(struct filter_judge *judge) MUST_CHECK;

/* ---- its splinters (filter_splinter.c) ---- */

/*
 * What is needed of directories to tell the policies of all recipients.
 * header: of the message; NULL where mail_policy_list_needs_header() is
 * false.  ERROR_LIMIT, ERROR_TEMPORARY with words.
 */
int filter_splinter_ask(const struct filter_set *set,
	const struct filter_request *request, const struct mime_part *header,
	struct fact_list *wanted, struct reason *why) MUST_CHECK;
/*
 * Behind the message filters: divide the recipients by policy and let each
 * splinter be judged by its content filters; judge->out is where all of them
 * begin.  Nothing is judged where wanted gets questions.  ERROR_LIMIT or
 * ERROR_TEMPORARY with words in judge->why.
 */
int filter_splinter_judge(const struct filter_set *set,
	struct filter_judge *judge, struct fact_list *wanted) MUST_CHECK;

#endif
