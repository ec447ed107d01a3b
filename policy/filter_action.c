/*
 * The actions of the filter language.
 */
#include "policy/filter_call.h"
#include "policy/filter_variable.h"

/* Values of header fields, longer than anybody reads. */
#define VALUE_MAX 4096
#define EDITED_MAX 65536
#define MORE_ENTRIES "further log entries were left out"

static int
too_large(struct filter_judge *judge)
{
	reason_set(&judge->why, "it is too large to be judged");
	return ERROR_LIMIT;
}

/* ---- header fields ---- */

static int
act_insert(struct filter_judge *judge, const struct filter_call *call)
{
	struct text value;
	int error = filter_variable_expand(judge, call->text, VALUE_MAX,
	    &value);

	if (error == 0)
		error = filter_message_insert(&judge->message, call->name,
		    value);
	return error == 0 ? 0 : too_large(judge);
}

static int
act_strip(struct filter_judge *judge, const struct filter_call *call)
{
	filter_message_strip(&judge->message, call->name);
	return 0;
}

/* Append value with every match replaced.  *count of them. */
static int
replace(struct filter_judge *judge, const struct pattern *pattern,
	struct text value, struct text with, struct buffer *out,
	size_t *count)
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
			return too_large(judge);
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
	    too_large(judge);
}

static int
edit_field(struct filter_judge *judge, const struct filter_call *call,
	size_t cursor, struct text value, struct text with)
{
	struct buffer edited;
	size_t count = 0;
	int error;

	buffer_init(&edited, EDITED_MAX);
	error = replace(judge, call->pattern, value, with, &edited, &count);
	/* A field without a match keeps its bytes. */
	if (error == 0 && count > 0 && filter_message_edit(&judge->message,
	    cursor, text_trim(buffer_text(&edited))) != 0)
		error = too_large(judge);
	buffer_clear(&edited);
	return error;
}

static int
act_edit(struct filter_judge *judge, const struct filter_call *call)
{
	struct text with, value;
	size_t cursor = 0;
	int error;

	if (filter_variable_expand(judge, call->text, VALUE_MAX, &with) != 0)
		return too_large(judge);
	while ((error = filter_message_next(&judge->message, call->name,
	    &cursor, &value)) == 0) {
		error = edit_field(judge, call, cursor, value, with);
		if (error != 0)
			return error;
	}
	return error == ERROR_NOT_FOUND ? 0 : too_large(judge);
}

/* ---- what is told ---- */

static int
make_list(struct filter_judge *judge, struct text **list, size_t room)
{
	if (*list == NULL)
		*list = arena_array(judge->arena, room, sizeof(**list));
	return *list == NULL ? too_large(judge) : 0;
}

static int
act_tag(struct filter_judge *judge, const struct filter_call *call)
{
	struct frame_disposition *out = judge->out;
	size_t i;

	if (make_list(judge, &out->tags, FRAME_TAGS_MAX) != 0)
		return ERROR_LIMIT;
	for (i = 0; i < out->tag_count; i++)
		if (text_equal(out->tags[i], call->name))
			return 0;
	if (out->tag_count == FRAME_TAGS_MAX) {
		reason_set(&judge->why, "it was given too many tags");
		return ERROR_LIMIT;
	}
	out->tags[out->tag_count++] = call->name;
	return 0;
}

static int
act_log(struct filter_judge *judge, const struct filter_call *call)
{
	struct frame_disposition *out = judge->out;
	struct text entry;

	if (make_list(judge, &out->log_entries, FRAME_LOG_ENTRIES_MAX) != 0)
		return ERROR_LIMIT;
	if (out->log_entry_count == FRAME_LOG_ENTRIES_MAX) {
		out->log_entries[FRAME_LOG_ENTRIES_MAX - 1] =
		    TEXT(MORE_ENTRIES);
		return 0;
	}
	if (filter_variable_expand(judge, call->text, FRAME_WORDS_MAX,
	    &entry) != 0)
		return too_large(judge);
	out->log_entries[out->log_entry_count++] = entry;
	return 0;
}

/* ---- protection ---- */

/*
 * The last profile and subject count.  A message that was to be enveloped
 * always is never again sent without, whoever asks for less later.
 */
