/*
 * Text resources: texts of the configuration with their variables filled in.
 */
#ifndef POLICY_TEXT_RESOURCE_H
#define POLICY_TEXT_RESOURCE_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/config/config.h"
#include "gateway/config/config_report.h"
#include "policy/filter_judge.h"

/* Bytes of one with its variables filled in. */
#define TEXT_RESOURCE_EXPANDED_MAX ((size_t)1024 * 1024)

/*
 * Report every name in them that looks like a variable and is none, with its
 * path ("text_resources.NAME.text").  ERROR_MALFORMED when something was
 * reported.
 */
int text_resource_check(const struct config *config,
	struct config_report *report) MUST_CHECK;

/*
 * Append it, with lines that end in CRLF, the last one too.  As HTML it is
 * the resource's own, or made from its text.  What a variable holds is one
 * line of data, escaped in HTML.  ERROR_LIMIT: out is full.
 */
int text_resource_expand(struct filter_judge *judge,
	const struct config_text_resource *resource, bool want_html,
	struct buffer *out) MUST_CHECK;

#endif
