/*
 * The schema: every row is documented, has a default that it accepts, and
 * is carried by the snapshot; every field of the snapshot is a setting or
 * the content of a file; the JSON Schema is JSON and has every setting.
 */
#include "t/unit/config_fixture.h"

#include <string.h>

#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"
#include "gateway/config/config_type.h"

typedef void row_visit(const struct config_section *section,
	const struct config_row *row);

static void
each_row(const struct config_section *section, row_visit *visit)
{
	size_t i;

	assert_in_range(section->count, 1, CONFIG_SECTION_ROWS_MAX);
	for (i = 0; i < section->count; i++) {
		visit(section, &section->rows[i]);
		if (section->rows[i].section != NULL)
			each_row(section->rows[i].section, visit);
	}
}

static void
row_is_documented(const struct config_section *section,
	const struct config_row *row)
{
	size_t len = strlen(row->help);

	assert_true(strlen(section->help) > 10);
	if (len < 10 || row->help[len - 1] != '.' ||
	    row->help[0] < 'A' || row->help[0] > 'Z' ||
	    strchr(row->help, '\n') != NULL)
		fail_msg("%s has no sentence of help", row->name);
}

static void
every_row_is_documented(void **state)
{
	(void)state;
	each_row(&config_schema, row_is_documented);
}

static void
row_is_consistent(const struct config_section *section,
	const struct config_row *row)
{
	struct config_value value;

	assert_ptr_equal(config_section_find(section, text_from(row->name)),
	    row);
	assert_true(row->kind < CONFIG_KIND_COUNT);
	assert_true(row->effect < CONFIG_EFFECT_COUNT);
	assert_int_equal(config_kind_is_struct(row->kind),
	    row->section != NULL);
	assert_int_equal(row->kind == CONFIG_KIND_ENUM, row->words != NULL);
	assert_true(row->least <= row->most || row->most == 0);
	if (row->is_list || config_kind_is_struct(row->kind)) {
		assert_null(row->fallback);
		return;
	}
	if (row->is_required)
		assert_null(row->fallback);
	else if (row->fallback == NULL || config_value_parse(row,
	    text_from(row->fallback), &value) != 0)
		fail_msg("%s does not accept its default", row->name);
}

static void
every_row_accepts_its_default(void **state)
{
	(void)state;
	each_row(&config_schema, row_is_consistent);
}

static enum record_kind
record_kind_of(const struct config_row *row)
{
	static const enum record_kind by_width[] = { [1] = RECORD_U8,
		[2] = RECORD_U16, [4] = RECORD_U32, [8] = RECORD_U64 };

	if (row->kind == CONFIG_KIND_SECTION)
		return RECORD_ONE;
	if (config_kind_is_struct(row->kind))
		return RECORD_LIST;
	if (row->is_list)
		return RECORD_TEXTS;
	return config_kind_is_text(row->kind) ? RECORD_TEXT :
	    by_width[row->width];
}

static bool
limit_fits(const struct config_row *row, const struct record_field *field)
{
	if (row->is_list)
		return field->limit == row->most &&
		    config_row_text_max(row) <= RECORD_TEXTS_ITEM_MAX;
	if (field->kind == RECORD_LIST)
		return field->limit == row->most &&
		    field->shape == row->section->shape;
	if (field->kind == RECORD_TEXT)
		return field->limit == config_row_text_max(row);
	return field->kind != RECORD_ONE ||
	    field->shape == row->section->shape;
}

static void
row_is_carried(const struct config_section *section,
	const struct config_row *row)
{
	const struct record_shape *shape = section->shape;
	size_t i;

	/* A section whose members lie in the same struct has no field. */
	if (row->section != NULL && row->section->shape == shape)
		return;
	for (i = 0; i < shape->count; i++) {
		const struct record_field *field = &shape->fields[i];

		if (field->offset == row->offset &&
		    field->kind == record_kind_of(row) &&
		    field->count_offset == row->count_offset &&
		    limit_fits(row, field))
			return;
	}
	fail_msg("%s is not in %s, or with another limit", row->name,
	    shape->name);
}

static void
every_row_is_carried_by_the_snapshot(void **state)
{
	(void)state;
	each_row(&config_schema, row_is_carried);
}

static size_t fields_seen;

static void
count_fields(const struct config_section *section,
	const struct config_row *row)
{
	(void)row;
	(void)section;
	if (row->section == NULL || row->section->shape != section->shape)
		fields_seen++;
	/* The key of a map is a field without a row. */
	if (row->kind == CONFIG_KIND_MAP)
		fields_seen++;
}

static size_t
shape_fields(const struct record_shape *shape)
{
	size_t i, count = shape->count;

	for (i = 0; i < shape->count; i++) {
		if (i > 0)
			assert_true(shape->fields[i].tag >
			    shape->fields[i - 1].tag);
		if (shape->fields[i].shape != NULL)
			count += shape_fields(shape->fields[i].shape);
	}
	return count;
}

static void
every_field_of_the_snapshot_is_known(void **state)
{
	/* certificate_pem, trust_anchor, four of trust, filters,
	   file_text */
	const size_t contents = 8;

	(void)state;
	fields_seen = 0;
	each_row(&config_schema, count_fields);
	assert_int_equal(shape_fields(&config_shape),
	    fields_seen + contents);
}

