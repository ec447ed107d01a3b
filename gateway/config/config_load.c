/*
 * From a YAML file to a checked struct config: read, parse, fill, read the
 * files that it names, check.
 */
#include "gateway/config/config_load.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/config_check.h"
#include "gateway/config/config_files.h"
#include "gateway/config/config_fill.h"
#include "gateway/config/config_report.h"
#include "gateway/config/config_yaml.h"

static config_load_check further_check;

void
config_load_set_check(config_load_check check)
{
	further_check = check;
}

/* The part of a path before its last slash; empty where there is none. */
static struct text
directory_of(struct text path)
{
	size_t end = path.len;

	while (end > 0 && path.data[end - 1] != '/')
		end--;
	return text_slice(path, 0, end > 1 ? end - 1 : end);
}

static int
steps_run(struct text yaml, struct text directory, struct arena *arena,
	struct config *out, struct config_report *report)
{
	struct config_node *root = NULL;
	int rc;

	rc = config_yaml_parse(yaml, report, &root);
	if (rc != 0)
		return rc;
	report->root = root;
	rc = config_fill(root, directory, arena, report, out);
	if (rc == 0)
		rc = config_files_read(out, arena, report);
	if (rc == 0)
		rc = config_check(out, report);
	if (rc == 0 && further_check != NULL)
		rc = further_check(out, report);
	return rc;
}

static int
load(struct text yaml, struct text name, struct text directory,
	struct arena *arena, struct config *out, struct config_errors *errors)
{
	struct config_report report = { .arena = arena, .errors = errors,
		.file = name };
	int rc;

	rc = steps_run(yaml, directory, arena, out, &report);
	if (rc != 0 && errors->count == 0)
		config_report_place(&report, 0, 0, "the file needs more "
		    "memory than a configuration may have");
	if (rc != 0)
		*out = (struct config){ .hostname = TEXT_EMPTY };
	return rc;
}

int
config_load_text(struct text yaml, struct text name, struct arena *arena,
	struct config *out, struct config_errors *errors)
{
	*errors = (struct config_errors){ .count = 0 };
	return load(yaml, name, directory_of(name), arena, out, errors);
}

/* The folder of the file as an absolute path, in the arena. */
static int
directory_resolve(const char *path, struct arena *arena, struct text *out)
{
	struct text directory = directory_of(text_from(path));
	char name[PATH_MAX];
	char *whole;
	int rc;

	if (text_is_empty(directory))
		directory = TEXT(".");
	rc = text_to_string(directory, name, sizeof(name));
	if (rc != 0)
		return rc;
	whole = realpath(name, NULL);
	if (whole == NULL)
		return ERROR_SYSTEM;
	rc = arena_copy(arena, text_from(whole), out);
	free(whole);
	return rc;
}

int
config_load_file(const char *path, struct arena *arena, struct config *out,
	struct config_errors *errors)
{
	struct config_report report = { .arena = arena, .errors = errors,
		.file = text_from(path) };
	struct text yaml = TEXT_EMPTY, directory = TEXT_EMPTY;
	int rc;

	*errors = (struct config_errors){ .count = 0 };
	*out = (struct config){ .hostname = TEXT_EMPTY };
	rc = config_files_read_one(path, CONFIG_YAML_SIZE_MAX, arena, &yaml);
	if (rc == 0)
		rc = directory_resolve(path, arena, &directory);
	if (rc != 0) {
		config_report_place(&report, 0, 0, "cannot be read: %s",
		    config_files_problem(rc));
		return rc;
	}
	return load(yaml, report.file, directory, arena, out, errors);
}
