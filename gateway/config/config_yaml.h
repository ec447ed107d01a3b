/*
 * From YAML to a tree, by libyaml's event parser (the only place that
 * includes it).
 *
 * A narrow YAML: UTF-8, one document, no anchors, aliases, tags or merge
 * keys, no tab in the indentation, keys are scalars and occur once.
 */
#ifndef GATEWAY_CONFIG_CONFIG_YAML_H
#define GATEWAY_CONFIG_CONFIG_YAML_H

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config_node.h"
#include "gateway/config/config_report.h"

#define CONFIG_YAML_SIZE_MAX (16u * 1024u * 1024u)
#define CONFIG_YAML_DEPTH_MAX 32
#define CONFIG_YAML_NODES_MAX 500000

/*
 * The tree, in the report's arena, or an error that has been reported:
 * ERROR_MALFORMED, ERROR_LIMIT.
 */
int config_yaml_parse(struct text yaml, struct config_report *report,
	struct config_node **root) MUST_CHECK;

#endif
