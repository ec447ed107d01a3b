/*
 * What actions share.
 */
#ifndef POLICY_FILTER_ACTION_PRIVATE_H
#define POLICY_FILTER_ACTION_PRIVATE_H

#include "policy/filter_addressee.h"
#include "policy/filter_call.h"

/* The tables, in the order in which they are listed. */
extern const struct filter_actions filter_actions_attachment;
extern const struct filter_actions filter_actions_body;
extern const struct filter_actions filter_actions_fate;
extern const struct filter_actions filter_actions_route;
extern const struct filter_actions filter_actions_copy;
extern const struct filter_actions filter_actions_notify;
extern const struct filter_actions filter_actions_header;
extern const struct filter_actions filter_actions_note;
extern const struct filter_actions filter_actions_sender;

/*
 * Append value with every match replaced by with.  *count of them.
 * ERROR_LIMIT with words in judge->why.
 */
int filter_action_replace(struct filter_judge *judge,
	const struct pattern *pattern, struct text value, struct text with,
	struct buffer *out, size_t *count) MUST_CHECK;
/* ERROR_LIMIT, with words. */
int filter_action_too_large(struct filter_judge *judge);

/* Add a line for the event log, in the judge's arena.  ERROR_LIMIT. */
int filter_action_add_entry(struct filter_judge *judge, struct text entry)
	MUST_CHECK;
/* The same about the call at work: "bcc in filter NAME: WORDS". */
int filter_action_report(struct filter_judge *judge,
	const struct filter_call *call, const char *words) MUST_CHECK;

/*
 * The addresses of the call's first argument; what is left out of them, and
 * that there are none, is reported.  ERROR_LIMIT with words in judge->why.
 */
int filter_action_addressees(struct filter_judge *judge,
	const struct filter_call *call, struct filter_addressees *out)
	MUST_CHECK;

/* For struct filter_action.ask: what variables in its texts need. */
int filter_action_ask_texts(const struct filter_call *call,
	const struct envelope *envelope, struct fact_list *wanted);

#endif
