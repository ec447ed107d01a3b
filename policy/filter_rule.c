/*
 * The rules of the filter language.
 */
#include "policy/filter_call.h"

static int
pattern_failed(struct filter_judge *judge, const struct reason *why)
{
	reason_set(&judge->why, "a pattern ran into a limit: %s", why->text);
	return ERROR_LIMIT;
}

static int
too_large(struct filter_judge *judge)
{
	reason_set(&judge->why, "it is too large to be judged");
	return ERROR_LIMIT;
}

static int
matches(struct filter_judge *judge, const struct pattern *pattern,
	struct text subject, bool *result)
{
	struct pattern_match match = { 0 };
	struct reason why = { 0 };
	int error = pattern_find(pattern, subject, 0, &match, &why);

	*result = error == 0;
	return error == ERROR_LIMIT ? pattern_failed(judge, &why) : 0;
}

/* "!=" is true where no value matches. */
static bool
turn(const struct filter_call *call, bool found)
{
	return call->comparison == FILTER_TOKEN_NOT_EQUAL ? !found : found;
}

static int
evaluate_true(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	(void)judge;
	(void)call;
	*result = true;
	return 0;
}

/* Every field of the name counts: readers differ in which one they show. */
static int
evaluate_field(struct filter_judge *judge, const struct filter_call *call,
	struct text name, bool *result)
{
	struct text value;
	size_t cursor = 0;
	bool found = false;
	int error = 0;

	while (!found && (error = filter_message_next(&judge->message, name,
	    &cursor, &value)) == 0) {
		found = call->comparison == FILTER_TOKEN_END;
		if (!found && (error = matches(judge, call->pattern, value,
		    &found)) != 0)
			return error;
	}
	*result = turn(call, found);
	return error == 0 || error == ERROR_NOT_FOUND ? 0 : too_large(judge);
}

static int
evaluate_subject(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return evaluate_field(judge, call, TEXT("Subject"), result);
}

static int
evaluate_header(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return evaluate_field(judge, call, call->name, result);
}

static int
evaluate_sender(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	bool found = false;
	int error = matches(judge, call->pattern, judge->envelope->sender,
	    &found);

	*result = turn(call, found);
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
		error = matches(judge, call->pattern,
		    envelope->recipients[i].address, &found);
	*result = turn(call, found);
	return error;
}

static int
evaluate_size(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	static const bool holds[FILTER_TOKENS][3] = {
		/* less, equal, greater */
		[FILTER_TOKEN_LESS] = { true, false, false },
		[FILTER_TOKEN_LESS_EQUAL] = { true, true, false },
		[FILTER_TOKEN_GREATER] = { false, false, true },
		[FILTER_TOKEN_GREATER_EQUAL] = { false, true, true },
		[FILTER_TOKEN_EQUAL] = { false, true, false },
		[FILTER_TOKEN_NOT_EQUAL] = { true, false, true },
	};
	uint64_t size = judge->message.bytes.len;
	size_t order = size < call->number ? 0 : size == call->number ? 1 : 2;

	*result = holds[call->comparison][order];
	return 0;
}

/* Matches in one text, up to most; the first of them is kept. */
static int
count_text(struct filter_judge *judge, const struct filter_call *call,
	struct text text, size_t most, size_t *count)
{
	struct pattern_match first = { 0 };
	struct reason why = { 0 };

	if (call->identifier != NULL) {
		*count = smart_identifier_count(call->identifier, text, most,
		    &judge->matched);
		return 0;
	}
	if (pattern_count(call->pattern, text, most, count, &first,
	    &why) != 0)
		return pattern_failed(judge, &why);
	if (*count > 0)
		judge->matched = text_slice(text, first.start,
		    first.end - first.start);
	return 0;
}

static int
count_texts(struct filter_judge *judge, const struct filter_call *call,
	bool with_attachments, bool *result)
{
	struct filter_message *message = &judge->message;
	size_t wanted = (size_t)call->number, count = 0, more, i;
	int error = filter_message_decode(message, &judge->why);

	for (i = 0; i < message->text_count && count < wanted && error == 0;
	    i++) {
		if (message->texts[i].is_attachment && !with_attachments)
			continue;
		more = 0;
		error = count_text(judge, call,
		    buffer_text(&message->texts[i].utf8), wanted - count,
		    &more);
		count += more;
	}
	*result = count >= wanted;
	return error;
}

static int
evaluate_body(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return count_texts(judge, call, true, result);
}

static int
evaluate_only_body(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	return count_texts(judge, call, false, result);
}

static const struct filter_rule rules[] = {
	{ .signature = { .name = "true", .help = "Every message." },
	    .evaluate = evaluate_true },
	{ .signature = { .name = "subject",
	    .operand = FILTER_OPERAND_PATTERN_OR_NONE,
	    .help = "A Subject field is there, or one matches." },
	    .evaluate = evaluate_subject },
	{ .signature = { .name = "header",
	    .arguments = { FILTER_ARGUMENT_HEADER }, .required = 1,
	    .operand = FILTER_OPERAND_PATTERN_OR_NONE,
	    .help = "A field of that name is there, or one matches." },
	    .evaluate = evaluate_header },
	{ .signature = { .name = "body-contains",
	    .arguments = { FILTER_ARGUMENT_PATTERN, FILTER_ARGUMENT_COUNT },
	    .required = 1, .takes_identifier = true,
	    .help = "The text of the body and of attachments holds so many "
		"matches." },
	    .evaluate = evaluate_body },
	{ .signature = { .name = "only-body-contains",
	    .arguments = { FILTER_ARGUMENT_PATTERN, FILTER_ARGUMENT_COUNT },
	    .required = 1, .takes_identifier = true,
	    .help = "The text of the body, without attachments, holds so "
		"many matches." },
	    .evaluate = evaluate_only_body },
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
#define RULES (sizeof(rules) / sizeof(rules[0]))

const struct filter_rule *
filter_rule_at(size_t index)
{
	return index < RULES ? &rules[index] : NULL;
}

const struct filter_rule *
filter_rule_find(struct text name)
{
	size_t i;

	for (i = 0; i < RULES; i++)
		if (text_equal_nocase(name,
		    text_from(rules[i].signature.name)))
			return &rules[i];
	return NULL;
}
