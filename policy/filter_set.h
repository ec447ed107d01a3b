/*
 * The filters of a configuration, compiled, and what they decide about one
 * message.  Pure: from message, envelope and configuration to a disposition;
 * no time, no chance, no I/O.
 */
#ifndef POLICY_FILTER_SET_H
#define POLICY_FILTER_SET_H

#include <stdbool.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/config/config_report.h"
#include "gateway/mail/envelope.h"
#include "gateway/protocol/frame_judge.h"

struct filter_set;

/*
 * Compile every active filter.  config must live as long.  Must succeed on a
 * configuration that filter_set_check() accepted; ERROR_MALFORMED with why
 * otherwise, which begins with the path.
 */
int filter_set_new(const struct config *config, struct filter_set **out,
	struct reason *why) MUST_CHECK;
void filter_set_free(struct filter_set *set);

/*
 * Translate patterns to machine code.  Only where executable pages may still
 * be made: before the jail.
 */
void filter_set_accelerate(struct filter_set *set);
/* Whether mail of that direction is judged at all. */
bool filter_set_has_filters(const struct filter_set *set,
	unsigned int direction);

/*
 * Report every mistake in filter texts with its path and the column within
 * the text ("content_filters.outgoing[1].conditions[1]", "column 9: ...").
 * ERROR_MALFORMED when something was reported.
 */
int filter_set_check(const struct config *config,
	struct config_report *report) MUST_CHECK;

/*
 * Judge one message.  Everything in *out lives in the arena or in the set.
 * *changed (a buffer of the caller's) is the message as it is from now on
 * where out->has_body says so; its size and hash are filled in.  A message
 * that cannot be judged (a limit, a match that ran out of its budget) gives
 * FRAME_VERDICT_SET_ASIDE with the reason: never an error, never "deliver".
 */
void filter_set_judge(const struct filter_set *set,
	const struct envelope *envelope, struct text message,
	struct arena *arena, struct buffer *changed,
	struct frame_disposition *out);

#endif
