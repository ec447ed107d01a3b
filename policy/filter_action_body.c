/*
 * Actions on the text of the body: disclaimers, replacements.
 */
#include "policy/filter_action_private.h"

#include "gateway/mail/charset.h"
#include "gateway/mail/html_text.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_write_stamp.h"
#include "policy/filter_body.h"
#include "policy/filter_variable.h"
#include "policy/text_resource.h"

#define UNSIGNED TEXT("The signature of this message was removed, because " \
	"its text was changed.")

/* ---- disclaimers ---- */

static int
add_stamp(struct filter_judge *judge, const struct mime_write_stamp *stamp)
{
	struct filter_body body;
	int error = filter_body_open(&body, judge);

	if (error == 0) {
		error = mime_write_stamp(&body.write, stamp, body.max);
		if (error != 0)
			(void)filter_action_too_large(judge);
	}
	return filter_body_close(&body, error);
}

static int
expand_and_add(struct filter_judge *judge, const struct filter_call *call,
	bool is_heading)
{
	const struct config_text_resource *resource =
	    call->arguments[0].object;
	struct buffer text, html;
	int error;

	buffer_init(&text, TEXT_RESOURCE_EXPANDED_MAX);
	buffer_init(&html, TEXT_RESOURCE_EXPANDED_MAX);
	error = text_resource_expand(judge, resource, false, &text);
	if (error == 0)
		error = text_resource_expand(judge, resource, true, &html);
	if (error == 0)
		error = add_stamp(judge, &(struct mime_write_stamp){
		    .text = buffer_text(&text), .html = buffer_text(&html),
		    .is_heading = is_heading });
	else
		error = filter_action_too_large(judge);
	buffer_clear(&text);
	buffer_clear(&html);
	return error;
}

static int
act_footer(struct filter_judge *judge, const struct filter_call *call)
{
	return expand_and_add(judge, call, false);
}

static int
act_heading(struct filter_judge *judge, const struct filter_call *call)
{
	return expand_and_add(judge, call, true);
}

/* ---- replacements ---- */

struct edit {
	struct filter_judge *judge;
	const struct pattern *pattern;
	struct filter_body body;
	struct buffer plain;	/* what stands for a match */
	struct buffer html;
};

typedef int (*edit_function)(struct edit *edit, size_t index,
	struct text utf8);

/* What cannot be read cannot be searched: never "no match". */
static int
decode(struct edit *edit, size_t index, struct buffer *out)
{
	const struct mime_part *part = &edit->body.message.parts[index];
	unsigned int flags = 0;

	if ((part->flags & MIME_BAD_ENCODING) != 0) {
		reason_set(&edit->judge->why, "part %zu has an unknown or "
		    "misplaced Content-Transfer-Encoding", index + 1);
		return ERROR_LIMIT;
	}
	if (mime_decode_text(part, out, &flags) != 0)
		return filter_action_too_large(edit->judge);
	if ((flags & MIME_DECODE_CHARSET) == 0)
		return 0;
	reason_set(&edit->judge->why, "the charset of part %zu is not known",
	    index + 1);
	return ERROR_LIMIT;
}

static int
edit_part(struct edit *edit, size_t index, edit_function function)
{
	struct buffer text;
	int error;

	buffer_init(&text, edit->body.max);
	error = decode(edit, index, &text);
	if (error == 0)
		error = function(edit, index, buffer_text(&text));
	buffer_clear(&text);
	return error;
}

/* Every text of that subtype (NULL: any) that is no attachment. */
static int
edit_texts(struct edit *edit, const char *subtype, edit_function function)
{
	const struct mime_message *message = &edit->body.message;
	size_t i;
	int error = filter_body_open(&edit->body, edit->judge);

	for (i = 0; i < message->part_count && error == 0; i++)
		if (mime_part_is_leaf(&message->parts[i]) &&
		    mime_part_is(&message->parts[i], "text", subtype) &&
		    !mime_part_is_attachment(&message->parts[i]) &&
		    !mime_write_is_empty(message, i))
			error = edit_part(edit, i, function);
	return filter_body_close(&edit->body, error);
}

