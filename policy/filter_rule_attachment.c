/*
 * Rules about attachments: what a person sees as attached, in every reading
 * of the message.  Where one may be several things, any of them counts.
 */
#include "policy/filter_attachment.h"
#include "policy/filter_rule_private.h"
#include "policy/filter_search.h"
#include "policy/filter_text.h"

typedef int (*attachment_test)(struct filter_judge *judge,
	const struct filter_call *call,
	struct filter_attachment *attachment, bool *found);

/* "!=" is true where no attachment is so. */
static int
test_any(struct filter_judge *judge, const struct filter_call *call,
	attachment_test test, bool *result)
{
	struct filter_content *content = judge->message.content;
	bool found = false;
	size_t i;
	int error = filter_content_decode(content, &judge->why);

	for (i = 0; i < content->attachment_count && error == 0 && !found;
	    i++)
		error = test(judge, call, &content->attachments[i], &found);
	*result = filter_rule_turn(call, found);
	return error;
}

/* ---- names and types ---- */

static int
test_name(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *found)
{
	size_t i;
	int error = 0;

	for (i = 0; i < attachment->name_count && error == 0 && !*found; i++)
		error = filter_rule_find_pattern(judge,
		    call->operand.pattern, attachment->names[i], found);
	return error;
}

static int
evaluate_filename(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return test_any(judge, call, test_name, result);
}

static int
test_declared(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *found)
{
	(void)judge;
	*found = file_type_matches(attachment->type, call->operand.text);
	return 0;
}

static int
evaluate_mimetype(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return test_any(judge, call, test_declared, result);
}

static int
test_type(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *found)
{
	int error = test_declared(judge, call, attachment, found);

	if (error != 0 || *found)
		return error;
	error = filter_attachment_types(judge->message.content, attachment,
	    &judge->why);
	*found = error == 0 && file_types_have_mime(&attachment->types,
	    call->operand.text);
	return error;
}

static int
evaluate_type(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return test_any(judge, call, test_type, result);
}

static int
test_filetype(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *found)
{
	int error = filter_attachment_types(judge->message.content,
	    attachment, &judge->why);

	*found = error == 0 && file_types_have_name(&attachment->types,
	    call->operand.text);
	return error;
}

static int
evaluate_filetype(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return test_any(judge, call, test_filetype, result);
}

static int
test_mismatch(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *found)
{
	int error = filter_attachment_types(judge->message.content,
	    attachment, &judge->why);

	(void)call;
	*found = error == 0 && file_types_differ(&attachment->types,
	    attachment->type);
	return error;
}

static int
evaluate_mismatch(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return test_any(judge, call, test_mismatch, result);
}

/* ---- size ---- */

static int
evaluate_size(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	struct filter_content *content = judge->message.content;
	struct filter_call equal = *call;
	bool found = false;
	size_t i;
	int error = filter_content_decode(content, &judge->why);

	if (call->comparison == FILTER_TOKEN_NOT_EQUAL)
		equal.comparison = FILTER_TOKEN_EQUAL;
	for (i = 0; i < content->attachment_count && error == 0 && !found;
	    i++)
		found = filter_rule_compare(&equal,
		    content->attachments[i].size, call->operand.number);
	*result = filter_rule_turn(call, found);
	return error;
}

/* ---- content ---- */

static int
evaluate_contains(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	struct filter_content *content = judge->message.content;
	size_t wanted = (size_t)filter_call_number(call, 1, 1), i;
	struct filter_text_count count = { .total = 0 };
	int error = filter_content_decode(content, &judge->why);

	for (i = 0; i < content->text_count && error == 0 &&
	    count.total < wanted; i++) {
		struct filter_text *text = &content->texts[i];
		size_t matches = 0;

		if (!text->is_attachment)
			continue;
		error = filter_search_count(judge, &call->arguments[0],
		    text, wanted, &matches);
		filter_text_count_add(&count, text, matches);
	}
	*result = count.total >= wanted;
	return error;
}

/* Whether a text of that content holds a match. */
static int
holds(struct filter_judge *judge, const struct filter_call *call,
	size_t number, bool *found)
{
	struct filter_content *content = judge->message.content;
	size_t matches = 0, i;
	int error = 0;

	for (i = 0; i < content->text_count && error == 0 && matches == 0;
	    i++)
		if (content->texts[i].number == number)
			error = filter_search_count(judge,
			    &call->arguments[0], &content->texts[i], 1,
			    &matches);
	*found = matches > 0;
	return error;
}

