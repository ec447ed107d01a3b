/*
 * The messages that filters make about one message: copies and notices,
 * gathered in its disposition.
 *
 * What a notice may show depends on what later filters decide about the
 * protection of the message: it is drafted when its action is done, and
 * written when everything is decided.
 */
#ifndef POLICY_FILTER_MADE_H
#define POLICY_FILTER_MADE_H

#include "policy/filter_call.h"
#include "policy/filter_judge.h"
#include "policy/filter_notice.h"

/* As often a message may come back to the filters (struct frame_judge). */
#define FILTER_MADE_PASSES_MAX 3

/*
 * Add a copy that the call made; its key is "FILTER/NUMBER OF THE CALL",
 * everything else as given, borrowed.  ERROR_LIMIT with words in judge->why:
 * there are too many.
 */
int filter_made_add(struct filter_judge *judge,
	const struct filter_call *call, const struct frame_made *made)
	MUST_CHECK;
/* The same with a notice, whose draft lies in the judge's arena. */
int filter_made_add_notice(struct filter_judge *judge,
	const struct filter_call *call, const struct frame_made *made,
	const struct filter_notice *notice) MUST_CHECK;

/*
 * Settle the messages from..to (numbers from 0, to is not among them) of the
 * disposition once it is decided how the message or splinter that made them
 * is protected, or the strongest splinter of the message: copies get that
 * protection, notices are written.  Until then a notice cannot be sent.
 * ERROR_LIMIT with words in judge->why.
 */
int filter_made_settle(struct filter_judge *judge, size_t from, size_t to,
	const struct frame_protection *protection) MUST_CHECK;

#endif
