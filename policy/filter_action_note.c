/*
 * Actions that note something: tags and log entries.
 */
#include "policy/filter_action_private.h"
#include "policy/filter_variable.h"

#define NAME_SHOWN_MAX 100
#define MORE_ENTRIES "further log entries were left out"

static int
make_list(struct filter_judge *judge, struct text **list, size_t room)
{
	if (*list == NULL)
		*list = arena_array(judge->arena, room, sizeof(**list));
	return *list == NULL ? filter_action_too_large(judge) : 0;
}

static int
act_tag(struct filter_judge *judge, const struct filter_call *call)
{
	struct frame_splinter *out = judge->out;
	struct text tag = call->arguments[0].text;
	size_t i;

	if (make_list(judge, &out->tags, FRAME_TAGS_MAX) != 0)
		return ERROR_LIMIT;
	for (i = 0; i < out->tag_count; i++)
		if (text_equal(out->tags[i], tag))
			return 0;
	if (out->tag_count == FRAME_TAGS_MAX) {
		reason_set(&judge->why, "it was given too many tags");
		return ERROR_LIMIT;
	}
	out->tags[out->tag_count++] = tag;
	return 0;
}

int
filter_action_add_entry(struct filter_judge *judge, struct text entry)
{
	struct frame_disposition *out = judge->disposition;

	if (make_list(judge, &out->log_entries, FRAME_LOG_ENTRIES_MAX) != 0)
		return ERROR_LIMIT;
	if (out->log_entry_count == FRAME_LOG_ENTRIES_MAX) {
		out->log_entries[FRAME_LOG_ENTRIES_MAX - 1] =
		    TEXT(MORE_ENTRIES);
		return 0;
	}
	out->log_entries[out->log_entry_count++] = entry;
	return 0;
}

int
filter_action_report(struct filter_judge *judge,
	const struct filter_call *call, const char *words)
{
	return filter_action_add_entry(judge, arena_printf(judge->arena,
	    "%s in filter %.*s: %s", call->action->signature.name,
	    TEXT_ARG(text_slice(judge->filter_name, 0, NAME_SHOWN_MAX)),
	    words));
}

static int
act_log(struct filter_judge *judge, const struct filter_call *call)
{
	struct text entry;

	if (filter_variable_expand(judge, call->arguments[0].text,
	    FRAME_WORDS_MAX, &entry) != 0)
		return filter_action_too_large(judge);
	return filter_action_add_entry(judge, entry);
}

static const struct filter_action actions[] = {
	{ .signature = { .name = "tag-message",
	    .arguments = { FILTER_ARGUMENT_TAG }, .required = 1,
	    .help = "Give it a tag that recipients do not see." },
	    .act = act_tag },
	{ .signature = { .name = "log-entry",
	    .arguments = { FILTER_ARGUMENT_TEXT }, .required = 1,
	    .help = "Write a line to the event log." },
	    .act = act_log, .ask = filter_action_ask_texts },
};
const struct filter_actions filter_actions_note = FILTER_ROWS(actions);
