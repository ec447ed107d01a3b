/*
 * Schema: directories.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

const struct config_word config_on_failure_words[] = {
	{ "hold", CONFIG_ON_FAILURE_HOLD },
	{ "unknown", CONFIG_ON_FAILURE_UNKNOWN },
	{ NULL, 0 },
};

static const struct config_row query_rows[] = {
	{ .name = "filter", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_directory_query, filter),
	  .fallback = "", .most = CONFIG_DIRECTORY_TEXT_MAX,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Filter (RFC 4515) that finds the entry of a mail address: "
		  "{a} is the address, {u} its local part, {d} its domain." },
	{ .name = "base", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_directory_query, base), .fallback = "",
	  .most = CONFIG_DIRECTORY_TEXT_MAX,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Name (DN) below which is searched; empty for the "
		  "directory's." },
	{ .name = "group", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_directory_query, group), .fallback = "",
	  .most = CONFIG_DIRECTORY_TEXT_MAX,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Filter that finds something where the address is in the "
		  "group {g}; {n} is the name (DN) of the entry that the "
		  "filter above finds, which is searched first then." },
	{ .name = "attribute", .kind = CONFIG_KIND_TEXT,
	  CONFIG_AT(config_directory_query, attribute), .fallback = "",
	  .most = 64, .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Attribute whose values conditions look at." },
};

static const struct config_section query_section = {
	CONFIG_ROWS(query_rows),
	.shape = &config_directory_query_shape,
	.is_named = true,
	.help = "A question to the directory.",
};

static const struct config_row directory_rows[] = {
	{ .name = "servers", .kind = CONFIG_KIND_LDAP_URL,
	  CONFIG_LIST_AT(config_directory, servers, server_count),
	  .is_required = true, .least = 1,
	  .most = CONFIG_DIRECTORY_SERVERS_MAX,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Its servers, such as ldaps://directory.example.com; the "
		  "next is asked where one does not answer; names are "
		  "looked up by the system's resolver when the process "
		  "starts." },
	{ .name = "start_tls", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_directory, start_tls), .fallback = "true",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Whether ldap:// connections must change to TLS before "
		  "anything is said; ldaps:// ones are TLS anyway." },
	{ .name = "trust", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_directory, trust_file), .fallback = "",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "PEM file with the authorities that may vouch for the "
		  "servers; empty for those of tls.trust." },
	{ .name = "bind_dn", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_directory, bind_dn), .fallback = "",
	  .most = CONFIG_DIRECTORY_TEXT_MAX,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Name (DN) by which the gateway binds; empty for an "
		  "anonymous connection." },
	{ .name = "password_file", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_directory, password_file), .fallback = "",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "File whose first line is the password of bind_dn; only "
		  "the inspect processes open it." },
	{ .name = "base", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_directory, base), .fallback = "",
	  .most = CONFIG_DIRECTORY_TEXT_MAX,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Name (DN) below which queries search." },
	{ .name = "timeout", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_directory, timeout_ms), .least = 100,
	  .most = 15 * CONFIG_SECOND, .fallback = "5 s",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Time for one question, all servers together." },
	{ .name = "on_failure", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_directory, on_failure),
	  .words = config_on_failure_words, .fallback = "hold",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "What a message becomes whose filters ask the directory in "
		  "vain: set aside (hold), or judged with conditions about "
		  "it false (unknown)." },
	{ .name = "queries", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config_directory, queries, query_count),
	  .most = CONFIG_DIRECTORY_QUERIES_MAX,
	  .effect = CONFIG_EFFECT_RELOAD, .section = &query_section,
	  .help = "Questions to the directory, by the name that filters "
		  "use: DIRECTORY.QUERY." },
};

const struct config_section config_schema_directory = {
	CONFIG_ROWS(directory_rows),
	.shape = &config_directory_shape,
	.is_named = true,
	.help = "A directory (LDAP) that filters ask.",
};
