/*
 * The schema as JSON Schema (draft 2020-12).
 */
#include "gateway/config/config_load.h"

#include "gateway/config/config_schema.h"
#include "gateway/config/config_type.h"
#include "gateway/config/config_writer.h"

#define EFFECT_KEY "x-postern-effect"

static const char *const effects[CONFIG_EFFECT_COUNT] = {
	[CONFIG_EFFECT_LIVE] = "live",
	[CONFIG_EFFECT_RELOAD] = "reload",
	[CONFIG_EFFECT_RESTART] = "restart",
};

static void section_print(struct config_writer *writer,
	const struct config_section *section, const char *help);

static void
number_pair(struct config_writer *writer, const char *key, uint64_t number)
{
	config_writer_named(writer, key);
	config_writer_number(writer, number);
}

static void
bare_pair(struct config_writer *writer, const char *key, const char *value)
{
	config_writer_named(writer, key);
	config_writer_bare(writer, text_from(value));
}

static void
words_print(struct config_writer *writer, const struct config_row *row)
{
	const struct config_word *word;

	config_writer_named(writer, "enum");
	config_writer_open_list(writer, 1);
	for (word = row->words; word->name != NULL; word++) {
		config_writer_item(writer);
		config_writer_text(writer, text_from(word->name));
	}
	config_writer_close(writer);
}

/* A bare 0 is a number to other readers of YAML. */
static void
unit_print(struct config_writer *writer, const struct config_row *row)
{
	if (row->least > 0) {
		config_writer_pair(writer, "type", "string");
		return;
	}
	config_writer_named(writer, "type");
	config_writer_open_list(writer, 2);
	config_writer_item(writer);
	config_writer_text(writer, TEXT("string"));
	config_writer_item(writer);
	config_writer_text(writer, TEXT("integer"));
	config_writer_close(writer);
	number_pair(writer, "maximum", 0);
	number_pair(writer, "minimum", 0);
}

static void
limits_print(struct config_writer *writer, const struct config_row *row)
{
	const char *pattern = config_kind_pattern(row->kind);

	if (row->kind == CONFIG_KIND_NUMBER) {
		number_pair(writer, "minimum", row->least);
		number_pair(writer, "maximum", row->most);
	}
	if (row->kind == CONFIG_KIND_ENUM)
		words_print(writer, row);
	if (config_kind_is_text(row->kind))
		number_pair(writer, "maxLength", config_row_text_max(row));
	/* A value may be empty where its default is. */
	if (pattern != NULL && (row->fallback == NULL ||
	    row->fallback[0] != '\0'))
		config_writer_pair(writer, "pattern", pattern);
}

/* The type of one value. */
static void
value_print(struct config_writer *writer, const struct config_row *row)
{
	if (row->kind == CONFIG_KIND_SIZE || row->kind == CONFIG_KIND_DURATION)
		unit_print(writer, row);
	else if (row->kind == CONFIG_KIND_BOOLEAN)
		config_writer_pair(writer, "type", "boolean");
	else if (row->kind == CONFIG_KIND_NUMBER)
		config_writer_pair(writer, "type", "integer");
	else
		config_writer_pair(writer, "type", "string");
	limits_print(writer, row);
}

static void
items_print(struct config_writer *writer, const struct config_row *row)
{
	config_writer_pair(writer, "type", "array");
	number_pair(writer, "minItems", row->least);
	number_pair(writer, "maxItems", row->most);
	config_writer_named(writer, "items");
	if (row->section != NULL) {
		section_print(writer, row->section, row->section->help);
		return;
	}
	config_writer_open_map(writer, 1);
	value_print(writer, row);
	config_writer_close(writer);
}

static void
map_print(struct config_writer *writer, const struct config_row *row)
{
	config_writer_pair(writer, "type", "object");
	number_pair(writer, "minProperties", row->least);
	number_pair(writer, "maxProperties", row->most);
	config_writer_named(writer, "propertyNames");
	config_writer_open_map(writer, 2);
	config_writer_pair(writer, "pattern",
	    config_kind_pattern(CONFIG_KIND_NAME));
	number_pair(writer, "maxLength", CONFIG_NAME_MAX);
	config_writer_close(writer);
	config_writer_named(writer, "additionalProperties");
	section_print(writer, row->section, row->section->help);
}

static void
default_print(struct config_writer *writer, const struct config_row *row)
{
	if (row->fallback == NULL)
		return;
	if (row->kind == CONFIG_KIND_NUMBER ||
	    row->kind == CONFIG_KIND_BOOLEAN)
		bare_pair(writer, "default", row->fallback);
	else
		config_writer_pair(writer, "default", row->fallback);
}

static void
row_print(struct config_writer *writer, const struct config_row *row)
{
	config_writer_named(writer, row->name);
	if (row->kind == CONFIG_KIND_SECTION) {
		section_print(writer, row->section, row->help);
		return;
	}
	config_writer_open_map(writer, 1);
	config_writer_pair(writer, "description", row->help);
	if (row->kind == CONFIG_KIND_MAP)
		map_print(writer, row);
	else if (row->is_list || row->kind == CONFIG_KIND_SECTIONS)
		items_print(writer, row);
	else
		value_print(writer, row);
	default_print(writer, row);
	config_writer_pair(writer, EFFECT_KEY, effects[row->effect]);
	config_writer_close(writer);
}

static void
required_print(struct config_writer *writer,
	const struct config_section *section)
{
	size_t i;

	config_writer_named(writer, "required");
	config_writer_open_list(writer, section->count);
	for (i = 0; i < section->count; i++)
		if (section->rows[i].is_required) {
			config_writer_item(writer);
			config_writer_text(writer,
			    text_from(section->rows[i].name));
		}
	config_writer_close(writer);
}

static void
members_print(struct config_writer *writer,
	const struct config_section *section)
{
	size_t i;

	config_writer_pair(writer, "type", "object");
	bare_pair(writer, "additionalProperties", "false");
	required_print(writer, section);
	config_writer_named(writer, "properties");
	config_writer_open_map(writer, section->count);
	for (i = 0; i < section->count; i++)
		row_print(writer, &section->rows[i]);
	config_writer_close(writer);
}

static void
section_print(struct config_writer *writer,
	const struct config_section *section, const char *help)
{
	config_writer_open_map(writer, 1);
	config_writer_pair(writer, "description", help);
	members_print(writer, section);
	config_writer_close(writer);
}

int
config_schema_print_json(struct buffer *out)
{
	size_t before = buffer_len(out);
	struct config_writer writer;
	int rc;

	config_writer_init(&writer, out, true);
	config_writer_open_map(&writer, 1);
	config_writer_pair(&writer, "$schema",
	    "https://json-schema.org/draft/2020-12/schema");
	config_writer_pair(&writer, "title", "postern.yaml");
	config_writer_pair(&writer, "description",
	    "The configuration of Postern.");
	members_print(&writer, &config_schema);
	config_writer_close(&writer);
	rc = config_writer_finish(&writer);
	if (rc != 0)
		buffer_truncate(out, before);
	return rc;
}
