/*
 * What must hold between settings: destinations, routes, bounce profiles.
 */
#include "gateway/config/config_check.h"

#include "gateway/config/config_files.h"

static bool
has_all(const struct text *domains, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equal(domains[i], TEXT("all")))
			return true;
	return false;
}

static void
unreachable(const char *list, size_t at, struct config_report *report)
{
	config_report_path(report, config_report_path_of(report, "%s[%zu]",
	    list, at), "can never match: an entry before it is about all "
	    "domains");
}

static void
destination_check(const struct config *config, size_t at,
	struct config_report *report)
{
	const struct config_destination *one = &config->destinations[at];
	bool verified = one->tls == CONFIG_DESTINATION_TLS_VERIFIED;

	if (verified && text_is_empty(config->tls.trust_pem))
		config_report_path(report, config_report_path_of(report,
		    "destinations[%zu].tls", at + 1), "verified, but no "
		    "authority is trusted: name one in tls.trust.files, or "
		    "set tls.trust.system and install "
		    CONFIG_FILES_SYSTEM_TRUST);
	/* A profile's tls_verified may ask for more than "preferred". */
	if (!verified && one->tls != CONFIG_DESTINATION_TLS_PREFERRED &&
	    one->tls_name_count > 0)
		config_report_path(report, config_report_path_of(report,
		    "destinations[%zu].tls_names", at + 1),
		    "have no effect unless tls is verified or preferred");
}

static void
destinations_check(const struct config *config, struct config_report *report)
{
	bool all = false;
	size_t i;

	for (i = 0; i < config->destination_count; i++) {
		const struct config_destination *one =
		    &config->destinations[i];

		if (all)
			unreachable("destinations", i + 1, report);
		destination_check(config, i, report);
		all = all || has_all(one->domains, one->domain_count);
	}
}

static void
routes_check(const struct config *config, struct config_report *report)
{
	bool all = false;
	size_t i;

	for (i = 0; i < config->route_count; i++) {
		if (all)
			unreachable("smtp_routes", i + 1, report);
		all = all || has_all(config->routes[i].domains,
		    config->routes[i].domain_count);
	}
}

static void
profile_check(const struct config_bounce_profile *profile,
	struct config_report *report)
{
	struct text path = config_report_path_of(report,
	    "bounce_profiles.%.*s", TEXT_ARG(profile->name));

	if (profile->retry_initial_ms > profile->retry_max_ms)
		config_report_path(report, config_report_path_of(report,
		    "%.*s.retry_initial", TEXT_ARG(path)),
		    "longer than retry_max");
	if (profile->retry_max_ms > profile->lifetime_ms)
		config_report_path(report, config_report_path_of(report,
		    "%.*s.retry_max", TEXT_ARG(path)),
		    "longer than lifetime");
	if (profile->delay_warning_ms >= profile->lifetime_ms)
		config_report_path(report, config_report_path_of(report,
		    "%.*s.delay_warning", TEXT_ARG(path)),
		    "not before the end of lifetime");
}

void
config_check_delivery(const struct config *config,
	struct config_report *report)
{
	size_t i;

	destinations_check(config, report);
	routes_check(config, report);
	for (i = 0; i < config->bounce_profile_count; i++)
		profile_check(&config->bounce_profiles[i], report);
}
