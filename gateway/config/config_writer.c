/*
 * Writing YAML (block style) and JSON.
 */
#include "gateway/config/config_writer.h"

#include <inttypes.h>
#include <string.h>

static void put(struct config_writer *writer, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void
put(struct config_writer *writer, const char *format, ...)
{
	va_list args;

	if (writer->error != 0)
		return;
	va_start(args, format);
	writer->error = buffer_vprintf(writer->out, format, args);
	va_end(args);
}

void
config_writer_init(struct config_writer *writer, struct buffer *out,
	bool as_json)
{
	*writer = (struct config_writer){ .out = out, .as_json = as_json };
}

int
config_writer_finish(struct config_writer *writer)
{
	require(writer->error != 0 || writer->depth == 0);
	return writer->error;
}

/* At the start of a line, for what stands in the innermost container. */
static void
indent(struct config_writer *writer, size_t depth)
{
	put(writer, "%*s", (int)(2 * depth), "");
}

static void
json_separate(struct config_writer *writer)
{
	put(writer, writer->is_empty[writer->depth - 1] ? "\n" : ",\n");
	writer->is_empty[writer->depth - 1] = false;
	indent(writer, writer->depth);
}

/* Between a key or dash and its value. */
static void
value_begin(struct config_writer *writer)
{
	if (!writer->as_json && writer->behind_key)
		put(writer, " ");
	writer->behind_key = false;
	writer->behind_dash = false;
}

static void
value_end(struct config_writer *writer)
{
	if (!writer->as_json || writer->depth == 0)
		put(writer, "\n");
}

static void
container_open(struct config_writer *writer, bool is_map, size_t count)
{
	require(writer->depth < CONFIG_WRITER_DEPTH_MAX);
	writer->is_map[writer->depth] = is_map;
	writer->is_empty[writer->depth] = true;
	if (writer->as_json) {
		put(writer, is_map ? "{" : "[");
	} else if (count == 0) {
		value_begin(writer);
		put(writer, is_map ? "{}\n" : "[]\n");
	} else if (writer->behind_key) {
		put(writer, "\n");
	}
	writer->behind_key = false;
	writer->depth++;
}

void
config_writer_open_map(struct config_writer *writer, size_t count)
{
	container_open(writer, true, count);
}

void
config_writer_open_list(struct config_writer *writer, size_t count)
{
	container_open(writer, false, count);
}

void
config_writer_close(struct config_writer *writer)
{
	require(writer->depth > 0);
	writer->depth--;
	if (!writer->as_json)
		return;
	if (!writer->is_empty[writer->depth]) {
		put(writer, "\n");
		indent(writer, writer->depth);
	}
	put(writer, writer->is_map[writer->depth] ? "}" : "]");
	value_end(writer);
}

/* In quotes that JSON and YAML both read alike. */
static void
quoted(struct config_writer *writer, struct text value)
{
	size_t i;

	put(writer, "\"");
	for (i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c == '\n' || c == '\t')
			put(writer, c == '\n' ? "\\n" : "\\t");
		else
			put(writer, c == '"' || c == '\\' ? "\\%c" : "%c",
			    c);
	}
	put(writer, "\"");
}

/*
 * Texts that every YAML reader takes for a text without quotes: other
 * readers, unlike ours, see a boolean in "no" and a number in "1e3".
 */
static bool
is_plain(struct text value)
{
	static const char *const words[] = { "true", "false", "yes", "no",
		"on", "off", "null", "y", "n" };
	size_t i;

	if (text_is_empty(value) || (!text_is_alpha(value.data[0]) &&
	    value.data[0] != '/'))
		return false;
	for (i = 0; i < value.len; i++)
		if (!text_is_alnum(value.data[i]) &&
		    memchr("-_./@", value.data[i], 5) == NULL)
			return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_equal_nocase(value, text_from(words[i])))
			return false;
	return true;
}

void
config_writer_key(struct config_writer *writer, struct text key)
{
	require(writer->depth > 0);
	if (writer->as_json)
		json_separate(writer);
	else if (!writer->behind_dash)
		indent(writer, writer->depth - 1);
	writer->behind_dash = false;
	if (writer->as_json || !is_plain(key))
		quoted(writer, key);
	else
		put(writer, "%.*s", TEXT_ARG(key));
	put(writer, writer->as_json ? ": " : ":");
	writer->behind_key = true;
}

void
config_writer_item(struct config_writer *writer)
{
	require(writer->depth > 0);
	if (writer->as_json) {
		json_separate(writer);
		return;
	}
	indent(writer, writer->depth - 1);
	put(writer, "- ");
	writer->behind_dash = true;
}

void
config_writer_text(struct config_writer *writer, struct text value)
{
	value_begin(writer);
	if (writer->as_json || !is_plain(value))
		quoted(writer, value);
	else
		put(writer, "%.*s", TEXT_ARG(value));
	value_end(writer);
}

void
config_writer_word(struct config_writer *writer, struct text value)
{
	value_begin(writer);
	put(writer, writer->as_json ? "\"%.*s\"" : "%.*s", TEXT_ARG(value));
	value_end(writer);
}

void
config_writer_bare(struct config_writer *writer, struct text value)
{
	value_begin(writer);
	put(writer, "%.*s", TEXT_ARG(value));
	value_end(writer);
}

void
config_writer_number(struct config_writer *writer, uint64_t value)
{
	value_begin(writer);
	put(writer, "%" PRIu64, value);
	value_end(writer);
}

void
config_writer_named(struct config_writer *writer, const char *key)
{
	config_writer_key(writer, text_from(key));
}

void
config_writer_pair(struct config_writer *writer, const char *key,
	const char *value)
{
	config_writer_named(writer, key);
	config_writer_text(writer, text_from(value));
}
