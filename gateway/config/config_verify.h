/*
 * Whether the structs hold what the schema allows, wherever they came from:
 * values within their types, names once, references that exist.
 */
#ifndef GATEWAY_CONFIG_CONFIG_VERIFY_H
#define GATEWAY_CONFIG_CONFIG_VERIFY_H

#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/config/config_report.h"

/* ERROR_MALFORMED when something was reported. */
int config_verify(const struct config *config, struct config_report *report)
	MUST_CHECK;

#endif
