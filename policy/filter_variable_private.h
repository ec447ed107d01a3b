/*
 * The table of action variables.
 */
#ifndef POLICY_FILTER_VARIABLE_PRIVATE_H
#define POLICY_FILTER_VARIABLE_PRIVATE_H

#include "gateway/base/buffer.h"
#include "policy/filter_variable.h"

/* What one expansion may gather before it is cut. */
#define FILTER_VARIABLE_EXPANSION_MAX 65536

enum filter_variable_trait {
	FILTER_VARIABLE_PLAIN,
	FILTER_VARIABLE_ARGUMENT,	/* ['NAME'] stands behind it */
	FILTER_VARIABLE_HOST_NAME,	/* needs the client's verified name */
};

struct filter_variable_row {
	struct filter_variable shown;
	/* Append the value as it is.  argument: empty but for ARGUMENT. */
	int (*print)(struct filter_judge *judge, struct text argument,
		struct buffer *out);
	enum filter_variable_trait trait;
};

/* Walk the table; NULL at the end. */
const struct filter_variable_row *filter_variable_row_at(size_t index);

/* Append as much as there is room for.  ERROR_LIMIT. */
int filter_variable_add(struct buffer *out, struct text t) MUST_CHECK;

#endif