static void
row_is_in_both(const struct config_section *section,
	const struct config_row *row)
{
	struct buffer json, manual, wanted;

	(void)section;
	buffer_init(&json, 1 << 20);
	buffer_init(&manual, 1 << 20);
	buffer_init(&wanted, 1024);
	assert_int_equal(config_schema_print_json(&json), 0);
	assert_int_equal(config_schema_print_manual(&manual), 0);
	assert_int_equal(buffer_printf(&wanted, "\"%s\": {", row->name), 0);
	assert_true(text_find(buffer_text(&json), buffer_text(&wanted)) <
	    buffer_len(&json));
	buffer_reset(&wanted);
	assert_int_equal(buffer_printf(&wanted, "\n.It Cm %s\n", row->name),
	    0);
	assert_true(text_find(buffer_text(&manual), buffer_text(&wanted)) <
	    buffer_len(&manual));
	buffer_clear(&json);
	buffer_clear(&manual);
	buffer_clear(&wanted);
}

static void
every_row_is_in_json_schema_and_manual(void **state)
{
	(void)state;
	each_row(&config_schema, row_is_in_both);
}

/* The next character behind a JSON text; -1 where it is none. */
static int
json_skip_string(const char *json, int at)
{
	for (at++; json[at] != '"'; at++) {
		if (json[at] == '\0' || json[at] == '\n')
			return -1;
		if (json[at] == '\\' && json[++at] == '\0')
			return -1;
	}
	return at + 1;
}

/* Brackets that match, commas and colons between values only. */
static bool
json_is_valid(const char *json)
{
	char open[64], before = '\0';
	size_t depth = 0;
	int at = 0;

	while (json[at] != '\0') {
		char c = json[at];

		if (c == ' ' || c == '\n') {
			at++;
			continue;
		}
		if (c == '}' || c == ']') {
			if (depth == 0 || before == ',' || before == ':' ||
			    open[--depth] != (c == '}' ? '{' : '['))
				return false;
			at++;
			before = 'v';
			continue;
		}
		if (c == ',' || c == ':') {
			if (before != 'v' || depth == 0)
				return false;
			at++;
			before = c;
			continue;
		}
		if (before == 'v')
			return false;
		if (c == '{' || c == '[') {
			if (depth == sizeof(open))
				return false;
			open[depth++] = c;
			before = c;
			at++;
			continue;
		}
		if (c == '"')
			at = json_skip_string(json, at);
		else
			at += (int)strspn(json + at, "0123456789truefals");
		if (at < 0 || (c != '"' && strchr("0123456789tf", c) == NULL))
			return false;
		before = 'v';
	}
	return depth == 0 && before == 'v';
}

static void
json_is_well_formed(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	struct buffer json;

	(void)state;
	buffer_init(&json, 1 << 22);
	assert_int_equal(config_schema_print_json(&json), 0);
	assert_int_equal(buffer_add_byte(&json, '\0'), 0);
	assert_true(json_is_valid(buffer_text(&json).data));
	buffer_reset(&json);
	assert_int_equal(config_print_json(&fixture->config, &json), 0);
	assert_int_equal(buffer_add_byte(&json, '\0'), 0);
	assert_true(json_is_valid(buffer_text(&json).data));
	assert_false(json_is_valid("{\"a\": 1,}"));
	assert_false(json_is_valid("{\"a\" 1}"));
	assert_false(json_is_valid("{\"a\": [1, 2}"));
	buffer_clear(&json);
	fixture_free(fixture);
}

static void
output_that_does_not_fit_leaves_nothing(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	struct buffer out;

	(void)state;
	buffer_init(&out, 500);
	assert_int_equal(config_schema_print_json(&out), ERROR_LIMIT);
	assert_int_equal(config_schema_print_manual(&out), ERROR_LIMIT);
	assert_int_equal(config_print_yaml(&fixture->config, &out),
	    ERROR_LIMIT);
	assert_int_equal(config_print_json(&fixture->config, &out),
	    ERROR_LIMIT);
	assert_int_equal(buffer_len(&out), 0);
	buffer_clear(&out);
	fixture_free(fixture);
}

static void
kept_names_are_no_settings(void **state)
{
	static const char *const kept[] = {
		"dlp",
		"smime", "scanners", "dkim", "users", "roles",
		"alerts", "monitoring" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		assert_non_null(config_schema_needs(text_from(kept[i])));
		assert_null(config_section_find(&config_schema,
		    text_from(kept[i])));
	}
	assert_null(config_schema_needs(TEXT("limits")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_documented),
		cmocka_unit_test(every_row_accepts_its_default),
		cmocka_unit_test(every_row_is_carried_by_the_snapshot),
		cmocka_unit_test(every_field_of_the_snapshot_is_known),
		cmocka_unit_test(every_row_is_in_json_schema_and_manual),
		cmocka_unit_test(json_is_well_formed),
		cmocka_unit_test(output_that_does_not_fit_leaves_nothing),
		cmocka_unit_test(kept_names_are_no_settings),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
