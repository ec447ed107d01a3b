/*
 * The structs against the schema.
 */
#include "gateway/config/config_verify.h"

#include <string.h>

#include "gateway/base/buffer.h"
#include "gateway/config/config_schema.h"
#include "gateway/config/config_suggest.h"
#include "gateway/config/config_type.h"

#define PATH_MAX_BYTES 512
#define EXPECT_MAX 1024

struct config_verify {
	const struct config *config;
	struct config_report *report;
	struct buffer path;
};

static const struct {
	const char *path;	/* of the map that holds the targets */
	const char *title;
} targets[CONFIG_TARGET_COUNT] = {
	[CONFIG_TARGET_LISTENER] = { "listeners", "listener" },
	[CONFIG_TARGET_FLOW_POLICY] = { "mail_flow_policies",
	    "mail flow policy" },
	[CONFIG_TARGET_CERTIFICATE] = { "tls.certificates", "certificate" },
	[CONFIG_TARGET_BOUNCE_PROFILE] = { "bounce_profiles",
	    "bounce profile" },
};

static void section_verify(struct config_verify *verify,
	const struct config_section *section, const char *base);

/* Paths are bounded by the schema: they always fit. */
static void
path_add(struct config_verify *verify, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void
path_add(struct config_verify *verify, const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = buffer_vprintf(&verify->path, format, args);
	va_end(args);
	require(rc == 0);
}

static void
path_add_row(struct config_verify *verify, const struct config_row *row)
{
	path_add(verify, "%s%s", buffer_len(&verify->path) > 0 ? "." : "",
	    row->name);
}

static struct text
path_here(struct config_verify *verify)
{
	return arena_printf(verify->report->arena, "%.*s",
	    TEXT_ARG(buffer_text(&verify->path)));
}

static void
wrong_value(struct config_verify *verify, const struct config_row *row)
{
	struct buffer expected;

	buffer_init(&expected, EXPECT_MAX);
	if (config_value_expect(row, &expected) != 0)
		buffer_truncate(&expected, 0);
	config_report_path(verify->report, path_here(verify),
	    "expected %.*s", TEXT_ARG(buffer_text(&expected)));
	buffer_clear(&expected);
}

static void
number_verify(struct config_verify *verify, const struct config_row *row,
	const void *base)
{
	uint64_t number = config_number_get(row, base);
	struct config_value value;
	struct buffer printed;
	int rc;

	buffer_init(&printed, EXPECT_MAX);
	rc = config_number_print(row, number, &printed);
	if (rc == 0)
		rc = config_value_parse(row, buffer_text(&printed), &value);
	if (rc != 0 || value.number != number)
		wrong_value(verify, row);
	buffer_clear(&printed);
}

/* The array of a map by its path in the schema, one level at most. */
static const void *
target_array(const struct config *config, enum config_target target,
	const struct config_section **section, size_t *count)
{
	struct text rest = text_from(targets[target].path), part = TEXT_EMPTY;
	const struct config_section *here = &config_schema;
	const struct config_row *row = NULL;
	const char *base = (const char *)config;

	while (text_split(&rest, '.', &part)) {
		row = config_section_find(here, part);
		require(row != NULL);
		here = row->section;
		if (row->kind == CONFIG_KIND_SECTION)
			base += row->offset;
	}
	*section = here;
	return config_array_get(row, base, count);
}

static struct text
name_at(const struct config_section *section, const void *array, size_t i)
{
	struct text name;

	require(section->is_named);
	memcpy(&name, (const char *)array + i * section->shape->size,
	    sizeof(name));
	return name;
}

static void
target_verify(struct config_verify *verify, enum config_target target,
	struct text name)
{
	const struct config_section *section;
	struct config_suggest suggest;
	const void *array;
	size_t count, i;

	array = target_array(verify->config, target, &section, &count);
	config_suggest_init(&suggest, name);
	for (i = 0; i < count; i++) {
		if (text_equal(name_at(section, array, i), name))
			return;
		config_suggest_offer(&suggest, name_at(section, array, i));
	}
	config_report_path(verify->report, path_here(verify),
	    "there is no %s \"%.*s\" in %s%s%.*s%s", targets[target].title,
	    TEXT_ARG(config_report_quote(verify->report, name)),
	    targets[target].path,
	    text_is_empty(suggest.best) ? "" : "; did you mean ",
	    TEXT_ARG(suggest.best), text_is_empty(suggest.best) ? "" : "?");
}

static void
text_verify(struct config_verify *verify, const struct config_row *row,
	struct text value)
{
	struct config_value parsed;

	if (config_value_parse(row, value, &parsed) != 0)
		wrong_value(verify, row);
	else if (row->target != CONFIG_TARGET_NONE && !text_is_empty(value))
		target_verify(verify, row->target, value);
}

static void
list_verify(struct config_verify *verify, const struct config_row *row,
	const void *base)
{
	size_t count, i, before = buffer_len(&verify->path);
	const struct text *array = config_array_get(row, base, &count);

	if (count < row->least || count > row->most)
		config_report_path(verify->report, path_here(verify),
		    "%zu entries", count);
	for (i = 0; i < count; i++) {
		path_add(verify, "[%zu]", i + 1);
		text_verify(verify, row, array[i]);
		buffer_truncate(&verify->path, before);
	}
}

static void
names_verify(struct config_verify *verify, const struct config_row *row,
	const void *array, size_t count)
{
	size_t i, k;

	for (i = 1; i < count; i++) {
		struct text name = name_at(row->section, array, i);

		for (k = 0; k < i; k++)
			if (text_equal(name_at(row->section, array, k), name))
				break;
		if (k < i)
			config_report_path(verify->report,
			    config_report_path_of(verify->report,
			    "%.*s[%zu].name",
			    TEXT_ARG(buffer_text(&verify->path)), i + 1),
			    "the name \"%.*s\" is given twice, first to "
			    "entry %zu", TEXT_ARG(config_report_quote(
			    verify->report, name)), k + 1);
	}
}

static void
key_verify(struct config_verify *verify, struct text name)
{
	static const struct config_row row = { .name = "name",
		.kind = CONFIG_KIND_NAME, .is_required = true };

	text_verify(verify, &row, name);
}

static void
array_verify(struct config_verify *verify, const struct config_row *row,
	const void *base)
{
	size_t count, i, before = buffer_len(&verify->path);
	const char *array = config_array_get(row, base, &count);

	if (count < row->least || count > row->most)
		config_report_path(verify->report, path_here(verify),
		    "%zu entries", count);
	for (i = 0; i < count; i++) {
		if (row->kind == CONFIG_KIND_MAP) {
			struct text name = name_at(row->section, array, i);

			path_add(verify, ".%.*s", TEXT_ARG(text_slice(name, 0,
			    CONFIG_NAME_MAX)));
			key_verify(verify, name);
		} else {
			path_add(verify, "[%zu]", i + 1);
		}
		section_verify(verify, row->section,
		    array + i * row->section->shape->size);
		buffer_truncate(&verify->path, before);
	}
	if (row->section->is_named)
		names_verify(verify, row, array, count);
}

static void
row_verify(struct config_verify *verify, const struct config_row *row,
	const char *base)
{
	if (row->kind == CONFIG_KIND_SECTION)
		section_verify(verify, row->section, base + row->offset);
	else if (config_kind_is_struct(row->kind))
		array_verify(verify, row, base);
	else if (row->is_list)
		list_verify(verify, row, base);
	else if (config_kind_is_text(row->kind))
		text_verify(verify, row, *config_text_at(row, base));
	else
		number_verify(verify, row, base);
}

static void
section_verify(struct config_verify *verify,
	const struct config_section *section, const char *base)
{
	size_t i, before = buffer_len(&verify->path);

	for (i = 0; i < section->count; i++) {
		path_add_row(verify, &section->rows[i]);
		row_verify(verify, &section->rows[i], base);
		buffer_truncate(&verify->path, before);
	}
}

int
config_verify(const struct config *config, struct config_report *report)
{
	struct config_verify verify = { .config = config, .report = report };

	buffer_init(&verify.path, PATH_MAX_BYTES);
	section_verify(&verify, &config_schema, (const char *)config);
	buffer_clear(&verify.path);
	return report->errors->count > 0 ? ERROR_MALFORMED : 0;
}
