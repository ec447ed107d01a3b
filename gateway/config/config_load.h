/*
 * From a YAML file to a checked struct config (used by admin and by
 * "postern config check").  All of it, typed and checked, or errors with
 * file, line, path and what was expected; never a part.
 */
#ifndef GATEWAY_CONFIG_CONFIG_LOAD_H
#define GATEWAY_CONFIG_CONFIG_LOAD_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/config/config.h"

#define CONFIG_ERRORS_MAX 50

/* Room in the arena for the largest file that is taken, and what it names. */
#define CONFIG_LOAD_ARENA_MAX ((size_t)256 * 1024 * 1024)

struct config_error {
	struct text file;
	unsigned int line;		/* 1 is the first; 0 unknown */
	unsigned int column;
	struct text path;		/* "listeners.public.port" */
	struct text message;		/* what is wrong, what was expected */
};

struct config_errors {
	struct config_error items[CONFIG_ERRORS_MAX];
	size_t count;			/* kept; further ones are not */
};

/*
 * Load and check.  On failure errors->count is above 0.  Texts live in the
 * arena.  Files that the tree names (certificates, trust, anchors) are read
 * and their content put in place; key files are only looked at for
 * existence, never opened.
 */
int config_load_file(const char *path, struct arena *arena,
	struct config *out, struct config_errors *errors) MUST_CHECK;
/* The same from memory; name stands for the file in errors. */
int config_load_text(struct text yaml, struct text name,
	struct arena *arena, struct config *out,
	struct config_errors *errors) MUST_CHECK;

/*
 * What else must hold, known to a floor above this one (filters): called
 * behind config_check() by each load that found nothing so far.  Set once at
 * start; ERROR_MALFORMED where it reported something.
 */
struct config_report;
typedef int (*config_load_check)(const struct config *config,
	struct config_report *report);
void config_load_set_check(config_load_check check);

/* "FILE:LINE:COLUMN: PATH: MESSAGE\n" for each. */
int config_errors_print(const struct config_errors *errors,
	struct buffer *out) MUST_CHECK;

/* The whole tree as YAML with every default filled in; no file contents. */
int config_print_yaml(const struct config *config, struct buffer *out)
	MUST_CHECK;
/* The same as JSON. */
int config_print_json(const struct config *config, struct buffer *out)
	MUST_CHECK;
/* One part of the tree, such as "limits.message_size"; ERROR_NOT_FOUND. */
int config_print_path(const struct config *config, struct text path,
	int as_json, struct buffer *out) MUST_CHECK;

/* From the schema: JSON Schema (2020-12) and postern.yaml(5) in mdoc. */
int config_schema_print_json(struct buffer *out) MUST_CHECK;
int config_schema_print_manual(struct buffer *out) MUST_CHECK;

#endif
