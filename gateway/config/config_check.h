/*
 * What must hold between settings.  Pure: no file is read here.
 */
#ifndef GATEWAY_CONFIG_CONFIG_CHECK_H
#define GATEWAY_CONFIG_CONFIG_CHECK_H

#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/config/config_report.h"

/*
 * config_verify() first; where that finds nothing, contradictions, entries
 * that can never match, and an open relay.  ERROR_MALFORMED when something
 * was reported.
 */
int config_check(const struct config *config, struct config_report *report)
	MUST_CHECK;

/* A part of it: sender groups and what they allow (config_check_access.c). */
void config_check_access(const struct config *config,
	struct config_report *report);
/* Another: destinations, routes, bounces (config_check_delivery.c). */
void config_check_delivery(const struct config *config,
	struct config_report *report);
/* Another: encryption, the key service (config_check_protection.c). */
void config_check_protection(const struct config *config,
	struct config_report *report);
/* Another: directories (config_check_directory.c). */
void config_check_directory(const struct config *config,
	struct config_report *report);
/* Another: mail policies (config_check_policy.c). */
void config_check_policy(const struct config *config,
	struct config_report *report);
/* Another: dictionaries (config_check_dictionary.c). */
void config_check_dictionaries(const struct config *config,
	struct config_report *report);

#endif
