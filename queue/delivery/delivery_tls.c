/*
 * The TLS rule of the deliver process: decisions, no I/O.
 */
#include "queue/delivery/delivery_tls.h"

#include <string.h>

int
delivery_tls_context(const struct config *config, struct tls_context **out,
	struct reason *why)
{
	struct text trust = config->tls.trust_pem;

	return tls_context_new_client(trust.len == 0 ? TEXT_EMPTY : trust,
	    out, why);
}

struct delivery_tls_rule {
	bool wants;	/* begin TLS where it can be had */
	bool insists;	/* no mail without it */
	bool verifies;
};

static const struct delivery_tls_rule delivery_tls_rules[] = {
	[CONFIG_DESTINATION_TLS_NONE] = { .wants = false },
	[CONFIG_DESTINATION_TLS_PREFERRED] = { .wants = true },
	[CONFIG_DESTINATION_TLS_REQUIRED] = { .wants = true,
		.insists = true },
	[CONFIG_DESTINATION_TLS_VERIFIED] = { .wants = true,
		.insists = true, .verifies = true },
};

/* A level that this build does not know is the strictest that it knows. */
static const struct delivery_tls_rule *
delivery_tls_rule(uint8_t level)
{
	if (level > CONFIG_DESTINATION_TLS_VERIFIED)
		level = CONFIG_DESTINATION_TLS_VERIFIED;
	return &delivery_tls_rules[level];
}

enum delivery_tls_step
delivery_tls_behind_ehlo(uint8_t level, bool is_offered, bool is_on,
	bool has_failed)
{
	const struct delivery_tls_rule *rule = delivery_tls_rule(level);

	if (is_on)
		return DELIVERY_TLS_GO_ON;
	if (rule->wants && is_offered && !has_failed)
		return DELIVERY_TLS_START;
	return rule->insists ? DELIVERY_TLS_NOT_HERE : DELIVERY_TLS_GO_ON;
}

enum delivery_tls_step
delivery_tls_refused(uint8_t level)
{
	return delivery_tls_rule(level)->insists ? DELIVERY_TLS_NOT_HERE :
	    DELIVERY_TLS_GO_ON;
}

bool
delivery_tls_may_fall_back(uint8_t level)
{
	return !delivery_tls_rule(level)->insists;
}

bool
delivery_tls_is_answer(enum tls_failure failure)
{
	return failure == TLS_FAILURE_ALERT ||
	    failure == TLS_FAILURE_CERTIFICATE;
}

void
delivery_tls_expect(const struct frame_destination *destination,
	const struct delivery_target *target,
	struct delivery_tls_names *names,
	struct tls_expectation *expectation)
{
	size_t i;

	memset(names, 0, sizeof(*names));
	/* An address is no name: neither in SNI nor in a certificate. */
	if (target->is_named)
		names->items[names->count++] = target->host;
	for (i = 0; i < destination->tls_name_count &&
	    names->count < DELIVERY_TLS_NAMES_MAX; i++)
		if (destination->tls_names[i].len > 0)
			names->items[names->count++] =
			    destination->tls_names[i];
	expectation->verify = delivery_tls_rule(destination->tls)->verifies;
	expectation->names = names->items;
	expectation->name_count = names->count;
}
