/*
 * What evaluators of rules share.
 */
#ifndef POLICY_FILTER_RULE_PRIVATE_H
#define POLICY_FILTER_RULE_PRIVATE_H

#include "policy/filter_call.h"

/* The tables, in the order in which they are listed. */
extern const struct filter_rules filter_rules_header;
extern const struct filter_rules filter_rules_envelope;
extern const struct filter_rules filter_rules_body;
extern const struct filter_rules filter_rules_dictionary;
extern const struct filter_rules filter_rules_fact;
extern const struct filter_rules filter_rules_attachment;
extern const struct filter_rules filter_rules_structure;

/* Whether the pattern is found.  ERROR_LIMIT with words in judge->why. */
int filter_rule_find_pattern(struct filter_judge *judge,
	const struct pattern *pattern, struct text subject, bool *result)
	MUST_CHECK;
/*
 * Matches of a pattern or smart identifier in a text, up to most; the first
 * becomes judge->matched.  ERROR_LIMIT with words in judge->why.
 */
int filter_rule_count(struct filter_judge *judge,
	const struct filter_bound *wanted, struct text text, size_t most,
	size_t *count) MUST_CHECK;
/* "!=" is true where no value matches. */
bool filter_rule_turn(const struct filter_call *call, bool found);
/* Whether the comparison of the call holds between the two. */
bool filter_rule_compare(const struct filter_call *call, uint64_t left,
	uint64_t right);
/*
 * The next field of that name as it is written, folds and encoded words with
 * it; *cursor starts at 0.  False at the end.
 */
bool filter_rule_next_raw(const struct filter_judge *judge,
	struct text name, size_t *cursor, struct text *value);
/* ERROR_LIMIT, with words. */
int filter_rule_too_large(struct filter_judge *judge);

#endif
