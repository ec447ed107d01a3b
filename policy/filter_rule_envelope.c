/*
 * Rules about the envelope, the client, the time and the size.
 */
#include "gateway/base/clock.h"
#include "policy/filter_rule_private.h"
#include "policy/host_network.h"

static int
find_in(struct filter_judge *judge, const struct filter_call *call,
	struct text subject, bool *result)
{
	bool found = false;
	int error = filter_rule_find_pattern(judge, call->operand.pattern,
	    subject, &found);

	*result = filter_rule_turn(call, found);
	return error;
}

static int
evaluate_sender(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return find_in(judge, call, judge->envelope->sender, result);
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
evaluate_recipient_count(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	*result = filter_rule_compare(call, judge->envelope->recipient_count,
	    call->operand.number);
	return 0;
}

static int
evaluate_size(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	*result = filter_rule_compare(call,
	    judge->message.content->bytes.len, call->operand.number);
	return 0;
}

/* ---- the client ---- */

static int
evaluate_group(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return find_in(judge, call, judge->envelope->sender_group, result);
}

static int
evaluate_listener(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	*result = filter_rule_turn(call, text_equal(
	    judge->envelope->listener, call->operand.text));
	return 0;
}

/* A message without a client came from nowhere outside: no network. */
static int
evaluate_address(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	struct host_address client;
	bool found = host_address_parse(judge->envelope->client,
	    &client) == 0 && host_network_contains(call->operand.object,
	    &client);

	*result = filter_rule_turn(call, found);
	return 0;
}

/* ---- time and chance ---- */

/* When the message was received: judged again later, it is the same. */
static int
evaluate_date(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	int64_t seconds = judge->envelope->received_us / CLOCK_SECOND_US;

	*result = filter_rule_compare(call, seconds > 0 ? (uint64_t)seconds :
	    0, call->operand.number);
	return 0;
}

/* Steele, Lea and Flood 2014: each bit of the result hangs on each of x. */
static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/*
 * Chance that stays as it fell: made of the message's id, its hash and which
 * call asks.  A sender does not know the id beforehand.
 */
static int
evaluate_random(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	const struct envelope *envelope = judge->envelope;
	uint64_t number = mix(envelope->mid), hash = 0;
	size_t i;

	for (i = 0; i < sizeof(hash); i++)
		hash = hash << 8 | envelope->sha256[i];
	number = mix(mix(number ^ hash) ^ call->number);
	*result = filter_rule_compare(call, number %
	    call->arguments[0].number, call->operand.number);
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
	{ .signature = { .name = "rcpt-count",
	    .operand = FILTER_OPERAND_NUMBER,
	    .help = "How many envelope recipients there are." },
	    .evaluate = evaluate_recipient_count },
	{ .signature = { .name = "sendergroup",
	    .operand = FILTER_OPERAND_PATTERN,
	    .help = "The sender group of the client." },
	    .evaluate = evaluate_group },
	{ .signature = { .name = "recv-listener",
	    .operand = FILTER_OPERAND_LISTENER,
	    .help = "The listener on which the message came in." },
	    .evaluate = evaluate_listener },
	{ .signature = { .name = "remote-ip",
	    .operand = FILTER_OPERAND_NETWORK,
	    .help = "The address of the client: an address, network or "
		"range." },
	    .evaluate = evaluate_address },
	{ .signature = { .name = "date", .operand = FILTER_OPERAND_DATE,
	    .help = "When the message was received, in UTC." },
	    .evaluate = evaluate_date },
	{ .signature = { .name = "random",
	    .arguments = { FILTER_ARGUMENT_BOUND }, .required = 1,
	    .operand = FILTER_OPERAND_NUMBER,
	    .help = "A number from 0 to below the argument, always the same "
		"for one message." },
	    .evaluate = evaluate_random },
};
const struct filter_rules filter_rules_envelope = FILTER_ROWS(rules);
