/*
 * From the tree to the structs.  Goes down the schema, whose depth is
 * fixed, never down the tree.
 */
#include "gateway/config/config_fill.h"

#include <string.h>

#include "gateway/config/config_schema.h"
#include "gateway/config/config_suggest.h"
#include "gateway/config/config_type.h"

#define EXPECT_MAX 1024

struct config_fill {
	struct config_report *report;
	struct arena *arena;
	struct text directory;
};

typedef int fill_step(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base);

static int section_fill(struct config_fill *fill,
	const struct config_section *section, const struct config_node *node,
	char *base);

static int
wrong_kind(struct config_fill *fill, const struct config_node *node,
	const char *expected)
{
	static const char *const found[] = {
		[CONFIG_NODE_SCALAR] = "a single value",
		[CONFIG_NODE_LIST] = "a list",
		[CONFIG_NODE_MAP] = "settings by name",
	};

	config_report_node(fill->report, node, "expected %s, not %s",
	    expected, found[node->kind]);
	return 0;
}

static void
wrong_value(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node)
{
	struct config_report *report = fill->report;
	struct config_suggest suggest;
	const struct config_word *word;
	struct buffer expected;

	config_suggest_init(&suggest, node->value);
	for (word = row->words; word != NULL && word->name != NULL; word++)
		config_suggest_offer(&suggest, text_from(word->name));
	buffer_init(&expected, EXPECT_MAX);
	if (config_value_expect(row, &expected) != 0)
		buffer_truncate(&expected, 0);
	if (node->is_absent)
		config_report_node(report, node,
		    "the value is missing; expected %.*s",
		    TEXT_ARG(buffer_text(&expected)));
	else
		config_report_node(report, node,
		    "expected %.*s, not \"%.*s\"%s%.*s%s",
		    TEXT_ARG(buffer_text(&expected)),
		    TEXT_ARG(config_report_quote(report, node->value)),
		    text_is_empty(suggest.best) ? "" : "; did you mean ",
		    TEXT_ARG(suggest.best),
		    text_is_empty(suggest.best) ? "" : "?");
	buffer_clear(&expected);
}

/* Paths stand on the folder of the file, so that none depends on ours. */
static int
path_resolve(struct config_fill *fill, const struct config_node *node,
	struct text *path)
{
	if (text_is_empty(*path) || path->data[0] == '/' ||
	    text_is_empty(fill->directory))
		return 0;
	if (fill->directory.len + path->len + 1 > CONFIG_FILE_MAX) {
		config_report_node(fill->report, node,
		    "the path is longer than %d bytes", CONFIG_FILE_MAX);
		return 0;
	}
	*path = arena_printf(fill->arena, "%.*s%s%.*s",
	    TEXT_ARG(fill->directory),
	    fill->directory.data[fill->directory.len - 1] == '/' ? "" : "/",
	    TEXT_ARG(*path));
	return 0;
}

static int
value_read(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, struct config_value *value)
{
	if (node->kind != CONFIG_NODE_SCALAR) {
		*value = (struct config_value){ .text = TEXT_EMPTY };
		return wrong_kind(fill, node, config_kind_title(row->kind));
	}
	if (node->is_absent || config_value_parse(row, node->value, value)) {
		*value = (struct config_value){ .text = TEXT_EMPTY };
		wrong_value(fill, row, node);
		return 0;
	}
	if (row->kind == CONFIG_KIND_FILE)
		return path_resolve(fill, node, &value->text);
	return 0;
}

static int
scalar_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base)
{
	struct config_value value;
	int rc = value_read(fill, row, node, &value);

	if (rc != 0)
		return rc;
	if (config_kind_is_text(row->kind))
		*config_text_at(row, base) = value.text;
	else
		config_number_put(row, base, value.number);
	return 0;
}

/* Whether the number of children suits the row; an absent list has none. */
static bool
count_fits(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node)
{
	if (node->count >= row->least && node->count <= row->most)
		return true;
	if (node->count < row->least)
		config_report_node(fill->report, node,
		    "expected at least %u of them", (unsigned int)row->least);
	else
		config_report_node(fill->report, node,
		    "%zu of them; at most %u are allowed", node->count,
		    (unsigned int)row->most);
	return false;
}

