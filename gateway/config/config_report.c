/*
 * Errors with their place in the file.  Words go through the cleaning of
 * config_quote() before they come here, so that a terminal is safe.
 */
#include "gateway/config/config_report.h"

#include <stdarg.h>

#include "gateway/config/config_type.h"

#define MESSAGE_MAX 1024
#define PATH_MAX_BYTES 2048

static struct config_error *
error_new(struct config_report *report, size_t line, size_t column)
{
	struct config_errors *errors = report->errors;
	struct config_error *error;

	if (errors->count == CONFIG_ERRORS_MAX)
		return NULL;
	error = &errors->items[errors->count++];
	*error = (struct config_error){ .file = report->file,
		.line = (unsigned int)line, .column = (unsigned int)column,
		.path = TEXT_EMPTY, .message = TEXT_EMPTY };
	return error;
}

static void message_set(struct config_report *report,
	struct config_error *error, const char *format, va_list args)
	PRINTF_LIKE(3, 0);

static void
message_set(struct config_report *report, struct config_error *error,
	const char *format, va_list args)
{
	struct buffer words;

	buffer_init(&words, MESSAGE_MAX);
	if (buffer_vprintf(&words, format, args) != 0)
		error->message = TEXT("too long to tell");
	else
		error->message = arena_printf(report->arena, "%.*s",
		    TEXT_ARG(buffer_text(&words)));
	buffer_clear(&words);
}

static void
path_set(struct config_report *report, struct config_error *error,
	const struct config_node *node, const char *name)
{
	struct buffer path;
	int rc;

	buffer_init(&path, PATH_MAX_BYTES);
	rc = config_node_print_path(node, &path);
	if (rc == 0 && name != NULL)
		rc = buffer_printf(&path, "%s%s",
		    buffer_len(&path) > 0 ? "." : "", name);
	if (rc == 0)
		error->path = arena_printf(report->arena, "%.*s",
		    TEXT_ARG(buffer_text(&path)));
	buffer_clear(&path);
}

void
config_report_place(struct config_report *report, size_t line, size_t column,
	const char *format, ...)
{
	struct config_error *error = error_new(report, line, column);
	va_list args;

	if (error == NULL)
		return;
	va_start(args, format);
	message_set(report, error, format, args);
	va_end(args);
}

void
config_report_node(struct config_report *report,
	const struct config_node *node, const char *format, ...)
{
	struct config_error *error = error_new(report, node->line,
	    node->column);
	va_list args;

	if (error == NULL)
		return;
	path_set(report, error, node, NULL);
	va_start(args, format);
	message_set(report, error, format, args);
	va_end(args);
}

void
config_report_key(struct config_report *report,
	const struct config_node *node, const char *format, ...)
{
	struct config_error *error = error_new(report, node->key_line,
	    node->key_column);
	va_list args;

	if (error == NULL)
		return;
	path_set(report, error, node, NULL);
	va_start(args, format);
	message_set(report, error, format, args);
	va_end(args);
}

void
config_report_missing(struct config_report *report,
	const struct config_node *node, const char *name,
	const char *format, ...)
{
	struct config_error *error = error_new(report, node->line,
	    node->column);
	va_list args;

	if (error == NULL)
		return;
	path_set(report, error, node, name);
	va_start(args, format);
	message_set(report, error, format, args);
	va_end(args);
}

void
config_report_path(struct config_report *report, struct text path,
	const char *format, ...)
{
	struct config_error *error = error_new(report, 0, 0);
	const struct config_node *node;
	bool whole;
	va_list args;

	if (error == NULL)
		return;
	if (report->root != NULL) {
		node = config_node_at(report->root, path, &whole);
		error->line = node->line;
		error->column = node->column;
	}
	error->path = path;
	va_start(args, format);
	message_set(report, error, format, args);
	va_end(args);
}

void
config_report_file(struct config_report *report, struct text file,
	size_t line, size_t column, struct text path, const char *format, ...)
{
	struct config_error *error = error_new(report, line, column);
	va_list args;

	if (error == NULL)
		return;
	error->file = file;
	error->path = path;
	va_start(args, format);
	message_set(report, error, format, args);
	va_end(args);
}

struct text
config_report_quote(struct config_report *report, struct text t)
{
	struct text out = TEXT_EMPTY;
	struct buffer words;

	buffer_init(&words, MESSAGE_MAX);
	if (config_quote(t, &words) == 0)
		out = arena_printf(report->arena, "%.*s",
		    TEXT_ARG(buffer_text(&words)));
	buffer_clear(&words);
	return out;
}

static int
error_print(const struct config_error *error, struct buffer *out)
{
	int rc = buffer_add_text(out, error->file);

	if (rc == 0 && error->line > 0)
		rc = buffer_printf(out, ":%u:%u", error->line, error->column);
	if (rc == 0)
		rc = buffer_printf(out, ": ");
	if (rc == 0 && !text_is_empty(error->path))
		rc = buffer_printf(out, "%.*s: ", TEXT_ARG(error->path));
	if (rc == 0)
		rc = buffer_printf(out, "%.*s\n", TEXT_ARG(error->message));
	return rc;
}

int
config_errors_print(const struct config_errors *errors, struct buffer *out)
{
	size_t i, before = buffer_len(out);
	int rc = 0;

	for (i = 0; i < errors->count && rc == 0; i++)
		rc = error_print(&errors->items[i], out);
	if (rc != 0)
		buffer_truncate(out, before);
	return rc;
}
