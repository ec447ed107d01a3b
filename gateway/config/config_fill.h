/*
 * From the tree of a YAML file to the structs, by the schema: types,
 * ranges, defaults, unknown and missing settings.
 */
#ifndef GATEWAY_CONFIG_CONFIG_FILL_H
#define GATEWAY_CONFIG_CONFIG_FILL_H

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/config/config_node.h"
#include "gateway/config/config_report.h"
#include "gateway/config/config_schema.h"

/*
 * Fill in *out from the root; what is wrong is reported, all of it up to
 * CONFIG_ERRORS_MAX.
 *   arena      holds lists and paths; texts are borrowed from the tree
 *   directory  in front of relative paths; may be empty
 * ERROR_MALFORMED when something was reported, ERROR_LIMIT when the arena
 * is full.
 */
int config_fill(const struct config_node *root, struct text directory,
	struct arena *arena, struct config_report *report,
	struct config *out) MUST_CHECK;

/*
 * The same for a tree of another kind than the configuration, by its own
 * section; *out is as large as the section's shape says.
 */
int config_fill_section(const struct config_section *section,
	const struct config_node *root, struct text directory,
	struct arena *arena, struct config_report *report, void *out)
	MUST_CHECK;

#endif