/* An array for the children; NULL with *rc 0 where there is none. */
static void *
array_new(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, enum config_node_kind kind,
	size_t size, int *rc)
{
	void *array;

	*rc = 0;
	if (!node->is_absent && node->kind != kind) {
		*rc = wrong_kind(fill, node, kind == CONFIG_NODE_MAP ?
		    "settings by name" : row->is_list ?
		    "a list, such as [a, b]" : "a list of sections");
		return NULL;
	}
	if (!count_fits(fill, row, node) || node->count == 0)
		return NULL;
	array = arena_array(fill->arena, node->count, size);
	if (array == NULL)
		*rc = ERROR_LIMIT;
	return array;
}

static int
list_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base)
{
	const struct config_node *child;
	struct config_value value;
	struct text *array;
	int rc = 0;

	array = array_new(fill, row, node, CONFIG_NODE_LIST, sizeof(*array),
	    &rc);
	if (array == NULL)
		return rc;
	config_array_put(row, base, array, node->count);
	for (child = node->first; child != NULL && rc == 0;
	    child = child->next) {
		rc = value_read(fill, row, child, &value);
		*array++ = value.text;
	}
	return rc;
}

static void
name_take(struct config_fill *fill, const struct config_node *node,
	char *element)
{
	static const struct config_row row = { .name = "name",
		.kind = CONFIG_KIND_NAME, .is_required = true };
	struct config_value value;

	if (config_value_parse(&row, node->key, &value) != 0)
		config_report_key(fill->report, node, "expected a name of "
		    "letters, digits, \"-\" and \"_\", at most %d bytes",
		    CONFIG_NAME_MAX);
	memcpy(element, &node->key, sizeof(node->key));
}

static int
array_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base,
	enum config_node_kind kind)
{
	size_t size = row->section->shape->size;
	const struct config_node *child;
	char *array;
	int rc = 0;

	array = array_new(fill, row, node, kind, size, &rc);
	if (array == NULL)
		return rc;
	config_array_put(row, base, array, node->count);
	for (child = node->first; child != NULL && rc == 0;
	    child = child->next, array += size) {
		if (kind == CONFIG_NODE_MAP)
			name_take(fill, child, array);
		rc = section_fill(fill, row->section, child, array);
	}
	return rc;
}

static int
map_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base)
{
	return array_fill(fill, row, node, base, CONFIG_NODE_MAP);
}

static int
sections_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base)
{
	return array_fill(fill, row, node, base, CONFIG_NODE_LIST);
}

static int
one_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base)
{
	return section_fill(fill, row->section, node, base + row->offset);
}

static int
row_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base)
{
	static fill_step *const steps[CONFIG_KIND_COUNT] = {
		[CONFIG_KIND_SECTION] = one_fill,
		[CONFIG_KIND_MAP] = map_fill,
		[CONFIG_KIND_SECTIONS] = sections_fill,
	};
	fill_step *step = steps[row->kind];

	if (step == NULL)
		step = row->is_list ? list_fill : scalar_fill;
	return step(fill, row, node, base);
}

static void
unknown_key(struct config_fill *fill, const struct config_section *section,
	const struct config_node *node)
{
	struct config_suggest suggest;
	const char *needs = NULL;
	size_t i;

	if (section == &config_schema)
		needs = config_schema_needs(node->key);
	if (needs != NULL) {
		config_report_key(fill->report, node,
		    "needs %s, which is not built yet", needs);
		return;
	}
	config_suggest_init(&suggest, node->key);
	for (i = 0; i < section->count; i++)
		config_suggest_offer(&suggest,
		    text_from(section->rows[i].name));
	config_report_key(fill->report, node, "unknown setting%s%.*s%s",
	    text_is_empty(suggest.best) ? "" : "; did you mean ",
	    TEXT_ARG(suggest.best), text_is_empty(suggest.best) ? "" : "?");
}

/* A setting that is not in the file: its default, told as a scalar. */
static int
default_fill(struct config_fill *fill, const struct config_row *row,
	const struct config_node *node, char *base)
{
	struct config_node missing = { .kind = CONFIG_NODE_SCALAR,
		.is_absent = true, .line = node->line,
		.column = node->column };

	if (row->is_required) {
		config_report_missing(fill->report, node, row->name,
		    "the setting is missing");
		return 0;
	}
	if (row->kind == CONFIG_KIND_SECTION)
		return one_fill(fill, row, &missing, base);
	if (row->fallback == NULL)
		return 0;
	missing.value = text_from(row->fallback);
	missing.is_absent = false;
	return scalar_fill(fill, row, &missing, base);
}

