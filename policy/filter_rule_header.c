/*
 * Rules about header fields.
 */
#include "gateway/mail/address_list.h"
#include "policy/filter_rule_private.h"

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
		if (!found && (error = filter_rule_find_pattern(judge,
		    call->operand.pattern, value, &found)) != 0)
			return error;
	}
	*result = filter_rule_turn(call, found);
	return error == 0 || error == ERROR_NOT_FOUND ? 0 :
	    filter_rule_too_large(judge);
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
	return evaluate_field(judge, call, call->arguments[0].text, result);
}

/* ---- addresses ---- */

/*
 * Every address of every From field, as the fields stand: readers differ in
 * which one they show, and a display name is no address whatever it looks
 * like.  "!=": none of them matches.
 */
static int
evaluate_from_address(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	struct address_list list;
	struct text value, address;
	size_t cursor = 0;
	bool found = false;
	int error = 0;

	while (error == 0 && !found && filter_rule_next_raw(judge,
	    TEXT("From"), &cursor, &value)) {
		address_list_init(&list, value);
		while (error == 0 && !found &&
		    address_list_next(&list, &address))
			error = filter_rule_find_pattern(judge,
			    call->operand.pattern, address, &found);
	}
	*result = filter_rule_turn(call, found);
	return error;
}

static int
evaluate_address_count(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	struct address_list list;
	struct text value, address;
	uint64_t count = 0;
	size_t cursor, i;

	for (i = 0; i < call->argument_count; i++) {
		cursor = 0;
		while (filter_rule_next_raw(judge, call->arguments[i].text,
		    &cursor, &value)) {
			address_list_init(&list, value);
			while (address_list_next(&list, &address))
				count++;
		}
	}
	*result = filter_rule_compare(call, count, call->operand.number);
	return 0;
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
	{ .signature = { .name = "from-address",
	    .operand = FILTER_OPERAND_PATTERN, .ignore_case = true,
	    .help = "Any address of any From field; case does not count." },
	    .evaluate = evaluate_from_address },
	{ .signature = { .name = "addr-count",
	    .arguments = { FILTER_ARGUMENT_HEADER }, .required = 1,
	    .takes_more = true, .operand = FILTER_OPERAND_NUMBER,
	    .help = "How many addresses the fields of those names hold." },
	    .evaluate = evaluate_address_count },
};
const struct filter_rules filter_rules_header = FILTER_ROWS(rules);
