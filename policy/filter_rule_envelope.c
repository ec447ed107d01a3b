/*
 * Rules about the envelope and the size of the message.
 */
#include "policy/filter_rule_private.h"

static int
evaluate_sender(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	bool found = false;
	int error = filter_rule_find_pattern(judge, call->operand.pattern,
	    judge->envelope->sender, &found);

	*result = filter_rule_turn(call, found);
	return error;
}

/* One recipient is enough; "!=": no recipient matches. */
static int
evaluate_recipient(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	const struct envelope *envelope = judge->envelope;
	bool found = false;
	size_t i;
	int error = 0;

	for (i = 0; i < envelope->recipient_count && !found && error == 0;
	    i++)
		error = filter_rule_find_pattern(judge,
		    call->operand.pattern, envelope->recipients[i].address,
		    &found);
	*result = filter_rule_turn(call, found);
	return error;
}

static int
evaluate_size(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	*result = filter_rule_compare(call,
	    judge->message.content->bytes.len, call->operand.number);
	return 0;
}

static const struct filter_rule rules[] = {
	{ .signature = { .name = "body-size",
	    .operand = FILTER_OPERAND_SIZE,
	    .help = "The size of the whole message in bytes." },
	    .evaluate = evaluate_size },
	{ .signature = { .name = "mail-from",
	    .operand = FILTER_OPERAND_PATTERN, .ignore_case = true,
	    .help = "The envelope sender; case does not count." },
	    .evaluate = evaluate_sender },
	{ .signature = { .name = "rcpt-to",
	    .operand = FILTER_OPERAND_PATTERN, .ignore_case = true,
	    .help = "Any envelope recipient; case does not count." },
	    .evaluate = evaluate_recipient },
};
const struct filter_rules filter_rules_envelope = FILTER_ROWS(rules);
