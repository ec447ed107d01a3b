/*
 * Rules about facts: what the DNS, directories and the queue say about a
 * message.  What could not be found out makes neither "==" nor "!=" true.
 */
#include "policy/fact.h"
#include "policy/filter_rule_private.h"

/* One question about the message's client; none without a client. */
static int
ask_client(enum fact_kind kind, struct text source,
	const struct envelope *envelope, struct fact_list *wanted)
{
	if (text_is_empty(envelope->client))
		return 0;
	return fact_list_add(wanted, kind, source, envelope->client);
}

static bool
turn(const struct filter_call *call, enum fact_truth truth)
{
	return truth != FACT_DOUBTFUL &&
	    filter_rule_turn(call, truth == FACT_TRUE);
}

static int
answer(struct filter_judge *judge, enum fact_kind kind, struct text source,
	struct text subject, const struct frame_fact **out)
{
	return fact_answer(judge->config, &judge->facts, kind, source,
	    subject, out, &judge->why);
}

/* Whether a value matches; doubtful where there is no answer. */
static int
match_values(struct filter_judge *judge, const struct filter_call *call,
	const struct frame_fact *fact, enum fact_truth *truth)
{
	bool found = false;
	size_t i;
	int error = 0;

	*truth = FACT_DOUBTFUL;
	if (fact == NULL)
		return 0;
	for (i = 0; i < fact->value_count && !found && error == 0; i++)
		error = filter_rule_find_pattern(judge,
		    call->operand.pattern, fact->values[i], &found);
	*truth = found ? FACT_TRUE : FACT_FALSE;
	return error;
}

/* ---- the client ---- */

static int
ask_list(const struct filter_call *call, const struct envelope *envelope,
	struct fact_list *wanted)
{
	return ask_client(FACT_DNS_LIST, call->arguments[0].text, envelope,
	    wanted);
}

static int
evaluate_list(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	const struct frame_fact *fact = NULL;
	int error;

	*result = false;
	if (text_is_empty(judge->envelope->client))
		return 0;
	error = answer(judge, FACT_DNS_LIST, call->arguments[0].text,
	    judge->envelope->client, &fact);
	*result = error == 0 && fact != NULL && fact->value_count > 0;
	return error;
}

static int
ask_host(const struct filter_call *call, const struct envelope *envelope,
	struct fact_list *wanted)
{
	(void)call;
	return ask_client(FACT_HOST_NAME, TEXT_EMPTY, envelope, wanted);
}

static int
evaluate_host(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	static const struct frame_fact nobody = { .outcome = FACT_KNOWN };
	const struct frame_fact *fact = &nobody;
	enum fact_truth truth = FACT_DOUBTFUL;
	int error = 0;

	if (!text_is_empty(judge->envelope->client))
		error = answer(judge, FACT_HOST_NAME, TEXT_EMPTY,
		    judge->envelope->client, &fact);
	if (error == 0)
		error = match_values(judge, call, fact, &truth);
	*result = turn(call, truth);
	return error;
}

/* ---- directories ---- */

typedef int (*truth_function)(struct filter_judge *judge,
	const struct filter_call *call, struct text address,
	enum fact_truth *truth);

/* One recipient is enough; one in doubt makes "no recipient" doubtful. */
static int
any_recipient(struct filter_judge *judge, const struct filter_call *call,
	truth_function look, bool *result)
{
	const struct envelope *envelope = judge->envelope;
	enum fact_truth all = FACT_FALSE, one;
	size_t i;
	int error = 0;

	for (i = 0; i < envelope->recipient_count && all != FACT_TRUE &&
	    error == 0; i++) {
		error = look(judge, call, envelope->recipients[i].address,
		    &one);
		if (error == 0 && one != FACT_FALSE)
			all = one;
	}
	*result = error == 0 && turn(call, all);
	return error;
}

static int
look_group(struct filter_judge *judge, const struct filter_call *call,
	struct text address, enum fact_truth *truth)
{
	return fact_group_is(judge->config, &judge->facts,
	    call->operand.text, address, truth, &judge->why);
}

static int
ask_sender_group(const struct filter_call *call,
	const struct envelope *envelope, struct fact_list *wanted)
{
	return fact_group_ask(wanted, call->operand.text, envelope->sender);
}

static int
evaluate_sender_group(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	enum fact_truth truth = FACT_DOUBTFUL;
	int error = look_group(judge, call, judge->envelope->sender, &truth);

	*result = error == 0 && turn(call, truth);
	return error;
}

static int
ask_recipient_group(const struct filter_call *call,
	const struct envelope *envelope, struct fact_list *wanted)
{
	size_t i;
	int error = 0;

	for (i = 0; i < envelope->recipient_count && error == 0; i++)
		error = fact_group_ask(wanted, call->operand.text,
		    envelope->recipients[i].address);
	return error;
}

