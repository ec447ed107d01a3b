/*
 * Action variables: "$Subject", "$Header['X-Mailer']" and so on within the
 * texts of actions.  Names are compared without regard to case and
 * underscores; what is no variable stays as it is written.
 */
#ifndef POLICY_FILTER_VARIABLE_H
#define POLICY_FILTER_VARIABLE_H

#include "policy/filter_judge.h"

/* Bytes of one value in a text of several lines. */
#define FILTER_VARIABLE_VALUE_MAX 4096

struct filter_variable {
	const char *name;
	const char *help;
};
/* Walk the table; NULL at the end. */
const struct filter_variable *filter_variable_at(size_t index);

/*
 * The variable that t is from its first to its last byte, and what stands in
 * its brackets; NULL where it is something else.
 */
const struct filter_variable *filter_variable_whole(struct text t,
	struct text *argument);
/*
 * Add the facts that the variables of a template need.  ERROR_LIMIT: there
 * are too many.
 */
int filter_variable_ask(struct text template,
	const struct envelope *envelope, struct fact_list *wanted) MUST_CHECK;

/*
 * Expand.  Whatever a message holds becomes data: one line of valid UTF-8
 * without control bytes, cut to most bytes, in the judge's arena.
 * ERROR_LIMIT where the arena is full.
 */
int filter_variable_expand(struct filter_judge *judge, struct text template,
	size_t most, struct text *out) MUST_CHECK;

/*
 * Append a template of several lines, ended by LF or CRLF: as CRLF.  Values
 * are one line of at most FILTER_VARIABLE_VALUE_MAX bytes each, and where
 * the template is HTML, escaped.  ERROR_LIMIT: out is full.
 */
int filter_variable_expand_lines(struct filter_judge *judge,
	struct text template, bool is_html, struct buffer *out) MUST_CHECK;
/* Whether something in it looks like a variable and is none: the first. */
bool filter_variable_find_unknown(struct text template, struct text *name);

#endif
