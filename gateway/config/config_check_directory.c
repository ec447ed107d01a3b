/*
 * What must hold between settings: directories.
 */
#include "gateway/config/config_check.h"

#include "gateway/config/config_directory_filter.h"
#include "gateway/config/config_syntax.h"

static void
filter_check(struct text filter, const char *places, struct text path,
	struct config_report *report)
{
	struct reason why = { 0 };

	if (!text_is_empty(filter) &&
	    config_directory_filter_check(filter, places, &why) != 0)
		config_report_path(report, path, "%s", why.text);
}

/* RFC 4512 2.5: a name or an object identifier, perhaps with options. */
static bool
is_attribute(struct text t)
{
	size_t i;

	if (text_is_empty(t) || !text_is_alnum(t.data[0]))
		return false;
	for (i = 0; i < t.len; i++)
		if (!text_is_alnum(t.data[i]) && t.data[i] != '-' &&
		    t.data[i] != '.' && t.data[i] != ';' && t.data[i] != '_')
			return false;
	return true;
}

static void
query_check(const struct config_directory_query *query, struct text path,
	struct config_report *report)
{
	bool needs_entry = config_directory_filter_has(query->group, 'n');

	filter_check(query->filter, "aud", config_report_path_of(report,
	    "%.*s.filter", TEXT_ARG(path)), report);
	filter_check(query->group, "audgn", config_report_path_of(report,
	    "%.*s.group", TEXT_ARG(path)), report);
	if (text_is_empty(query->group) && text_is_empty(query->attribute))
		config_report_path(report, path, "asks nothing: it needs a "
		    "group or an attribute");
	if (!text_is_empty(query->group) &&
	    !config_directory_filter_has(query->group, 'g'))
		config_report_path(report, config_report_path_of(report,
		    "%.*s.group", TEXT_ARG(path)), "has no place for the "
		    "name of the group, {g}");
	if (!text_is_empty(query->attribute) &&
	    !is_attribute(query->attribute))
		config_report_path(report, config_report_path_of(report,
		    "%.*s.attribute", TEXT_ARG(path)), "expected the name of "
		    "an attribute, such as department");
	if (text_is_empty(query->filter) && (needs_entry ||
	    !text_is_empty(query->attribute)))
		config_report_path(report, config_report_path_of(report,
		    "%.*s.filter", TEXT_ARG(path)), "missing: nothing finds "
		    "the entry of an address");
}

/* A password goes through TLS, or to this machine. */
static bool
is_private(const struct config_directory *directory, struct text url)
{
	struct config_directory_server server;
	struct config_network network;

	if (config_directory_server_parse(url, &server) != 0)
		return true;
	return server.is_tls || directory->start_tls || (server.is_literal &&
	    config_network_parse(server.host, &network) == 0 &&
	    config_network_is_loopback(&network));
}

static void
bind_check(const struct config_directory *directory, struct text path,
	struct config_report *report)
{
	bool has_name = !text_is_empty(directory->bind_dn);
	size_t i;

	/* RFC 4513 5.1.2: without a password, anybody may be anybody. */
	if (has_name == text_is_empty(directory->password_file))
		config_report_path(report, config_report_path_of(report,
		    "%.*s.password_file", TEXT_ARG(path)), has_name ?
		    "missing: bind_dn needs a password" :
		    "has no effect without bind_dn");
	for (i = 0; has_name && i < directory->server_count; i++)
		if (!is_private(directory, directory->servers[i]))
			config_report_path(report,
			    config_report_path_of(report, "%.*s.servers[%zu]",
			    TEXT_ARG(path), i + 1), "the password of bind_dn "
			    "would go there in the clear: use ldaps://, or "
			    "start_tls");
}

/* Whoever is verified must be vouched for by somebody. */
static void
trust_check(const struct config *config,
	const struct config_directory *directory, struct text path,
	struct config_report *report)
{
	struct config_directory_server server;
	bool needs = false;
	size_t i;

	for (i = 0; i < directory->server_count; i++)
		needs = needs || directory->start_tls ||
		    (config_directory_server_parse(directory->servers[i],
		    &server) == 0 && server.is_tls);
	if (needs && text_is_empty(directory->trust_file) &&
	    !config->tls.trust_system && config->tls.trust_file_count == 0)
		config_report_path(report, config_report_path_of(report,
		    "%.*s.trust", TEXT_ARG(path)), "missing: no authority is "
		    "trusted that could vouch for its servers");
}

void
config_check_directory(const struct config *config,
	struct config_report *report)
{
	size_t i, j;

	for (i = 0; i < config->directory_count; i++) {
		const struct config_directory *directory =
		    &config->directories[i];
		struct text path = config_report_path_of(report,
		    "directories.%.*s", TEXT_ARG(directory->name));

		bind_check(directory, path, report);
		trust_check(config, directory, path, report);
		for (j = 0; j < directory->query_count; j++)
			query_check(&directory->queries[j],
			    config_report_path_of(report, "%.*s.queries.%.*s",
			    TEXT_ARG(path),
			    TEXT_ARG(directory->queries[j].name)), report);
	}
}
