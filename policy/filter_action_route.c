/*
 * Actions on where a message goes.  The last one counts.
 */
#include "policy/filter_action_private.h"

static int
act_recipient(struct filter_judge *judge, const struct filter_call *call)
{
	judge->out->recipient = call->arguments[0].text;
	return 0;
}

static int
act_next_hop(struct filter_judge *judge, const struct filter_call *call)
{
	judge->out->next_hop = call->arguments[0].text;
	return 0;
}

static int
act_bounce_profile(struct filter_judge *judge,
	const struct filter_call *call)
{
	judge->out->bounce_profile = call->arguments[0].text;
	return 0;
}

/* Its filter counts as one that fired. */
static int
act_nothing(struct filter_judge *judge, const struct filter_call *call)
{
	(void)judge;
	(void)call;
	return 0;
}

static const struct filter_action actions[] = {
	{ .signature = { .name = "alt-rcpt-to",
	    .arguments = { FILTER_ARGUMENT_ADDRESS }, .required = 1,
	    .help = "Send it to that address instead of its recipients." },
	    .act = act_recipient },
	{ .signature = { .name = "alt-mailhost",
	    .arguments = { FILTER_ARGUMENT_NEXT_HOP }, .required = 1,
	    .help = "Send it to that host, whatever routes and MX say." },
	    .act = act_next_hop },
	{ .signature = { .name = "bounce-profile",
	    .arguments = { FILTER_ARGUMENT_BOUNCE_PROFILE }, .required = 1,
	    .help = "Try and give up by that bounce profile." },
	    .act = act_bounce_profile },
	{ .signature = { .name = "no-op", .help = "Do nothing." },
	    .act = act_nothing },
};
const struct filter_actions filter_actions_route = FILTER_ROWS(actions);
