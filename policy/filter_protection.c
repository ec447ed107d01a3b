/*
 * The order of protections.
 */
#include "policy/filter_protection.h"

static const unsigned int strengths[PROTECTION_FORMS] = {
	[PROTECTION_NONE] = 0,
	[PROTECTION_TLS_OR_ENVELOPE] = 1,
	[PROTECTION_ENVELOPE] = 2,
};

bool
filter_protection_is_weaker(const struct frame_protection *a,
	const struct frame_protection *b)
{
	require(a->form < PROTECTION_FORMS && b->form < PROTECTION_FORMS);
	return strengths[a->form] < strengths[b->form];
}

void
filter_protection_raise(struct frame_protection *out,
	const struct frame_protection *least)
{
	if (!filter_protection_is_weaker(out, least))
		return;
	if (out->form == PROTECTION_NONE)
		*out = *least;
	else
		out->form = least->form;
}
