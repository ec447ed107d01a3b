/*
 * The list of all top-level settings, and the names that are kept for
 * subsystems to come.
 */
#include "gateway/config/config_schema.h"

static const struct config_row rows[] = {
	{ .name = "hostname", .kind = CONFIG_KIND_HOSTNAME,
	  CONFIG_AT(config, hostname), .is_required = true,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Name of this gateway in greetings, EHLO, trace headers and "
		  "bounces." },
	{ .name = "listeners", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config, listeners, listener_count),
	  .is_required = true, .least = 1, .most = 64,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .section = &config_schema_listener,
	  .help = "Sockets on which mail is received, by name." },
	{ .name = "sender_groups", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config, sender_groups, sender_group_count),
	  .is_required = true, .least = 1, .most = 1000,
	  .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_sender_group,
	  .help = "Clients by address; the first group that matches decides, "
		  "a client without one is refused." },
	{ .name = "mail_flow_policies", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config, flow_policies, flow_policy_count),
	  .is_required = true, .least = 1, .most = 200,
	  .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_flow_policy,
	  .help = "What the clients of a sender group may do, by name." },
	{ .name = "recipient_access", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config, recipient_access, recipient_access_count),
	  .most = 1000, .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_recipient_access,
	  .help = "Recipients for which mail is accepted; the first entry "
		  "that matches decides, none refuses." },
	{ .name = "destinations", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config, destinations, destination_count),
	  .most = 5000, .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_destination,
	  .help = "Rules for delivery by domain; the first entry that matches "
		  "decides; an entry for all is added where none is given." },
	{ .name = "smtp_routes", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(config, routes, route_count), .most = 5000,
	  .effect = CONFIG_EFFECT_LIVE, .section = &config_schema_route,
	  .help = "Fixed next hops by domain; where none matches the MX "
		  "records are followed." },
	{ .name = "bounce_profiles", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config, bounce_profiles, bounce_profile_count),
	  .most = 100, .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_bounce_profile,
	  .help = "Retry schedules and bounces, by name; the profile "
		  "\"default\" always exists." },
	{ .name = "message_filters", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config, message_filters_file), .fallback = "",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "File with the message filters, in the language of "
		  "postern-filters(5); empty for none." },
	{ .name = "mail_policies", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, mail_policies), .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_mail_policies,
	  .help = "Which recipients' mail is judged by which content "
		  "filters." },
	{ .name = "content_filters", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, content_filters), .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_content_filters,
	  .help = "Which messages are protected, changed, held or refused." },
	{ .name = "dictionaries", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config, dictionaries, dictionary_count),
	  .most = CONFIG_DICTIONARIES_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_dictionary,
	  .help = "Weighted terms that filters look for, by name." },
	{ .name = "quarantines", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config, quarantines, quarantine_count),
	  .most = 100, .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_quarantine,
	  .help = "Places where filters hold messages, by name." },
	{ .name = "directories", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config, directories, directory_count),
	  .most = CONFIG_DIRECTORIES_MAX, .effect = CONFIG_EFFECT_RELOAD,
	  .section = &config_schema_directory,
	  .help = "Directories (LDAP) that filters ask, by name." },
	{ .name = "text_resources", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config, text_resources, text_resource_count),
	  .most = CONFIG_TEXT_RESOURCES_MAX, .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_text_resource,
	  .help = "Texts that filters put into mail, by name." },
	{ .name = "encryption", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, encryption), .effect = CONFIG_EFFECT_RELOAD,
	  .section = &config_schema_encryption,
	  .help = "Encrypted envelopes." },
	{ .name = "key_service", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, key_service), .effect = CONFIG_EFFECT_RESTART,
	  .section = &config_schema_key_service,
	  .help = "The key service that this machine runs." },
	{ .name = "tls", .kind = CONFIG_KIND_SECTION, CONFIG_AT(config, tls),
	  .effect = CONFIG_EFFECT_RELOAD, .section = &config_schema_tls,
	  .help = "Certificates of this gateway and authorities that it "
		  "trusts." },
	{ .name = "dns", .kind = CONFIG_KIND_SECTION, CONFIG_AT(config, dns),
	  .effect = CONFIG_EFFECT_RELOAD, .section = &config_schema_dns,
	  .help = "How names are resolved." },
	{ .name = "processes", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, processes), .effect = CONFIG_EFFECT_RESTART,
	  .section = &config_schema_processes,
	  .help = "Number, users and folders of the processes." },
	{ .name = "logs", .kind = CONFIG_KIND_SECTION, CONFIG_AT(config, logs),
	  .effect = CONFIG_EFFECT_RELOAD, .section = &config_schema_logs,
	  .help = "Where events are written." },
	{ .name = "limits", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, limits), .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_limits,
	  .help = "Limits of size, number and time for the whole gateway." },
	{ .name = "management", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, management), .effect = CONFIG_EFFECT_RESTART,
	  .section = &config_schema_management,
	  .help = "How the gateway is managed." },
	{ .name = "retention", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config, retention), .effect = CONFIG_EFFECT_LIVE,
	  .section = &config_schema_retention,
	  .help = "How long records are kept." },
};

const struct config_section config_schema = {
	CONFIG_ROWS(rows),
	.shape = &config_shape,
	.help = "The top level of the file.",
};

static const struct {
	const char *name;
	const char *needs;
} kept_names[] = {
	{ "dlp", "data loss prevention" },
	{ "smime", "S/MIME" },
	{ "scanners", "virus and spam scanners" },
	{ "dkim", "DKIM signing" },
	{ "users", "administrators' accounts" },
	{ "roles", "administrators' accounts" },
	{ "alerts", "alerts" },
	{ "monitoring", "monitoring" },
};

const struct config_row *
config_section_find(const struct config_section *section, struct text name)
{
	size_t i;

	for (i = 0; i < section->count; i++)
		if (text_equal(text_from(section->rows[i].name), name))
			return &section->rows[i];
	return NULL;
}

const char *
config_schema_needs(struct text name)
{
	size_t i;

	for (i = 0; i < sizeof(kept_names) / sizeof(kept_names[0]); i++)
		if (text_equal(text_from(kept_names[i].name), name))
			return kept_names[i].needs;
	return NULL;
}
