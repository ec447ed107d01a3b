/*
 * The registry of actions, and what they share.
 */
#include "policy/filter_action_private.h"
#include "policy/filter_variable.h"

static const struct filter_actions *const tables[] = {
	&filter_actions_attachment,
	&filter_actions_body,
	&filter_actions_fate,
	&filter_actions_route,
	&filter_actions_copy,
	&filter_actions_notify,
	&filter_actions_header,
	&filter_actions_note,
	&filter_actions_sender,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

const struct filter_action *
filter_action_at(size_t index)
{
	size_t i;

	for (i = 0; i < TABLES; i++) {
		if (index < tables[i]->count)
			return &tables[i]->rows[index];
		index -= tables[i]->count;
	}
	return NULL;
}

const struct filter_action *
filter_action_find(struct text name)
{
	const struct filter_action *action;
	size_t i;

	for (i = 0; (action = filter_action_at(i)) != NULL; i++)
		if (text_equal_nocase(name,
		    text_from(action->signature.name)))
			return action;
	return NULL;
}

int
filter_action_ask_texts(const struct filter_call *call,
	const struct envelope *envelope, struct fact_list *wanted)
{
	size_t i;
	int error = 0;

	for (i = 0; i < call->argument_count && error == 0; i++)
		error = filter_variable_ask(call->arguments[i].text,
		    envelope, wanted);
	return error;
}

int
filter_action_too_large(struct filter_judge *judge)
{
	reason_set(&judge->why, "it is too large to be judged");
	return ERROR_LIMIT;
}

int
filter_action_replace(struct filter_judge *judge,
	const struct pattern *pattern, struct text value, struct text with,
	struct buffer *out, size_t *count)
{
	struct pattern_match match = { 0 };
	struct reason why = { 0 };
	size_t from = 0, written = 0;
	int error;

	*count = 0;
	while ((error = pattern_find(pattern, value, from, &match,
	    &why)) == 0) {
		/* \K can draw a match back into the one before. */
		if (match.start < written)
			match.start = written;
		if (match.end < match.start)
			match.end = match.start;
		if (buffer_add_text(out, text_slice(value, written,
		    match.start - written)) != 0 ||
		    buffer_add_text(out, with) != 0)
			return filter_action_too_large(judge);
		(*count)++;
		written = match.end;
		from = pattern_next(value, from, &match);
	}
	if (error == ERROR_LIMIT) {
		reason_set(&judge->why, "a pattern ran into a limit: %s",
		    why.text);
		return error;
	}
	return buffer_add_text(out, text_skip(value, written)) == 0 ? 0 :
	    filter_action_too_large(judge);
}
