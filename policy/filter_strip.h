/*
 * Attachments that are taken out of a message, with a text in their place.
 */
#ifndef POLICY_FILTER_STRIP_H
#define POLICY_FILTER_STRIP_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/filter_attachment.h"
#include "policy/filter_call.h"

/* Whether one goes.  ERROR_LIMIT with words in judge->why. */
typedef int (*filter_strip_criterion)(struct filter_judge *judge,
	const struct filter_call *call, struct filter_attachment *attachment,
	bool *result);

/*
 * Take every attachment for which the criterion holds out of the message,
 * also out of messages in it, and put a text in its place: the argument of
 * that index with its variables filled in, or our own words; where that is
 * empty, nothing.  Where readers part, out of every reading.  A message
 * without such an attachment is not changed.  ERROR_LIMIT with words in
 * judge->why.
 */
int filter_strip(struct filter_judge *judge, const struct filter_call *call,
	filter_strip_criterion criterion, size_t text_argument) MUST_CHECK;

#endif