static int
evaluate_every(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	struct filter_content *content = judge->message.content;
	bool found = true;
	size_t i;
	int error = filter_content_decode(content, &judge->why);

	for (i = 0; i < content->attachment_count && error == 0 && found; i++)
		error = holds(judge, call, content->attachments[i].number,
		    &found);
	*result = found && content->attachment_count > 0;
	return error;
}

/*
 * Each byte becomes the character of its number: so a pattern over UTF-8
 * says \xff for the byte 255.
 */
static int
widen(struct text bytes, struct buffer *out)
{
	size_t from = 0, at;
	int error = 0;

	for (at = 0; at < bytes.len && error == 0; at++) {
		unsigned char c = (unsigned char)bytes.data[at];
		char pair[2] = { (char)(0xc0 | c >> 6),
		    (char)(0x80 | (c & 0x3f)) };

		if (c < 0x80)
			continue;
		error = buffer_add_text(out, text_slice(bytes, from,
		    at - from));
		if (error == 0)
			error = buffer_add(out, pair, sizeof(pair));
		from = at + 1;
	}
	return error == 0 ? buffer_add_text(out, text_skip(bytes, from)) :
	    error;
}

static int
find_in_bytes(struct filter_judge *judge, const struct pattern *pattern,
	struct text bytes, bool *found)
{
	struct buffer wide;
	int error;

	buffer_init(&wide, 2 * bytes.len + 1);
	error = widen(bytes, &wide);
	if (error == 0)
		error = filter_rule_find_pattern(judge, pattern,
		    buffer_text(&wide), found);
	else
		error = filter_rule_too_large(judge);
	buffer_clear(&wide);
	return error;
}

static int
test_binary(struct filter_judge *judge, const struct filter_call *call,
	struct filter_attachment *attachment, bool *found)
{
	struct filter_attachment_views views;
	struct text bytes;
	int error = 0;

	filter_attachment_views_begin(&views, attachment);
	while (error == 0 && !*found) {
		error = filter_attachment_views_next(&views, &bytes,
		    &judge->why);
		if (error == 0)
			error = find_in_bytes(judge,
			    call->arguments[0].pattern, bytes, found);
	}
	filter_attachment_views_clear(&views);
	return error == ERROR_NOT_FOUND ? 0 : error;
}

static int
evaluate_binary(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return test_any(judge, call, test_binary, result);
}

static const struct filter_rule rules[] = {
	{ .signature = { .name = "attachment-filename",
	    .operand = FILTER_OPERAND_PATTERN,
	    .help = "A name of an attachment matches." },
	    .evaluate = evaluate_filename },
	{ .signature = { .name = "attachment-type",
	    .operand = FILTER_OPERAND_MIME_TYPE,
	    .help = "The MIME type of an attachment, declared or by its "
		"content." },
	    .evaluate = evaluate_type },
	{ .signature = { .name = "attachment-mimetype",
	    .operand = FILTER_OPERAND_MIME_TYPE,
	    .help = "The MIME type that an attachment is declared to have." },
	    .evaluate = evaluate_mimetype },
	{ .signature = { .name = "attachment-filetype",
	    .operand = FILTER_OPERAND_FILE_TYPE,
	    .help = "A fingerprint or group of types, by content." },
	    .evaluate = evaluate_filetype },
	{ .signature = { .name = "attachment-mismatch",
	    .help = "An attachment is of another kind than it is declared "
		"to be." },
	    .evaluate = evaluate_mismatch },
	{ .signature = { .name = "attachment-size",
	    .operand = FILTER_OPERAND_SIZE,
	    .help = "The size of an attachment as it is encoded." },
	    .evaluate = evaluate_size },
	{ .signature = { .name = "attachment-contains",
	    .arguments = { FILTER_ARGUMENT_PATTERN, FILTER_ARGUMENT_COUNT },
	    .required = 1, .takes_identifier = true,
	    .searches_texts = true,
	    .help = "The text of attachments holds so many matches." },
	    .evaluate = evaluate_contains },
	{ .signature = { .name = "every-attachment-contains",
	    .arguments = { FILTER_ARGUMENT_PATTERN }, .required = 1,
	    .takes_identifier = true, .searches_texts = true,
	    .help = "There are attachments, and each holds a match." },
	    .evaluate = evaluate_every },
	{ .signature = { .name = "attachment-binary-contains",
	    .arguments = { FILTER_ARGUMENT_PATTERN }, .required = 1,
	    .help = "The bytes of an attachment match; \\xHH is a byte." },
	    .evaluate = evaluate_binary },
};
const struct filter_rules filter_rules_attachment = FILTER_ROWS(rules);
