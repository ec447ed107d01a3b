/*
 * Rules about the text of the body and of attachments.
 */
#include "policy/filter_rule_private.h"

/* Matches in one text, up to most; the first of them is kept. */
static int
count_text(struct filter_judge *judge, const struct filter_bound *wanted,
	struct text text, size_t most, size_t *count)
{
	struct pattern_match first = { 0 };
	struct reason why = { 0 };

	if (wanted->identifier != NULL) {
		*count = smart_identifier_count(wanted->identifier, text,
		    most, &judge->matched);
		return 0;
	}
	if (pattern_count(wanted->pattern, text, most, count, &first,
	    &why) != 0) {
		reason_set(&judge->why, "a pattern ran into a limit: %s",
		    why.text);
		return ERROR_LIMIT;
	}
	if (*count > 0)
		judge->matched = text_slice(text, first.start,
		    first.end - first.start);
	return 0;
}

static int
count_texts(struct filter_judge *judge, const struct filter_call *call,
	bool with_attachments, bool *result)
{
	struct filter_content *content = judge->message.content;
	size_t wanted = (size_t)filter_call_number(call, 1, 1);
	size_t count = 0, more, i;
	int error = filter_content_decode(content, &judge->why);

	for (i = 0; i < content->text_count && count < wanted && error == 0;
	    i++) {
		if (content->texts[i].is_attachment && !with_attachments)
			continue;
		more = 0;
		error = count_text(judge, &call->arguments[0],
		    buffer_text(&content->texts[i].utf8), wanted - count,
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
};
const struct filter_rules filter_rules_body = FILTER_ROWS(rules);