static int
evaluate_recipient_group(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	return any_recipient(judge, call, look_group, result);
}

/* The null sender has no attributes. */
static int
look_attribute(struct filter_judge *judge, const struct filter_call *call,
	struct text address, enum fact_truth *truth)
{
	const struct frame_fact *fact = NULL;
	int error;

	*truth = FACT_FALSE;
	if (text_is_empty(address))
		return 0;
	error = answer(judge, FACT_ATTRIBUTE, call->arguments[0].text,
	    address, &fact);
	return error != 0 ? error : match_values(judge, call, fact, truth);
}

static int
ask_sender_attribute(const struct filter_call *call,
	const struct envelope *envelope, struct fact_list *wanted)
{
	if (text_is_empty(envelope->sender))
		return 0;
	return fact_list_add(wanted, FACT_ATTRIBUTE, call->arguments[0].text,
	    envelope->sender);
}

static int
evaluate_sender_attribute(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	enum fact_truth truth = FACT_DOUBTFUL;
	int error = look_attribute(judge, call, judge->envelope->sender,
	    &truth);

	*result = error == 0 && turn(call, truth);
	return error;
}

static int
ask_recipient_attribute(const struct filter_call *call,
	const struct envelope *envelope, struct fact_list *wanted)
{
	size_t i;
	int error = 0;

	for (i = 0; i < envelope->recipient_count && error == 0; i++)
		error = fact_list_add(wanted, FACT_ATTRIBUTE,
		    call->arguments[0].text,
		    envelope->recipients[i].address);
	return error;
}

static int
evaluate_recipient_attribute(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	return any_recipient(judge, call, look_attribute, result);
}

/* ---- the queue ---- */

static int
ask_count(const struct filter_call *call, const struct envelope *envelope,
	struct fact_list *wanted)
{
	(void)call;
	(void)envelope;
	return fact_list_add(wanted, FACT_QUEUE_COUNT, TEXT_EMPTY,
	    TEXT_EMPTY);
}

static int
evaluate_count(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	const struct frame_fact *fact = NULL;
	uint64_t count = 0;
	int error = answer(judge, FACT_QUEUE_COUNT, TEXT_EMPTY, TEXT_EMPTY,
	    &fact);

	*result = false;
	if (error != 0)
		return error;
	if (fact == NULL || fact->value_count != 1 ||
	    text_parse_u64(fact->values[0], UINT64_MAX, &count) != 0) {
		reason_set(&judge->why, "the queue gave no number");
		return ERROR_LIMIT;
	}
	*result = filter_rule_compare(call, count, call->operand.number);
	return 0;
}

static const struct filter_rule rules[] = {
	{ .signature = { .name = "dnslist",
	    .arguments = { FILTER_ARGUMENT_ZONE }, .required = 1,
	    .help = "The client's address is on the DNS list of that zone." },
	    .evaluate = evaluate_list, .ask = ask_list },
	{ .signature = { .name = "remote-host",
	    .operand = FILTER_OPERAND_PATTERN, .ignore_case = true,
	    .help = "A verified host name of the client; case does not "
	    "count." },
	    .evaluate = evaluate_host, .ask = ask_host },
	{ .signature = { .name = "mail-from-group",
	    .operand = FILTER_OPERAND_GROUP,
	    .help = "The envelope sender is in the group of a directory." },
	    .evaluate = evaluate_sender_group, .ask = ask_sender_group },
	{ .signature = { .name = "rcpt-to-group",
	    .operand = FILTER_OPERAND_GROUP,
	    .help = "Any envelope recipient is in the group of a "
	    "directory." },
	    .evaluate = evaluate_recipient_group,
	    .ask = ask_recipient_group },
	{ .signature = { .name = "sender-attribute",
	    .arguments = { FILTER_ARGUMENT_ATTRIBUTE }, .required = 1,
	    .operand = FILTER_OPERAND_PATTERN,
	    .help = "What a directory says about the envelope sender." },
	    .evaluate = evaluate_sender_attribute,
	    .ask = ask_sender_attribute },
	{ .signature = { .name = "recipient-attribute",
	    .arguments = { FILTER_ARGUMENT_ATTRIBUTE }, .required = 1,
	    .operand = FILTER_OPERAND_PATTERN,
	    .help = "What a directory says about any envelope recipient." },
	    .evaluate = evaluate_recipient_attribute,
	    .ask = ask_recipient_attribute },
	{ .signature = { .name = "workqueue-count",
	    .operand = FILTER_OPERAND_SIZE,
	    .help = "How many messages wait to be judged." },
	    .evaluate = evaluate_count, .ask = ask_count },
};
const struct filter_rules filter_rules_fact = FILTER_ROWS(rules);
