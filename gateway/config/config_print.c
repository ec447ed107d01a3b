/*
 * The configuration as YAML and JSON, whole or by path, from the schema.
 */
#include "gateway/config/config_load.h"

#include "gateway/config/config_node.h"
#include "gateway/config/config_schema.h"
#include "gateway/config/config_type.h"
#include "gateway/config/config_writer.h"

#define WORD_MAX 64

/* Where a path has led to. */
struct config_place {
	const struct config_row *row;
	const char *base;		/* the struct with the row's member */
	const struct config_section *section;	/* set: an element of it */
	const char *element;
	const struct text *value;	/* set: an element of a list */
};

static void section_print(struct config_writer *writer,
	const struct config_section *section, const char *base);

static void
number_print(struct config_writer *writer, const struct config_row *row,
	const char *base)
{
	struct buffer word;
	int rc;

	buffer_init(&word, WORD_MAX);
	rc = config_number_print(row, config_number_get(row, base), &word);
	if (rc != 0)
		writer->error = rc;
	else if (row->kind == CONFIG_KIND_BOOLEAN ||
	    row->kind == CONFIG_KIND_NUMBER)
		config_writer_bare(writer, buffer_text(&word));
	else if (row->kind == CONFIG_KIND_ENUM)
		config_writer_text(writer, buffer_text(&word));
	else
		config_writer_word(writer, buffer_text(&word));
	buffer_clear(&word);
}

static void
list_print(struct config_writer *writer, const struct config_row *row,
	const char *base)
{
	size_t count, i;
	const struct text *array = config_array_get(row, base, &count);

	config_writer_open_list(writer, count);
	for (i = 0; i < count; i++) {
		config_writer_item(writer);
		config_writer_text(writer, array[i]);
	}
	config_writer_close(writer);
}

static void
array_print(struct config_writer *writer, const struct config_row *row,
	const char *base)
{
	size_t count, i, size = row->section->shape->size;
	const char *array = config_array_get(row, base, &count);
	bool is_map = row->kind == CONFIG_KIND_MAP;

	if (is_map)
		config_writer_open_map(writer, count);
	else
		config_writer_open_list(writer, count);
	for (i = 0; i < count; i++, array += size) {
		if (is_map)
			config_writer_key(writer,
			    *(const struct text *)(const void *)array);
		else
			config_writer_item(writer);
		section_print(writer, row->section, array);
	}
	config_writer_close(writer);
}

static void
row_print(struct config_writer *writer, const struct config_row *row,
	const char *base)
{
	if (row->kind == CONFIG_KIND_SECTION)
		section_print(writer, row->section, base + row->offset);
	else if (config_kind_is_struct(row->kind))
		array_print(writer, row, base);
	else if (row->is_list)
		list_print(writer, row, base);
	else if (config_kind_is_text(row->kind))
		config_writer_text(writer, *config_text_at(row, base));
	else
		number_print(writer, row, base);
}

static void
section_print(struct config_writer *writer,
	const struct config_section *section, const char *base)
{
	size_t i;

	config_writer_open_map(writer, section->count);
	for (i = 0; i < section->count; i++) {
		config_writer_key(writer, text_from(section->rows[i].name));
		row_print(writer, &section->rows[i], base);
	}
	config_writer_close(writer);
}

static int
config_print(const struct config *config, bool as_json, struct buffer *out)
{
	size_t before = buffer_len(out);
	struct config_writer writer;
	int rc;

	config_writer_init(&writer, out, as_json);
	section_print(&writer, &config_schema, (const char *)config);
	rc = config_writer_finish(&writer);
	if (rc != 0)
		buffer_truncate(out, before);
	return rc;
}

int
config_print_yaml(const struct config *config, struct buffer *out)
{
	return config_print(config, false, out);
}

int
config_print_json(const struct config *config, struct buffer *out)
{
	return config_print(config, true, out);
}

static int
element_enter(struct config_place *place,
	const struct config_path_piece *piece)
{
	const struct config_row *row = place->row;
	size_t count, i, size = row->section->shape->size;
	const char *array = config_array_get(row, place->base, &count);

	for (i = 0; i < count; i++, array += size) {
		const struct text *name =
		    (const struct text *)(const void *)array;

		if (row->kind == CONFIG_KIND_MAP ?
		    text_equal(*name, piece->name) :
		    i + 1 == piece->number) {
			place->section = row->section;
			place->element = array;
			return 0;
		}
	}
	return ERROR_NOT_FOUND;
}

static int
value_enter(struct config_place *place, const struct config_path_piece *piece)
{
	size_t count;
	const struct text *array = config_array_get(place->row, place->base,
	    &count);

	if (piece->number < 1 || piece->number > count)
		return ERROR_NOT_FOUND;
	place->value = &array[piece->number - 1];
	return 0;
}

static int
row_enter(struct config_place *place, const struct config_path_piece *piece)
{
	const struct config_row *row = config_section_find(place->section,
	    piece->name);

	if (row == NULL)
		return ERROR_NOT_FOUND;
	place->row = row;
	place->base = place->element;
	place->section = NULL;
	if (row->kind == CONFIG_KIND_SECTION) {
		place->section = row->section;
		place->element = place->base + row->offset;
	}
	return 0;
}

static int
place_enter(struct config_place *place, const struct config_path_piece *piece)
{
	if (place->section != NULL)
		return row_enter(place, piece);
	if (place->value != NULL)
		return ERROR_NOT_FOUND;
	if (config_kind_is_struct(place->row->kind))
		return element_enter(place, piece);
	if (place->row->is_list)
		return value_enter(place, piece);
	return ERROR_NOT_FOUND;
}

static void
place_print(struct config_writer *writer, const struct config_place *place)
{
	if (place->section != NULL)
		section_print(writer, place->section, place->element);
	else if (place->value != NULL)
		config_writer_text(writer, *place->value);
	else
		row_print(writer, place->row, place->base);
}

int
config_print_path(const struct config *config, struct text path, int as_json,
	struct buffer *out)
{
	struct config_place place = { .section = &config_schema,
		.element = (const char *)config };
	size_t before = buffer_len(out);
	struct config_path_piece piece;
	struct config_writer writer;
	int rc = 0;

	while (rc == 0 && config_path_next(&path, &piece))
		rc = place_enter(&place, &piece);
	if (rc == 0 && !text_is_empty(path))
		rc = ERROR_NOT_FOUND;
	if (rc != 0)
		return rc;
	config_writer_init(&writer, out, as_json != 0);
	place_print(&writer, &place);
	rc = config_writer_finish(&writer);
	if (rc != 0)
		buffer_truncate(out, before);
	return rc;
}
