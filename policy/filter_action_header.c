/*
 * Actions on header fields.
 */
#include "policy/filter_action_private.h"
#include "policy/filter_variable.h"

/* Values of header fields, longer than anybody reads. */
#define VALUE_MAX 4096
#define EDITED_MAX 65536

static int
act_insert(struct filter_judge *judge, const struct filter_call *call)
{
	struct text value;
	int error = filter_variable_expand(judge, call->arguments[1].text,
	    VALUE_MAX, &value);

	if (error == 0)
		error = filter_message_insert(&judge->message,
		    call->arguments[0].text, value);
	return error == 0 ? 0 : filter_action_too_large(judge);
}

static int
act_strip(struct filter_judge *judge, const struct filter_call *call)
{
	filter_message_strip(&judge->message, call->arguments[0].text);
	return 0;
}

static int
edit_field(struct filter_judge *judge, const struct filter_call *call,
	size_t cursor, struct text value, struct text with)
{
	struct buffer edited;
	size_t count = 0;
	int error;

	buffer_init(&edited, EDITED_MAX);
	error = filter_action_replace(judge, call->arguments[1].pattern,
	    value, with, &edited, &count);
	/* A field without a match keeps its bytes. */
	if (error == 0 && count > 0 && filter_message_edit(&judge->message,
	    cursor, text_trim(buffer_text(&edited))) != 0)
		error = filter_action_too_large(judge);
	buffer_clear(&edited);
	return error;
}

static int
act_edit(struct filter_judge *judge, const struct filter_call *call)
{
	struct text with, value;
	size_t cursor = 0;
	int error;

	if (filter_variable_expand(judge, call->arguments[2].text, VALUE_MAX,
	    &with) != 0)
		return filter_action_too_large(judge);
	while ((error = filter_message_next(&judge->message,
	    call->arguments[0].text, &cursor, &value)) == 0) {
		error = edit_field(judge, call, cursor, value, with);
		if (error != 0)
			return error;
	}
	return error == ERROR_NOT_FOUND ? 0 : filter_action_too_large(judge);
}

static const struct filter_action actions[] = {
	{ .signature = { .name = "insert-header",
	    .arguments = { FILTER_ARGUMENT_EDITABLE, FILTER_ARGUMENT_TEXT },
	    .required = 2, .help = "Add a header field." },
	    .act = act_insert, .ask = filter_action_ask_texts },
	{ .signature = { .name = "strip-header",
	    .arguments = { FILTER_ARGUMENT_EDITABLE }, .required = 1,
	    .help = "Remove every header field of that name." },
	    .act = act_strip },
	{ .signature = { .name = "edit-header-text",
	    .arguments = { FILTER_ARGUMENT_EDITABLE, FILTER_ARGUMENT_PATTERN,
	    FILTER_ARGUMENT_TEXT }, .required = 3,
	    .help = "Replace every match in header fields of that name." },
	    .act = act_edit, .ask = filter_action_ask_texts },
};
const struct filter_actions filter_actions_header = FILTER_ROWS(actions);
