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
#include "policy/fact.h"

/* A message that came back to the filters more often is set aside. */
#define FILTER_PASSES_MAX 3

struct filter_set;
struct filter_trace;

/*
 * Compile message filters, content filters and mail policies, as far as they
 * are active.  config must live as long.  Must succeed on a
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
 * Report every mistake in filter texts: of content filters with its path and
 * the column within the text ("content_filters.outgoing[1].conditions[1]",
 * "column 9: ..."), of message filters with file, line and column.
 * ERROR_MALFORMED when something was reported.
 */
int filter_set_check(const struct config *config,
	struct config_report *report) MUST_CHECK;

/* What is judged; all of it is borrowed. */
struct filter_request {
	const struct envelope *envelope;
	struct text message;
	struct fact_table facts;	/* answers that are there */
	uint8_t passes;			/* as in struct frame_judge */
	struct frame_protection protection;	/* the same */
	const struct filter_trace *trace;	/* or NULL */
};

/*
 * The facts that the configuration needs about a message and that the
 * request does not bring: of rules, and of groups in mail policies.  What
 * filters change may still need others (FRAME_WANTS_FACTS).  ERROR_LIMIT:
 * there are too many, or the message cannot be read; ERROR_TEMPORARY: one
 * that is brought says that it could not be found out.
 */
int filter_set_ask(const struct filter_set *set,
	const struct filter_request *request, struct fact_list *wanted)
	MUST_CHECK;

/*
 * Judge one message.  Everything in *out lives in the arena or in the set.
 * *bodies (a buffer of the caller's) gets the bodies of the disposition, one
 * after the other.  Facts that are missing give FRAME_WANTS_FACTS; a message
 * that cannot be judged (a limit, a match that ran out of its budget) gives
 * FRAME_SET_ASIDE with the reason: never an error, never "deliver".
 */
void filter_set_judge(const struct filter_set *set,
	const struct filter_request *request, struct arena *arena,
	struct buffer *bodies, struct frame_disposition *out);

#endif
