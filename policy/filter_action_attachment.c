/*
 * Actions that take attachments out of messages: by what each knows them.
 */
#include "policy/dictionary.h"
#include "policy/filter_action_private.h"

#include "policy/filter_rule_private.h"
#include "policy/filter_strip.h"

/* ---- names, types, size ---- */

static int
has_name(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *result)
{
	size_t i;
	int error = 0;

	for (i = 0; i < attachment->name_count && error == 0 && !*result; i++)
		error = filter_rule_find_pattern(judge,
		    call->arguments[0].pattern, attachment->names[i], result);
	return error;
}

static int
act_by_name(struct filter_judge *judge, const struct filter_call *call)
{
	return filter_strip(judge, call, has_name, 1);
}

static int
is_declared(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *result)
{
	(void)judge;
	*result = file_type_matches(attachment->type,
	    call->arguments[0].text);
	return 0;
}

static int
act_by_mimetype(struct filter_judge *judge, const struct filter_call *call)
{
	return filter_strip(judge, call, is_declared, 1);
}

/* What a message in a message looks like says nothing. */
static int
tell_types(struct filter_judge *judge, struct filter_attachment *attachment)
{
	if (attachment->part != NULL && attachment->part->is_message)
		return 0;
	return filter_attachment_types(judge->message.content, attachment,
	    &judge->why);
}

static int
is_of_type(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *result)
{
	int error = is_declared(judge, call, attachment, result);

	if (error != 0 || *result)
		return error;
	error = tell_types(judge, attachment);
	*result = error == 0 && file_types_have_mime(&attachment->types,
	    call->arguments[0].text);
	return error;
}

static int
act_by_type(struct filter_judge *judge, const struct filter_call *call)
{
	return filter_strip(judge, call, is_of_type, 1);
}

static int
is_of_kind(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *result)
{
	int error = tell_types(judge, attachment);

	*result = error == 0 && file_types_have_name(&attachment->types,
	    call->arguments[0].text);
	return error;
}

static int
act_by_filetype(struct filter_judge *judge, const struct filter_call *call)
{
	return filter_strip(judge, call, is_of_kind, 1);
}

static int
is_as_large(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *result)
{
	(void)judge;
	*result = attachment->size >= call->arguments[0].number;
	return 0;
}

static int
act_by_size(struct filter_judge *judge, const struct filter_call *call)
{
	return filter_strip(judge, call, is_as_large, 1);
}

/* ---- content ---- */

/* Matches, or the score where a dictionary is named. */
static int
measure(struct filter_judge *judge, const struct filter_call *call,
	struct text bytes, size_t wanted, size_t *count)
{
	const struct dictionary *dictionary = call->arguments[0].object;
	struct text first = TEXT_EMPTY;
	uint64_t score = 0;
	int error;

	if (dictionary == NULL)
		return filter_rule_count(judge, &call->arguments[0], bytes,
		    wanted, count);
	error = dictionary_score(dictionary, bytes, wanted, &score, &first,
	    &judge->why);
	*count = (size_t)score;
	return error;
}

/* A text in UTF-8, anything else byte by byte. */
static int
count_matches(struct filter_judge *judge, const struct filter_call *call,
	const struct mime_part *part, struct text bytes, size_t wanted,
	size_t *count)
{
	struct text matched = judge->matched;
	unsigned int flags = 0;
	struct buffer utf8;
	int error = 0;

	buffer_init(&utf8, FILTER_TEXT_MAX);
	if (part != NULL && mime_part_is(part, "text", NULL)) {
		error = mime_decode_charset(mime_part_parameter(part,
		    "charset"), bytes, &utf8, &flags);
		bytes = buffer_text(&utf8);
	}
	error = error == 0 ? measure(judge, call, bytes, wanted, count) :
	    filter_action_too_large(judge);
	buffer_clear(&utf8);
	/* What was found does not outlive the content. */
	judge->matched = matched;
	return error;
}

/* In any of the ways in which readers may decode it. */
static int
contains(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *result)
{
	size_t wanted = (size_t)filter_call_number(call, 1, 1), count = 0;
	struct filter_attachment_views views;
	struct text bytes;
	int error = 0;

	filter_attachment_views_begin(&views, attachment);
	while (error == 0 && count < wanted) {
		error = filter_attachment_views_next(&views, &bytes,
		    &judge->why);
		if (error == 0)
			error = count_matches(judge, call, attachment->part,
			    bytes, wanted, &count);
	}
	filter_attachment_views_clear(&views);
	*result = count >= wanted;
	return error == ERROR_NOT_FOUND ? 0 : error;
}

static int
act_where_contains(struct filter_judge *judge,
	const struct filter_call *call)
{
	return filter_strip(judge, call, contains, 2);
}

static const struct filter_action actions[] = {
	{ .signature = { .name = "drop-attachments-by-name",
	    .arguments = { FILTER_ARGUMENT_PATTERN, FILTER_ARGUMENT_TEXT },
	    .required = 1,
	    .help = "Remove attachments with such a name." },
	    .act = act_by_name },
	{ .signature = { .name = "drop-attachments-by-type",
	    .arguments = { FILTER_ARGUMENT_MIME_TYPE,
	    FILTER_ARGUMENT_TEXT }, .required = 1,
	    .help = "Remove attachments of a MIME type, declared or by "
		"their content." },
	    .act = act_by_type },
	{ .signature = { .name = "drop-attachments-by-filetype",
	    .arguments = { FILTER_ARGUMENT_FILE_TYPE, FILTER_ARGUMENT_TEXT },
	    .required = 1,
	    .help = "Remove attachments of a fingerprint or group of types, "
		"by their content." },
	    .act = act_by_filetype },
	{ .signature = { .name = "drop-attachments-by-mimetype",
	    .arguments = { FILTER_ARGUMENT_MIME_TYPE,
	    FILTER_ARGUMENT_TEXT }, .required = 1,
	    .help = "Remove attachments that declare a MIME type." },
	    .act = act_by_mimetype },
	{ .signature = { .name = "drop-attachments-by-size",
	    .arguments = { FILTER_ARGUMENT_SIZE, FILTER_ARGUMENT_TEXT },
	    .required = 1,
	    .help = "Remove attachments of at least that encoded size." },
	    .act = act_by_size },
	{ .signature = { .name = "drop-attachments-where-contains",
	    .arguments = { FILTER_ARGUMENT_PATTERN, FILTER_ARGUMENT_COUNT,
	    FILTER_ARGUMENT_TEXT }, .required = 1,
	    .takes_identifier = true,
	    .help = "Remove attachments whose content holds so many "
		"matches." },
	    .act = act_where_contains },
	{ .signature = { .name = "drop-attachments-where-dictionary-match",
	    .arguments = { FILTER_ARGUMENT_DICTIONARY, FILTER_ARGUMENT_COUNT,
	    FILTER_ARGUMENT_TEXT }, .required = 1,
	    .help = "Remove attachments whose content scores so much by a "
		"dictionary." },
	    .act = act_where_contains },
};
const struct filter_actions filter_actions_attachment = FILTER_ROWS(actions);
