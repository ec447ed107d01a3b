/*
 * How strong a protection is: what one filter asked for, no other stage may
 * take away.
 */
#ifndef POLICY_FILTER_PROTECTION_H
#define POLICY_FILTER_PROTECTION_H

#include <stdbool.h>

#include "gateway/protocol/frame_judge.h"

/* Whether a protects less than b. */
bool filter_protection_is_weaker(const struct frame_protection *a,
	const struct frame_protection *b);
/*
 * Make *out at least as strong as least; one that has a profile of its own
 * keeps it.
 */
void filter_protection_raise(struct frame_protection *out,
	const struct frame_protection *least);

#endif
