/*
 * How the arguments of calls are checked: one function for each kind.
 */
#ifndef POLICY_FILTER_CALL_PRIVATE_H
#define POLICY_FILTER_CALL_PRIVATE_H

#include "policy/filter_call.h"

/* 0, or ERROR_MALFORMED with the binder's mistake. */
typedef int (*filter_call_bind_function)(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);

/* Where mail goes and whom it comes from (filter_call_route.c). */
int filter_call_address(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);
int filter_call_addressees(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);
int filter_call_sender(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);
int filter_call_next_hop(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);
int filter_call_bounce_profile(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);
int filter_call_template(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);

#endif
