/*
 * Whole numbers, and numbers with a unit: sizes and durations.
 */
#ifndef GATEWAY_CONFIG_CONFIG_UNIT_H
#define GATEWAY_CONFIG_CONFIG_UNIT_H

#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct config_unit {
	const char *name;	/* NULL ends the table */
	uint64_t factor;	/* rising */
};

extern const struct config_unit config_size_units[];	/* to bytes */
extern const struct config_unit config_duration_units[];	/* to ms */

/* Digits without leading zeros: 0777 and 1e3 are no numbers here. */
int config_whole_parse(struct text t, uint64_t *out) MUST_CHECK;

/*
 * "50 MB", "50MB"; a bare number only where it is 0.  ERROR_MALFORMED,
 * ERROR_LIMIT past 64 bits.
 */
int config_unit_parse(const struct config_unit *units, struct text t,
	uint64_t *out) MUST_CHECK;
/* In the largest unit that divides the number; 0 is bare. */
int config_unit_print(const struct config_unit *units, uint64_t number,
	struct buffer *out) MUST_CHECK;

#endif
