/*
 * Text resources: checked when a configuration is loaded, filled in for each
 * message.
 */
#include "policy/text_resource.h"

#include "gateway/mail/html_escape.h"
#include "policy/filter_variable.h"

#define SHOWN_MAX 40
#define EOL TEXT("\r\n")

static size_t
check_form(const struct config_text_resource *resource, const char *form,
	struct text template, struct config_report *report)
{
	struct text name = TEXT_EMPTY;

	if (!filter_variable_find_unknown(template, &name))
		return 0;
	config_report_path(report, arena_printf(report->arena,
	    "text_resources.%.*s.%s", TEXT_ARG(resource->name), form),
	    "there is no variable \"$%.*s\"",
	    TEXT_ARG(text_slice(name, 0, SHOWN_MAX)));
	return 1;
}

int
text_resource_check(const struct config *config, struct config_report *report)
{
	size_t i, count = 0;

	for (i = 0; i < config->text_resource_count; i++) {
		const struct config_text_resource *resource =
		    &config->text_resources[i];

		count += check_form(resource, "text", resource->plain,
		    report);
		count += check_form(resource, "html", resource->html,
		    report);
	}
	return count > 0 ? ERROR_MALFORMED : 0;
}

static int
end_line(size_t from, struct buffer *out)
{
	struct text so_far = text_skip(buffer_text(out), from);

	if (so_far.len == 0 || so_far.data[so_far.len - 1] == '\n')
		return 0;
	return buffer_add_text(out, EOL);
}

/* A paragraph whose lines stay lines. */
static int
add_as_html(struct text plain, struct buffer *out)
{
	int error = buffer_add_text(out, TEXT("<p>"));

	while (plain.len > 0 && error == 0) {
		struct text line = text_slice(plain, 0, text_find(plain,
		    EOL));

		plain = text_skip(plain, line.len + EOL.len);
		error = html_escape(line, out);
		if (error == 0)
			error = buffer_add_text(out, plain.len > 0 ?
			    TEXT("<br>\r\n") : TEXT("</p>\r\n"));
	}
	return error;
}

int
text_resource_expand(struct filter_judge *judge,
	const struct config_text_resource *resource, bool want_html,
	struct buffer *out)
{
	bool has_html = !text_is_empty(resource->html);
	size_t from = buffer_len(out);
	struct buffer plain;
	int error;

	if (!want_html || has_html) {
		error = filter_variable_expand_lines(judge, want_html ?
		    resource->html : resource->plain, want_html, out);
		return error == 0 ? end_line(from, out) : error;
	}
	buffer_init(&plain, TEXT_RESOURCE_EXPANDED_MAX);
	error = filter_variable_expand_lines(judge, resource->plain, false,
	    &plain);
	if (error == 0)
		error = end_line(0, &plain);
	if (error == 0)
		error = add_as_html(buffer_text(&plain), out);
	buffer_clear(&plain);
	return error;
}
