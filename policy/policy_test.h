/*
 * Running the operator's policy tests: each case through the configuration,
 * and what came out beside what must.
 */
#ifndef POLICY_POLICY_TEST_H
#define POLICY_POLICY_TEST_H

#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/config/config_report.h"
#include "policy/filter_set.h"
#include "policy/policy_case.h"

/*
 * Run one case.  What differs is appended to words, a line each.
 * ERROR_MISMATCH where something does, ERROR_MALFORMED where the case cannot
 * be run (the words say why).
 */
int policy_test_run(const struct config *config, const struct filter_set *set,
	const struct policy_case *one, struct buffer *words) MUST_CHECK;

/*
 * All that must hold of the policy of a configuration: its filters, and the
 * tests that management.policy_tests names.  For config_load_set_check().
 */
int policy_test_check(const struct config *config,
	struct config_report *report) MUST_CHECK;

#endif
