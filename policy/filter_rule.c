/*
 * The registry of rules, and what their evaluators share.
 */
#include "policy/filter_rule_private.h"

static const struct filter_rules *const tables[] = {
	&filter_rules_header,
	&filter_rules_body,
	&filter_rules_dictionary,
	&filter_rules_attachment,
	&filter_rules_structure,
	&filter_rules_envelope,
	&filter_rules_fact,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

const struct filter_rule *
filter_rule_at(size_t index)
{
	size_t i;

	for (i = 0; i < TABLES; i++) {
		if (index < tables[i]->count)
			return &tables[i]->rows[index];
		index -= tables[i]->count;
	}
	return NULL;
}

const struct filter_rule *
filter_rule_find(struct text name)
{
	const struct filter_rule *rule;
	size_t i;

	for (i = 0; (rule = filter_rule_at(i)) != NULL; i++)
		if (text_equal_nocase(name, text_from(rule->signature.name)))
			return rule;
	return NULL;
}

/* ---- what they share ---- */

int
filter_rule_too_large(struct filter_judge *judge)
{
	reason_set(&judge->why, "it is too large to be judged");
	return ERROR_LIMIT;
}

int
filter_rule_find_pattern(struct filter_judge *judge,
	const struct pattern *pattern, struct text subject, bool *result)
{
	struct pattern_match match = { 0 };
	struct reason why = { 0 };
	int error = pattern_find(pattern, subject, 0, &match, &why);

	*result = error == 0;
	if (error != ERROR_LIMIT)
		return 0;
	reason_set(&judge->why, "a pattern ran into a limit: %s", why.text);
	return ERROR_LIMIT;
}

int
filter_rule_count(struct filter_judge *judge,
	const struct filter_bound *wanted, struct text text, size_t most,
	size_t *count)
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

bool
filter_rule_next_raw(const struct filter_judge *judge, struct text name,
	size_t *cursor, struct text *value)
{
	const struct filter_message *message = &judge->message;

	while (*cursor < message->field_count) {
		const struct filter_field *field =
		    &message->fields[(*cursor)++];

		if (field->is_removed ||
		    !text_equal_nocase(field->name, name))
			continue;
		*value = field->value;
		return true;
	}
	return false;
}

bool
filter_rule_turn(const struct filter_call *call, bool found)
{
	return call->comparison == FILTER_TOKEN_NOT_EQUAL ? !found : found;
}

bool
filter_rule_compare(const struct filter_call *call, uint64_t left,
	uint64_t right)
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

	return holds[call->comparison][left < right ? 0 : left == right ? 1 :
	    2];
}
