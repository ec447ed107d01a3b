/*
 * Schema: destinations, smtp_routes, bounce_profiles: where mail goes, how,
 * and what happens when it cannot.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_word tls_words[] = {
	{ "none", CONFIG_DESTINATION_TLS_NONE },
	{ "preferred", CONFIG_DESTINATION_TLS_PREFERRED },
	{ "required", CONFIG_DESTINATION_TLS_REQUIRED },
	{ "verified", CONFIG_DESTINATION_TLS_VERIFIED },
	{ NULL, 0 },
};

static const struct config_row destination_rows[] = {
	{ .name = "domains", .kind = CONFIG_KIND_DOMAIN_PATTERN,
	  CONFIG_LIST_AT(config_destination, domains, domain_count),
	  .is_required = true, .least = 1, .most = 10000,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Recipient domains that the entry is about." },
	{ .name = "tls", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_destination, tls), .words = tls_words,
	  .fallback = "preferred", .effect = CONFIG_EFFECT_LIVE,
	  .help = "TLS of the connection: never, where offered, always, or "
		  "always with name and chain verified." },
	{ .name = "tls_names", .kind = CONFIG_KIND_DOMAIN,
	  CONFIG_LIST_AT(config_destination, tls_names, tls_name_count),
	  .most = 100, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Names that the certificate may show besides the host's "
		  "own, where certificates are verified." },
	{ .name = "concurrency", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_destination, concurrency), .least = 1,
	  .most = 10000, .fallback = "20", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Connections at once to one domain." },
	{ .name = "messages_per_connection", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_destination, messages_per_connection), .least = 1,
	  .most = 100000, .fallback = "100", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Messages sent over one connection before it is closed." },
	{ .name = "bounce_profile", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_destination, bounce_profile),
	  .fallback = "default", .target = CONFIG_TARGET_BOUNCE_PROFILE,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Retry schedule and bounces, one of bounce_profiles." },
};

const struct config_section config_schema_destination = {
	CONFIG_ROWS(destination_rows),
	.shape = &config_destination_shape,
	.help = "Rules for delivery to some domains.",
};

static const struct config_row route_rows[] = {
	{ .name = "domains", .kind = CONFIG_KIND_DOMAIN_PATTERN,
	  CONFIG_LIST_AT(config_route, domains, domain_count),
	  .is_required = true, .least = 1, .most = 10000,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Recipient domains that the entry is about." },
	{ .name = "hosts", .kind = CONFIG_KIND_HOST_PORT,
	  CONFIG_LIST_AT(config_route, hosts, host_count),
	  .is_required = true, .least = 1, .most = 20,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Next hops in order of preference; port 25 where none is "
		  "given." },
};

const struct config_section config_schema_route = {
	CONFIG_ROWS(route_rows),
	.shape = &config_route_shape,
	.help = "Fixed next hops for some domains.",
};

static const struct config_row profile_rows[] = {
	{ .name = "retry_initial", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_bounce_profile, retry_initial_ms), .least = 100,
	  .most = CONFIG_DAY, .fallback = "60 s",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Wait before the second attempt; doubled for each further "
		  "one." },
	{ .name = "retry_max", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_bounce_profile, retry_max_ms), .least = 100,
	  .most = 7 * CONFIG_DAY, .fallback = "1 h",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Longest wait between two attempts." },
	{ .name = "lifetime", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_bounce_profile, lifetime_ms), .least = 100,
	  .most = 30 * CONFIG_DAY, .fallback = "72 h",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Time after which a recipient that could not be reached is "
		  "given up." },
	{ .name = "delay_warning", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_bounce_profile, delay_warning_ms), .least = 0,
	  .most = 30 * CONFIG_DAY, .fallback = "0",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Time after which the sender is told of a delay; 0 sends no "
		  "warnings." },
	{ .name = "send_bounces", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_bounce_profile, send_bounces), .fallback = "true",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether the sender is told of a failure." },
};

const struct config_section config_schema_bounce_profile = {
	CONFIG_ROWS(profile_rows),
	.shape = &config_bounce_profile_shape,
	.is_named = true,
	.help = "How often delivery is tried again, and what the sender is "
		"told.",
};