static int
act_encrypt(struct filter_judge *judge, const struct filter_call *call)
{
	struct frame_protection *protection = &judge->out->protection;

	if (filter_variable_expand(judge, call->text, FRAME_WORDS_MAX,
	    &protection->subject) != 0)
		return too_large(judge);
	protection->profile = call->name;
	if (protection->form != PROTECTION_ENVELOPE)
		protection->form = call->form;
	return 0;
}

/* ---- where it goes ---- */

static int
act_quarantine(struct filter_judge *judge, const struct filter_call *call)
{
	judge->out->verdict = FRAME_VERDICT_QUARANTINE;
	judge->out->quarantine = call->name;
	return 0;
}

static int
act_drop(struct filter_judge *judge, const struct filter_call *call)
{
	(void)call;
	judge->out->verdict = FRAME_VERDICT_DROP;
	judge->out->quarantine = TEXT_EMPTY;
	return 0;
}

static int
act_bounce(struct filter_judge *judge, const struct filter_call *call)
{
	(void)call;
	judge->out->verdict = FRAME_VERDICT_BOUNCE;
	judge->out->quarantine = TEXT_EMPTY;
	judge->out->reason = TEXT("the message was refused by a rule about "
	    "its content");
	return 0;
}

/* No further filter; what was decided before stays. */
static int
act_deliver(struct filter_judge *judge, const struct filter_call *call)
{
	(void)judge;
	(void)call;
	return 0;
}

#define ENCRYPT_ARGUMENTS { FILTER_ARGUMENT_PROFILE, FILTER_ARGUMENT_TEXT, \
	FILTER_ARGUMENT_FORM }

static const struct filter_action actions[] = {
	{ .signature = { .name = "encrypt", .arguments = ENCRYPT_ARGUMENTS,
	    .required = 1, .help = "Send it as an encrypted envelope, and "
	    "look at no further filter." },
	    .is_final = true, .act = act_encrypt },
	{ .signature = { .name = "encrypt-deferred",
	    .arguments = ENCRYPT_ARGUMENTS, .required = 1,
	    .help = "Send it as an encrypted envelope." },
	    .act = act_encrypt },
	{ .signature = { .name = "insert-header",
	    .arguments = { FILTER_ARGUMENT_EDITABLE, FILTER_ARGUMENT_TEXT },
	    .required = 2, .help = "Add a header field." },
	    .act = act_insert },
	{ .signature = { .name = "strip-header",
	    .arguments = { FILTER_ARGUMENT_EDITABLE }, .required = 1,
	    .help = "Remove every header field of that name." },
	    .act = act_strip },
	{ .signature = { .name = "edit-header-text",
	    .arguments = { FILTER_ARGUMENT_EDITABLE, FILTER_ARGUMENT_PATTERN,
	    FILTER_ARGUMENT_TEXT }, .required = 3,
	    .help = "Replace every match in header fields of that name." },
	    .act = act_edit },
	{ .signature = { .name = "tag-message",
	    .arguments = { FILTER_ARGUMENT_TAG }, .required = 1,
	    .help = "Give it a tag that recipients do not see." },
	    .act = act_tag },
	{ .signature = { .name = "log-entry",
	    .arguments = { FILTER_ARGUMENT_TEXT }, .required = 1,
	    .help = "Write a line to the event log." },
	    .act = act_log },
	{ .signature = { .name = "quarantine",
	    .arguments = { FILTER_ARGUMENT_QUARANTINE }, .required = 1,
	    .help = "Hold it; further filters still look at it." },
	    .act = act_quarantine },
	{ .signature = { .name = "drop", .help = "Discard it." },
	    .is_final = true, .act = act_drop },
	{ .signature = { .name = "bounce",
	    .help = "Discard it, and tell the sender." },
	    .is_final = true, .act = act_bounce },
	{ .signature = { .name = "deliver",
	    .help = "Look at no further filter." },
	    .is_final = true, .act = act_deliver },
	{ .signature = { .name = "skip-filters",
	    .help = "The same as deliver()." },
	    .is_final = true, .act = act_deliver },
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

const struct filter_action *
filter_action_at(size_t index)
{
	return index < ACTIONS ? &actions[index] : NULL;
}

const struct filter_action *
filter_action_find(struct text name)
{
	size_t i;

	for (i = 0; i < ACTIONS; i++)
		if (text_equal_nocase(name,
		    text_from(actions[i].signature.name)))
			return &actions[i];
	return NULL;
}