/* In the charset that the part has, where that can say it. */
static int
give_body(struct edit *edit, size_t index, struct text utf8)
{
	const struct mime_part *part = &edit->body.message.parts[index];
	struct text charset = text_trim(mime_part_parameter(part, "charset"));
	struct text now = TEXT_EMPTY;
	struct buffer bytes;
	int error;

	buffer_init(&bytes, edit->body.max);
	error = charset_from_utf8(charset.len > 0 ? charset :
	    TEXT("us-ascii"), utf8, &bytes);
	if (error == ERROR_NOT_FOUND) {
		now = TEXT("utf-8");
		error = buffer_add_text(&bytes, utf8);
	}
	if (error == 0)
		error = mime_write_unsign(&edit->body.write, index,
		    UNSIGNED);
	if (error == 0)
		mime_write_body(&edit->body.write, index, &bytes, now);
	buffer_clear(&bytes);
	return error == 0 ? 0 : filter_action_too_large(edit->judge);
}

static int
replace_matches(struct edit *edit, size_t index, struct text utf8)
{
	const struct mime_part *part = &edit->body.message.parts[index];
	struct buffer edited;
	size_t count = 0;
	int error;

	buffer_init(&edited, edit->body.max);
	error = filter_action_replace(edit->judge, edit->pattern, utf8,
	    buffer_text(mime_part_is(part, "text", "html") ? &edit->html :
	    &edit->plain), &edited, &count);
	if (error == 0 && count > 0)
		error = give_body(edit, index, buffer_text(&edited));
	buffer_clear(&edited);
	return error;
}

static int
act_edit(struct filter_judge *judge, const struct filter_call *call)
{
	struct text new = call->arguments[1].text;
	struct edit edit = { .judge = judge,
		.pattern = call->arguments[0].pattern };
	int error;

	buffer_init(&edit.plain, TEXT_RESOURCE_EXPANDED_MAX);
	buffer_init(&edit.html, TEXT_RESOURCE_EXPANDED_MAX);
	error = filter_variable_expand_lines(judge, new, false, &edit.plain);
	if (error == 0)
		error = filter_variable_expand_lines(judge, new, true,
		    &edit.html);
	error = error == 0 ? edit_texts(&edit, NULL, replace_matches) :
	    filter_action_too_large(judge);
	buffer_clear(&edit.plain);
	buffer_clear(&edit.html);
	return error;
}

/* ---- HTML ---- */

/* Without the empty lines of blocks at both ends. */
static struct text
without_gaps(struct text t)
{
	while (t.len > 0 && t.data[0] == '\n')
		t = text_skip(t, 1);
	while (t.len > 0 && t.data[t.len - 1] == '\n')
		t.len--;
	return t;
}

static int
make_plain(struct edit *edit, size_t index, struct text utf8)
{
	struct buffer text, lines;
	int error;

	buffer_init(&text, HTML_TEXT_MAX(utf8.len));
	buffer_init(&lines, edit->body.max);
	error = html_text(utf8, &text);
	if (error == 0)
		error = mime_write_lines(without_gaps(buffer_text(&text)),
		    &lines);
	if (error == 0)
		error = buffer_add_text(&lines, TEXT("\r\n"));
	if (error == 0)
		error = mime_write_unsign(&edit->body.write, index,
		    UNSIGNED);
	if (error == 0)
		mime_write_plain(&edit->body.write, index, &lines);
	buffer_clear(&text);
	buffer_clear(&lines);
	return error == 0 ? 0 : filter_action_too_large(edit->judge);
}

static int
act_convert(struct filter_judge *judge, const struct filter_call *call)
{
	struct edit edit = { .judge = judge };

	(void)call;
	return edit_texts(&edit, "html", make_plain);
}

static const struct filter_action actions[] = {
	{ .signature = { .name = "add-footer",
	    .arguments = { FILTER_ARGUMENT_DISCLAIMER }, .required = 1,
	    .help = "Add a disclaimer below the body." },
	    .act = act_footer },
	{ .signature = { .name = "add-heading",
	    .arguments = { FILTER_ARGUMENT_DISCLAIMER }, .required = 1,
	    .help = "Add a disclaimer above the body." },
	    .act = act_heading },
	{ .signature = { .name = "edit-body-text",
	    .arguments = { FILTER_ARGUMENT_PATTERN, FILTER_ARGUMENT_TEXT },
	    .required = 2,
	    .help = "Replace every match in the texts of the body." },
	    .act = act_edit },
	{ .signature = { .name = "html-convert",
	    .help = "Make plain text of HTML." },
	    .act = act_convert },
};
const struct filter_actions filter_actions_body = FILTER_ROWS(actions);
