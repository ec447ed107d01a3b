/*
 * What actions share.
 */
#ifndef POLICY_FILTER_ACTION_PRIVATE_H
#define POLICY_FILTER_ACTION_PRIVATE_H

#include "policy/filter_call.h"

/* The tables, in the order in which they are listed. */
extern const struct filter_actions filter_actions_fate;
extern const struct filter_actions filter_actions_header;
extern const struct filter_actions filter_actions_note;

/* ERROR_LIMIT, with words. */
int filter_action_too_large(struct filter_judge *judge);

#endif