static int
section_fill(struct config_fill *fill, const struct config_section *section,
	const struct config_node *node, char *base)
{
	const struct config_node *child;
	const struct config_row *row;
	uint64_t seen = 0;
	size_t i;
	int rc = 0;

	require(section->count <= CONFIG_SECTION_ROWS_MAX);
	if (!node->is_absent && node->kind != CONFIG_NODE_MAP)
		return wrong_kind(fill, node, "settings by name");
	for (child = node->first; child != NULL && rc == 0;
	    child = child->next) {
		row = config_section_find(section, child->key);
		if (row == NULL) {
			unknown_key(fill, section, child);
			continue;
		}
		seen |= UINT64_C(1) << (row - section->rows);
		rc = row_fill(fill, row, child, base);
	}
	for (i = 0; i < section->count && rc == 0; i++)
		if ((seen & UINT64_C(1) << i) == 0)
			rc = default_fill(fill, &section->rows[i], node, base);
	return rc;
}

/*
 * A list with one element more at its end, filled with defaults.  NULL
 * where the list is full, which is reported, or the arena.
 */
static void *
element_add(struct config_fill *fill, const char *name,
	struct config *config, int *rc)
{
	static const struct config_node nothing = {
		.kind = CONFIG_NODE_MAP, .is_absent = true };
	const struct config_row *row = config_section_find(&config_schema,
	    text_from(name));
	size_t size = row->section->shape->size, count, i;
	const void *old = config_array_get(row, config, &count);
	char *array;

	if (count == row->most) {
		config_report_path(fill->report, text_from(name),
		    "no room for the default entry");
		return NULL;
	}
	array = arena_array(fill->arena, count + 1, size);
	*rc = array == NULL ? ERROR_LIMIT : 0;
	if (array == NULL)
		return NULL;
	if (count > 0)
		memcpy(array, old, count * size);
	config_array_put(row, config, array, count + 1);
	array += count * size;
	for (i = 0; i < row->section->count && *rc == 0; i++)
		if (!row->section->rows[i].is_required)
			*rc = default_fill(fill, &row->section->rows[i],
			    &nothing, array);
	return array;
}

static bool
destination_is_last(const struct config_destination *destination)
{
	size_t i;

	for (i = 0; i < destination->domain_count; i++)
		if (text_equal(destination->domains[i], TEXT("all")))
			return true;
	return false;
}

static int
destination_add(struct config_fill *fill, struct config *config)
{
	static struct text all = TEXT_INIT("all");
	struct config_destination *destination;
	size_t i;
	int rc = 0;

	for (i = 0; i < config->destination_count; i++)
		if (destination_is_last(&config->destinations[i]))
			return 0;
	destination = element_add(fill, "destinations", config, &rc);
	if (destination == NULL)
		return rc;
	destination->domains = &all;
	destination->domain_count = 1;
	return rc;
}

static int
profile_add(struct config_fill *fill, struct config *config)
{
	struct config_bounce_profile *profile;
	int rc = 0;

	if (config_bounce_profile_find(config, TEXT("default")) != NULL)
		return 0;
	profile = element_add(fill, "bounce_profiles", config, &rc);
	if (profile != NULL)
		profile->name = TEXT("default");
	return rc;
}

int
config_fill(const struct config_node *root, struct text directory,
	struct arena *arena, struct config_report *report, struct config *out)
{
	struct config_fill fill = { .report = report, .arena = arena,
		.directory = directory };
	int rc;

	*out = (struct config){ .hostname = TEXT_EMPTY };
	rc = section_fill(&fill, &config_schema, root, (char *)out);
	if (rc == 0)
		rc = destination_add(&fill, out);
	if (rc == 0)
		rc = profile_add(&fill, out);
	if (rc == 0 && report->errors->count > 0)
		rc = ERROR_MALFORMED;
	return rc;
}

int
config_fill_section(const struct config_section *section,
	const struct config_node *root, struct text directory,
	struct arena *arena, struct config_report *report, void *out)
{
	struct config_fill fill = { .report = report, .arena = arena,
		.directory = directory };
	int rc;

	memset(out, 0, section->shape->size);
	rc = section_fill(&fill, section, root, out);
	return rc == 0 && report->errors->count > 0 ? ERROR_MALFORMED : rc;
}
