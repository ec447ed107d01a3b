/*
 * Rules about the text of the body and of attachments.
 */
#include "policy/filter_rule_private.h"
#include "policy/filter_search.h"
#include "policy/filter_text.h"

static int
count_texts(struct filter_judge *judge, const struct filter_call *call,
	bool with_attachments, bool *result)
{
	struct filter_content *content = judge->message.content;
	size_t wanted = (size_t)filter_call_number(call, 1, 1);
	struct filter_text_count count = { .total = 0 };
	size_t matches, i;
	int error = filter_content_decode(content, &judge->why);

	for (i = 0; i < content->text_count && count.total < wanted &&
	    error == 0; i++) {
		if (content->texts[i].is_attachment && !with_attachments)
			continue;
		matches = 0;
		error = filter_search_count(judge, &call->arguments[0],
		    &content->texts[i], wanted, &matches);
		filter_text_count_add(&count, &content->texts[i], matches);
	}
	*result = count.total >= wanted;
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
	    .searches_texts = true,
	    .help = "The text of the body and of attachments holds so many "
		"matches." },
	    .evaluate = evaluate_body },
	{ .signature = { .name = "only-body-contains",
	    .arguments = { FILTER_ARGUMENT_PATTERN, FILTER_ARGUMENT_COUNT },
	    .required = 1, .takes_identifier = true,
	    .searches_texts = true,
	    .help = "The text of the body, without attachments, holds so "
		"many matches." },
	    .evaluate = evaluate_only_body },
};
const struct filter_rules filter_rules_body = FILTER_ROWS(rules);
