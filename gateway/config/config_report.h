/*
 * Errors with their place in the file.
 */
#ifndef GATEWAY_CONFIG_CONFIG_REPORT_H
#define GATEWAY_CONFIG_CONFIG_REPORT_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config_load.h"
#include "gateway/config/config_node.h"

struct config_report {
	struct arena *arena;		/* holds the words */
	struct config_errors *errors;
	struct text file;
	const struct config_node *root;	/* NULL: places are not known */
};

/* At a line and column of the file, both 0 where not known. */
void config_report_place(struct config_report *report, size_t line,
	size_t column, const char *format, ...) PRINTF_LIKE(4, 5);
/* At a node's value. */
void config_report_node(struct config_report *report,
	const struct config_node *node, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* At a node's key. */
void config_report_key(struct config_report *report,
	const struct config_node *node, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* At a setting that the node lacks. */
void config_report_missing(struct config_report *report,
	const struct config_node *node, const char *name,
	const char *format, ...) PRINTF_LIKE(4, 5);
/* At a path, on the line of what is nearest to it in the tree. */
void config_report_path(struct config_report *report, struct text path,
	const char *format, ...) PRINTF_LIKE(3, 4);

/* At a line and column of another file, which a setting names. */
void config_report_file(struct config_report *report, struct text file,
	size_t line, size_t column, struct text path, const char *format,
	...) PRINTF_LIKE(6, 7);

/* A path for config_report_path(), in the report's arena. */
#define config_report_path_of(report, ...) \
	arena_printf((report)->arena, __VA_ARGS__)
/* t as people may see it, in the report's arena. */
struct text config_report_quote(struct config_report *report, struct text t);

#endif
